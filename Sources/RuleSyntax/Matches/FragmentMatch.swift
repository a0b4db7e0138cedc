import NetlinkProto

/// `-f`: fragments of IPv4 packets other than the first.
struct FragmentMatch: MatchExtension {
    var name: String { "fragment" }
    var summary: String { "Second and further fragments of IPv4 packets" }
    var form: MatchForm { .head(text: 6, order: 6) }
    var options: [OptionSpecification] {
        [OptionSpecification("-f", "--fragment", isNegatable: true)]
    }

    private static let selector = Selector.payload(.network, offset: 6, length: 2)
    private static let mask: [UInt8] = [0x1F, 0xFF]

    func compile(
        _ match: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        guard let option = match.options.first else { return }
        try builder.require(.ip, at: option.index)
        builder.append(
            Condition(
                FragmentMatch.selector, equals: [0, 0], mask: FragmentMatch.mask,
                negated: !option.isNegated))
    }

    func claim(_ items: ArraySlice<Item>, _ state: PrintState) -> Claim? {
        guard state.network == .ip, let condition = items.first?.condition,
            condition.selector == FragmentMatch.selector, condition.mask == FragmentMatch.mask,
            let (value, negated) = condition.equality, value == [0, 0]
        else { return nil }
        return Claim(options: ["-f"], words: negated ? ["-f"] : ["!", "-f"])
    }
}
