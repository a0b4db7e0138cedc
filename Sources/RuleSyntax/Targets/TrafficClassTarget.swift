import NetlinkProto

/// The byte that tells how a packet is to be served: IPv4's TOS, IPv6's traffic class.
///
/// Its upper six bits are the DSCP, the lower two ECN (RFC 2474, RFC 3168).
enum TrafficClass {
    /// The bits of the byte that are the DSCP.
    static let dscpBits: UInt8 = 0xFC

    /// The change that clears the bits of `mask` and turns over those of `value`.
    ///
    /// IPv4 keeps a sum over its header, which the kernel mends; in IPv6 the byte straddles two.
    static func change(value: UInt8, mask: UInt8, _ network: Family) -> [Expression] {
        let isIP6 = network == .ip6
        let shift: UInt16 = isIP6 ? 4 : 0
        return [
            Selector.payload(.network, offset: 0, length: 2).load(into: .r1),
            .bitwise(
                BitwiseExpression(
                    source: .r1, destination: .r1, operation: .boolean, length: 2,
                    mask: (~(UInt16(mask) << shift)).networkBytes,
                    xor: (UInt16(value) << shift).networkBytes)),
            .payload(
                PayloadExpression(
                    source: .r1, base: .network, offset: 0, length: 2,
                    checksumType: isIP6 ? 0 : 1, checksumOffset: isIP6 ? 0 : 10)),
        ]
    }

    /// The value and mask of such a change.
    static func parts(
        _ expressions: ArraySlice<Expression>, _ network: Family?
    ) -> (value: UInt8, mask: UInt8)? {
        guard let network, expressions.count == 3,
            case .bitwise(let bitwise) = expressions[expressions.startIndex + 1],
            let mask = bitwise.mask, let xor = bitwise.xor, mask.count == 2, xor.count == 2
        else { return nil }
        let shift: UInt16 = network == .ip6 ? 4 : 0
        let found = (
            value: UInt8(truncatingIfNeeded: UInt16(networkBytes: xor) >> shift),
            mask: UInt8(truncatingIfNeeded: ~UInt16(networkBytes: mask) >> shift)
        )
        let again = change(value: found.value, mask: found.mask, network)
        return Array(expressions) == again ? found : nil
    }

    /// The family that a rule is about, which a target on the header's byte must know.
    static func network(
        _ builder: RuleBuilder, _ name: String, at index: Int
    ) throws(RuleSyntaxError) -> Family {
        guard let network = builder.network else {
            throw RuleSyntaxError(
                "\(name) must know whether the packet is IPv4 or IPv6", at: index,
                hint: "add -4 or -6")
        }
        return network
    }

    /// `0x0a`, as iptables prints these numbers.
    static func text(_ number: UInt8) -> String { "0x" + HexBytes.text([number]) }
}

/// The names of DSCP values.
///
/// - Source: RFC 2474, RFC 2597, RFC 3246.
enum DSCPName {
    private static let names: [String: UInt8] = {
        var names: [String: UInt8] = ["BE": 0, "EF": 46]
        for selector in 0..<8 { names["CS\(selector)"] = UInt8(selector) << 3 }
        for group in 1...4 {
            for precedence in 1...3 {
                names["AF\(group)\(precedence)"] = UInt8(group) << 3 | UInt8(precedence) << 1
            }
        }
        return names
    }()

    static func parse(_ word: Word) throws(RuleSyntaxError) -> UInt8 {
        if let value = names[word.text.uppercased()] { return value }
        let near = Suggestion.nearest(to: word.text.uppercased(), among: names.keys.sorted())
        throw RuleSyntaxError(
            "“\(word.text)” is not a class of DSCP", at: word.index,
            hint: near.map { "did you mean \($0)?" } ?? "such as AF11, CS1 or EF")
    }

    static func number(_ word: Word) throws(RuleSyntaxError) -> UInt8 {
        UInt8(
            truncatingIfNeeded: try Number.parse(
                word.text, "a DSCP", limit: 63, at: word.index))
    }
}

/// `-j DSCP`: sets the DSCP.
struct DSCPTarget: TargetExtension {
    var name: String { "DSCP" }
    var summary: String { "Set the packet's DSCP; it goes on to the next rule" }
    var options: [OptionSpecification] {
        [
            OptionSpecification("--set-dscp", values: ["NUMBER"]),
            OptionSpecification("--set-dscp-class", values: ["CLASS"]),
        ]
    }

    func compile(
        _ target: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) -> [Expression] {
        guard let option = target.options.first, target.options.count == 1 else {
            throw RuleSyntaxError(
                "DSCP takes one of --set-dscp and --set-dscp-class", at: target.index)
        }
        let value =
            option.name == "--set-dscp"
            ? try DSCPName.number(option.value) : try DSCPName.parse(option.value)
        let network = try TrafficClass.network(builder, name, at: target.index)
        return TrafficClass.change(value: value << 2, mask: TrafficClass.dscpBits, network)
    }

    func claim(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]? {
        guard let change = TrafficClass.parts(expressions, state.network),
            change.mask == TrafficClass.dscpBits, change.value & 3 == 0
        else { return nil }
        return ["--set-dscp", TrafficClass.text(change.value >> 2)]
    }
}

/// `-j TOS`: changes the whole byte.
struct TOSTarget: TargetExtension {
    var name: String { "TOS" }
    var summary: String { "Change TOS or traffic class; the packet goes on to the next rule" }
    var options: [OptionSpecification] {
        [
            OptionSpecification("--set-tos", values: ["VALUE[/MASK]"]),
            OptionSpecification("--and-tos", values: ["BITS"]),
            OptionSpecification("--or-tos", values: ["BITS"]),
            OptionSpecification("--xor-tos", values: ["BITS"]),
        ]
    }

    func compile(
        _ target: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) -> [Expression] {
        guard let option = target.options.first, target.options.count == 1 else {
            throw RuleSyntaxError(
                "TOS takes one of --set-tos, --and-tos, --or-tos, --xor-tos", at: target.index)
        }
        let network = try TrafficClass.network(builder, name, at: target.index)
        let given = try TOSValue.parse(option.value, namedMask: 0x3F)
        switch option.name {
        case "--set-tos":
            return TrafficClass.change(value: given.value, mask: given.mask, network)
        case "--and-tos": return TrafficClass.change(value: 0, mask: ~given.value, network)
        case "--or-tos":
            return TrafficClass.change(value: given.value, mask: given.value, network)
        default: return TrafficClass.change(value: given.value, mask: 0, network)
        }
    }

    func claim(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]? {
        guard let change = TrafficClass.parts(expressions, state.network) else { return nil }
        let text = TrafficClass.text(change.value) + "/" + TrafficClass.text(change.mask)
        return ["--set-tos", text]
    }
}

/// A TOS and the bits of it that count.
enum TOSValue {
    /// - Source: linux `include/uapi/linux/ip.h`, `IPTOS_*`.
    private static let names: [String: UInt8] = [
        "minimize-delay": 0x10, "maximize-throughput": 0x08, "maximize-reliability": 0x04,
        "minimize-cost": 0x02, "normal-service": 0x00,
    ]

    /// Reads `VALUE`, `VALUE/MASK` or a name, which has a mask of its own.
    static func parse(
        _ word: Word, namedMask: UInt8
    ) throws(RuleSyntaxError) -> (value: UInt8, mask: UInt8) {
        if let named = names[word.text.lowercased()] { return (named, namedMask) }
        let parts = word.text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let value = try number(parts[0], "a TOS", word.index)
        guard parts.count == 2 else { return (value, 0xFF) }
        return (value, try number(parts[1], "a mask", word.index))
    }

    private static func number(
        _ text: Substring, _ what: String, _ index: Int
    ) throws(RuleSyntaxError) -> UInt8 {
        UInt8(truncatingIfNeeded: try Number.parse(text, what, limit: 255, at: index))
    }
}
