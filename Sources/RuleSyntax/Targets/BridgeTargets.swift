import NetlinkProto

/// What becomes of a frame that one of ebtables' targets has changed.
enum AfterTarget {
    private static let names: [(String, Verdict?)] = [
        ("ACCEPT", .accept), ("DROP", .drop), ("CONTINUE", nil), ("RETURN", .return),
    ]

    /// The expressions for `option`, or those for ACCEPT, which is what ebtables and arptables do.
    static func expressions(
        _ option: ParsedOption?
    ) throws(RuleSyntaxError) -> [Expression] {
        guard let option else { return [.verdict(.accept)] }
        guard let known = names.first(where: { $0.0 == option.value.text }) else {
            throw RuleSyntaxError(
                "“\(option.value.text)” cannot follow", at: option.value.index,
                hint: "there are: " + names.map(\.0).joined(separator: ", "))
        }
        return known.1.map { [.verdict($0)] } ?? []
    }

    /// Takes the verdict, if there is one, off the end: its name.
    static func name(of expressions: inout ArraySlice<Expression>) -> String {
        for case (let name, let verdict?) in names where expressions.last == .verdict(verdict) {
            expressions.removeLast()
            return name
        }
        return "CONTINUE"
    }

    static func option(_ name: String) -> OptionSpecification {
        OptionSpecification(name, values: ["ACCEPT|DROP|CONTINUE|RETURN"])
    }
}

/// `-j mark`: ebtables' MARK, which accepts the frame unless told otherwise.
struct BridgeMarkTarget: TargetExtension {
    var name: String { "mark" }
    var summary: String { "Set the frame's mark, then ACCEPT unless told otherwise" }
    var options: [OptionSpecification] {
        BridgeMarkTarget.names.map { OptionSpecification($0.ours, values: ["BITS"]) }
            + [AfterTarget.option("--mark-target")]
    }

    private static let names = [
        (ours: "--mark-set", plain: "--set-xmark"), (ours: "--mark-or", plain: "--or-mark"),
        (ours: "--mark-and", plain: "--and-mark"), (ours: "--mark-xor", plain: "--xor-mark"),
    ]
    private static let set = Expression.meta(MetaExpression(key: .mark, source: .r1))

    func compile(
        _ target: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) -> [Expression] {
        let given = target.options.filter { $0.name != "--mark-target" }
        guard var option = given.first, given.count == 1,
            let names = BridgeMarkTarget.names.first(where: { $0.ours == option.name })
        else {
            throw RuleSyntaxError(
                "mark takes one of --mark-set, --mark-or, --mark-and, --mark-xor",
                at: target.index)
        }
        option.name = names.plain
        return try MarkChange.parse(option).expressions(old: .meta(.mark))
            + [BridgeMarkTarget.set] + AfterTarget.expressions(target["--mark-target"])
    }

    func claim(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]? {
        var rest = expressions
        let next = AfterTarget.name(of: &rest)
        guard rest.last == BridgeMarkTarget.set,
            let change = MarkChange(rest.dropLast(), old: .meta(.mark)),
            let words = words(change)
        else { return nil }
        return words + ["--mark-target", next]
    }

    private func words(_ change: MarkChange) -> [String]? {
        let value = Number.hexadecimal(change.value)
        if change.mask == .max { return ["--mark-set", value] }
        if change.mask == change.value { return ["--mark-or", value] }
        if change.value == 0 { return ["--mark-and", Number.hexadecimal(~change.mask)] }
        return change.mask == 0 ? ["--mark-xor", value] : nil
    }
}

/// `-j snat` and `-j dnat` in bridge tables: other Ethernet addresses.
struct HardwareNATTarget: TargetExtension {
    private let direction: Direction

    init(_ direction: Direction) { self.direction = direction }

    var name: String { direction == .source ? "snat" : "dnat" }
    var summary: String {
        "Rewrite the frame's \(direction == .source ? "source" : "destination"), then ACCEPT "
            + "unless told otherwise"
    }
    private var to: String { direction == .source ? "--to-source" : "--to-destination" }
    private var after: String { "--\(name)-target" }
    var options: [OptionSpecification] {
        var option = OptionSpecification(to, values: ["XX:XX:XX:XX:XX:XX"])
        option.names.append(direction == .source ? "--to-src" : "--to-dst")
        return [option, AfterTarget.option(after)]
    }

    private func rewrite() -> Expression {
        .payload(
            PayloadExpression(
                source: .r1, base: .link, offset: direction == .source ? 6 : 0, length: 6))
    }

    func compile(
        _ target: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) -> [Expression] {
        guard let option = target[to] else {
            throw RuleSyntaxError("\(name) needs \(to) ADDRESS", at: target.index)
        }
        let address = try HardwareAddress.parse(option.value)
        return [.load(address, into: .r1), rewrite()]
            + (try AfterTarget.expressions(target[after]))
    }

    func claim(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]? {
        var rest = expressions
        let next = AfterTarget.name(of: &rest)
        guard rest.count == 2, rest.last == rewrite(), case .immediate(let load)? = rest.first,
            load.destination == .r1, case .value(let bytes) = load.data, bytes.count == 6
        else { return nil }
        return [to, HardwareAddress.text(bytes), after, next]
    }
}

/// `-j redirect` in bridge tables: the frame is taken for one to this machine.
struct BridgeRedirectTarget: TargetExtension {
    var name: String { "redirect" }
    var summary: String {
        "Take the frame for one to this machine, then ACCEPT unless told otherwise"
    }
    var options: [OptionSpecification] { [AfterTarget.option("--redirect-target")] }

    /// `PACKET_HOST` of linux `include/uapi/linux/if_packet.h`.
    private static let expressions: [Expression] = [
        .load([0], into: .r1), .meta(MetaExpression(key: .packetType, source: .r1)),
    ]

    func compile(
        _ target: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) -> [Expression] {
        BridgeRedirectTarget.expressions
            + (try AfterTarget.expressions(target["--redirect-target"]))
    }

    func claim(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]? {
        var rest = expressions
        let next = AfterTarget.name(of: &rest)
        return Array(rest) == BridgeRedirectTarget.expressions
            ? ["--redirect-target", next] : nil
    }
}

/// `-j arpreply`: answers an ARP request in the name of its target; through the kernel's xt target, for nf_tables has no
/// expression that answers.
///
/// - Shape: hardware address (6), padding (2), verdict (4, host order), padding (4).
/// - Source: linux `include/uapi/linux/netfilter_bridge/ebt_arpreply.h`, `ebtables.h`, `EBT_ACCEPT` and so on.
struct ARPReplyTarget: TargetExtension {
    var name: String { "arpreply" }
    var summary: String {
        "Answer an ARP request with this address, then DROP it unless told otherwise; in nat prerouting"
    }
    var options: [OptionSpecification] {
        [
            OptionSpecification("--arpreply-mac", values: ["XX:XX:XX:XX:XX:XX"]),
            AfterTarget.option("--arpreply-target"),
        ]
    }

    private static let verdicts: [(name: String, number: Int32)] = [
        ("ACCEPT", -1), ("DROP", -2), ("CONTINUE", -3), ("RETURN", -4),
    ]

    func compile(
        _ target: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) -> [Expression] {
        guard builder.etherType == EtherType.arp else {
            throw RuleSyntaxError(
                "arpreply answers ARP requests only", at: target.index, hint: "add -p ARP")
        }
        let address = try target["--arpreply-mac"].map { option throws(RuleSyntaxError) in
            try HardwareAddress.parse(option.value)
        }
        var next = Int32(-2)
        if let option = target["--arpreply-target"] {
            let known = ARPReplyTarget.verdicts.first { $0.name == option.value.text }
            guard let known else {
                throw RuleSyntaxError(
                    "“\(option.value.text)” cannot follow", at: option.value.index,
                    hint: "there are: ACCEPT, DROP, CONTINUE, RETURN")
            }
            next = known.number
        }
        let info =
            (address ?? [0, 0, 0, 0, 0, 0]) + [0, 0]
            + UInt32(bitPattern: next).hostBytes + [0, 0, 0, 0]
        return [
            .compatTarget(CompatTargetExpression(name: "arpreply", revision: 0, info: info))
        ]
    }

    func claim(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]? {
        guard expressions.count == 1, case .compatTarget(let target)? = expressions.first,
            target.name == "arpreply", target.revision == 0, target.info.count == 16
        else { return nil }
        let number = Int32(bitPattern: UInt32(hostBytes: Array(target.info[8..<12])))
        guard let next = ARPReplyTarget.verdicts.first(where: { $0.number == number }) else {
            return nil
        }
        return [
            "--arpreply-mac", HardwareAddress.text(Array(target.info[..<6])),
            "--arpreply-target", next.name,
        ]
    }
}

/// `-j CONTINUE`: the frame goes on to the next rule, as if there were no target.
struct ContinueTarget: TargetExtension {
    var name: String { "CONTINUE" }
    var summary: String { "Go on to the next rule, as without a target" }

    func compile(
        _ target: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) -> [Expression] { [] }

    func claim(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]? { nil }
}
