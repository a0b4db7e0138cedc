import NetlinkProto

/// The addresses and ports that a connection is rewritten to.
struct NATRange: Hashable, Sendable {
    var lower: Address?
    var upper: Address?
    var ports: PortRange?
    /// Whether the addresses are a network that is put in the place of another, each host keeping its own part.
    var isPrefix = false

    /// Reads `ADDRESS[-ADDRESS][:PORT[-PORT]]`, `ADDRESS/PREFIX` or `:PORT[-PORT]`; with ports, IPv6 addresses stand in brackets.
    static func parse(_ word: Word) throws(RuleSyntaxError) -> NATRange {
        var range = NATRange()
        let (addresses, ports) = split(word.text)
        if let ports { range.ports = try port(ports, at: word.index) }
        guard let addresses else { return range }
        let bare = addresses.filter { $0 != "[" && $0 != "]" }
        if bare.contains("/") {
            try range.readPrefix(bare, at: word.index)
            return range
        }
        let (lower, upper) = try AddressRangeMatch.parse(bare[...], at: word.index)
        range.lower = lower
        range.upper = lower == upper ? nil : upper
        return range
    }

    private mutating func readPrefix(_ text: String, at index: Int) throws(RuleSyntaxError) {
        let network = try AddressMask.parse(text, at: index)
        guard network.prefix != nil else {
            throw RuleSyntaxError("a mask with holes is no network to rewrite to", at: index)
        }
        guard ports == nil else {
            throw RuleSyntaxError("a network to rewrite to has no ports", at: index)
        }
        lower = network.address
        upper = network.isHost ? nil : Address(network.last)
        isPrefix = !network.isHost
    }

    /// Reads `PORT[-PORT]`.
    static func port(_ text: Substring, at index: Int) throws(RuleSyntaxError) -> PortRange {
        let range = try PortRange.parse(text, separator: "-", at: index)
        guard range.lower > 0 else {
            throw RuleSyntaxError("port 0 cannot be rewritten to", at: index)
        }
        return range
    }

    private static func split(_ text: String) -> (addresses: String?, ports: Substring?) {
        if text.hasPrefix("[") {
            guard let close = text.lastIndex(of: "]") else { return (text, nil) }
            let rest = text[text.index(after: close)...]
            return (String(text[...close]), rest.hasPrefix(":") ? rest.dropFirst() : nil)
        }
        guard text.count(where: { $0 == ":" }) == 1, let colon = text.firstIndex(of: ":") else {
            return (text, nil)
        }
        let addresses = text[..<colon]
        return (addresses.isEmpty ? nil : String(addresses), text[text.index(after: colon)...])
    }

    /// The text that ``parse(_:)`` reads.
    var text: String {
        var text = lower?.text ?? ""
        if isPrefix {
            guard let lower, let upper,
                let network = AddressMask.covering(lower.bytes, upper.bytes).first,
                network.last == upper.bytes, ports == nil
            else { return "" }
            return network.text
        }
        if let upper { text += "-" + upper.text }
        guard let ports else { return text }
        if lower?.family == .ip6 { text = "[\(text)]" }
        return text + ":" + ports.text(separator: "-")
    }
}

/// `--random` and its like.
enum NATFlags {
    /// `NF_NAT_RANGE_PROTO_SPECIFIED`: there are ports.
    static let ports: UInt32 = 2
    /// `NF_NAT_RANGE_MAP_IPS`: there are addresses; the kernel sets it by itself.
    static let addresses: UInt32 = 1

    /// `NF_NAT_RANGE_NETMAP`: the addresses are a network.
    static let prefix: UInt32 = 64

    private static let names: [(UInt32, String)] = [
        (4, "--random"), (16, "--random-fully"), (8, "--persistent"),
    ]

    static let options = names.map { OptionSpecification($0.1) }

    static func compile(_ target: ParsedExtension) -> UInt32 {
        names.reduce(0) { target[$1.1] == nil ? $0 : $0 | $1.0 }
    }

    /// The options for the flags; nil if there is none for one of them.
    static func words(_ flags: UInt32) -> [String]? {
        let known = names.reduce(ports | addresses) { $0 | $1.0 }
        guard flags & ~known == 0 else { return nil }
        return names.filter { flags & $0.0 != 0 }.map(\.1)
    }
}

/// Hands out registers for what a rewriting expression needs.
struct NATRegisters {
    private(set) var loads: [Expression] = []

    /// Loads bytes into the next register.
    mutating func load(_ bytes: [UInt8]) -> Register {
        let register = Register(UInt32(loads.count + 1))
        loads.append(.load(bytes, into: register))
        return register
    }

    /// Loads the first port, and the last if there are several.
    mutating func load(_ ports: PortRange?) -> (min: Register?, max: Register?) {
        guard let ports else { return (nil, nil) }
        let min = load(ports.lower.networkBytes)
        return (min, ports.isSingle ? nil : load(ports.upper.networkBytes))
    }

    /// What immediates put into registers; nil if anything else is among the expressions.
    static func values(_ expressions: ArraySlice<Expression>) -> [Register: [UInt8]]? {
        var values: [Register: [UInt8]] = [:]
        for expression in expressions {
            guard case .immediate(let immediate) = expression,
                case .value(let bytes) = immediate.data
            else { return nil }
            values[immediate.destination] = bytes
        }
        return values
    }

    /// The ports in two registers.
    static func ports(
        _ values: [Register: [UInt8]], _ min: Register?, _ max: Register?
    ) -> PortRange? {
        guard let min, let lower = values[min], lower.count == 2 else { return nil }
        guard let upper = values[max ?? min], upper.count == 2 else { return nil }
        return PortRange(
            lower: UInt16(networkBytes: lower), upper: UInt16(networkBytes: upper))
    }
}

/// What NAT targets ask of the place that they stand in.
enum NATPlace {
    /// Ports can be rewritten only where the protocol has some.
    static func requirePorts(
        _ builder: RuleBuilder, at index: Int
    ) throws(RuleSyntaxError) {
        guard let transport = builder.transport, [6, 17, 33, 132, 136].contains(transport) else {
            throw RuleSyntaxError(
                "ports need a protocol that has them", at: index, hint: "add -p tcp or -p udp")
        }
    }

    /// NAT works in nat chains, and each target in some of the hooks.
    static func check(
        _ name: String, _ hooks: [String], _ context: RuleContext, at index: Int
    ) throws(RuleSyntaxError) {
        if let type = context.chainType, type != "nat" {
            throw RuleSyntaxError(
                "\(name) works in chains of type nat; this one is of type \(type)", at: index)
        }
        guard let hook = context.hook, let hookName = HookName.name(hook, family: context.family),
            !hooks.contains(hookName)
        else { return }
        throw RuleSyntaxError(
            "\(name) works in the hooks \(hooks.joined(separator: " and ")), not in \(hookName)",
            at: index)
    }
}
