import NetlinkProto

/// `--sport` and `--dport`, which several protocols have.
enum PortOptions {
    static let options = [
        OptionSpecification(
            "--sport", "--source-port", values: ["PORT[:PORT]"], isNegatable: true),
        OptionSpecification(
            "--dport", "--destination-port", values: ["PORT[:PORT]"], isNegatable: true),
    ]

    /// The conditions for both options, in the order in which the fields stand in the header.
    static func compile(
        _ match: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        let given = match.options.filter { $0.name == "--sport" || $0.name == "--dport" }
        if let joined = try joined(match) { return builder.append(joined) }
        for option in builder.keepsOrder ? given : given.sorted(by: { $0.name > $1.name }) {
            let range = try PortRange.parse(option.value.text[...], at: option.value.index)
            let direction: Direction = option.name == "--sport" ? .source : .destination
            builder.append(
                condition(range, selector(direction), negated: option.isNegated))
        }
    }

    /// One condition for one source port and one destination port: they are neighbours, so one load does.
    ///
    /// nft joins `!=` too, which asks for something else; here both must be equal.
    private static func joined(_ match: ParsedExtension) throws(RuleSyntaxError) -> Condition? {
        guard let source = match["--sport"], let destination = match["--dport"],
            !source.isNegated, !destination.isNegated
        else { return nil }
        let one = try PortRange.parse(source.value.text[...], at: source.value.index)
        let other = try PortRange.parse(destination.value.text[...], at: destination.value.index)
        guard one.isSingle, other.isSingle else { return nil }
        return Condition(
            .payload(.transport, offset: 0, length: 4),
            equals: one.lower.networkBytes + other.lower.networkBytes)
    }

    static func selector(_ direction: Direction) -> Selector {
        .payload(.transport, offset: direction.portOffset, length: 2)
    }

    /// The condition that a port lies in `range`.
    static func condition(
        _ range: PortRange, _ selector: Selector, negated: Bool
    ) -> Condition {
        guard !range.isSingle else {
            return Condition(selector, equals: range.lower.networkBytes, negated: negated)
        }
        return Condition(
            [selector],
            .range(range.lower.networkBytes, range.upper.networkBytes, inverted: negated))
    }

    /// The ports that a condition asks for; nil if it is no such condition.
    static func range(_ condition: Condition) -> PortRange? {
        guard condition.mask == nil, !condition.isTurned else { return nil }
        if let (value, _) = condition.equality, value.count == 2 {
            let port = UInt16(networkBytes: value)
            return PortRange(lower: port, upper: port)
        }
        guard case .range(let from, let to, _) = condition.test, from.count == 2, to.count == 2
        else { return nil }
        return PortRange(lower: UInt16(networkBytes: from), upper: UInt16(networkBytes: to))
    }

    static func claim(_ items: ArraySlice<Item>) -> Claim? {
        guard let condition = items.first?.condition else { return nil }
        if condition.selector == .payload(.transport, offset: 0, length: 4) {
            return claimJoined(condition)
        }
        for (direction, name) in [(Direction.source, "--sport"), (.destination, "--dport")]
        where condition.selector == selector(direction) {
            guard let range = range(condition) else { return nil }
            return Claim(
                options: [name],
                words: (condition.isNegated ? ["!"] : []) + [name, range.text()])
        }
        return nil
    }

    private static func claimJoined(_ condition: Condition) -> Claim? {
        guard condition.mask == nil, let (value, negated) = condition.equality, !negated,
            value.count == 4
        else { return nil }
        return Claim(
            options: ["--sport", "--dport"],
            words: [
                "--sport", "\(UInt16(networkBytes: value[..<2]))",
                "--dport", "\(UInt16(networkBytes: value[2...]))",
            ])
    }
}

/// `-p udp` and its like: protocols of which only the ports are asked for.
struct PortMatch: MatchExtension {
    let name: String
    private let number: UInt8

    init(_ name: String, _ number: UInt8) {
        self.name = name
        self.number = number
    }

    var summary: String { "Ports of \(name)" }
    var form: MatchForm { .transport([number]) }
    var options: [OptionSpecification] { PortOptions.options }

    func compile(
        _ match: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        try PortOptions.compile(match, into: &builder)
    }

    func claim(_ items: ArraySlice<Item>, _ state: PrintState) -> Claim? {
        state.transport == number ? PortOptions.claim(items) : nil
    }
}
