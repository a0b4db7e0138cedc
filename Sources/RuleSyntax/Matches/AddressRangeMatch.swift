import NetlinkProto

/// `-m iprange`: addresses between two others.
struct AddressRangeMatch: MatchExtension {
    var name: String { "iprange" }
    var summary: String { "Addresses between two others" }
    var form: MatchForm { .named }
    var options: [OptionSpecification] {
        [
            OptionSpecification("--src-range", values: ["ADDRESS-ADDRESS"], isNegatable: true),
            OptionSpecification("--dst-range", values: ["ADDRESS-ADDRESS"], isNegatable: true),
        ]
    }

    func compile(
        _ match: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        guard !match.options.isEmpty else {
            throw RuleSyntaxError(
                "-m iprange needs --src-range or --dst-range", at: match.index)
        }
        for option in match.options {
            let (lower, upper) = try AddressRangeMatch.parse(
                option.value.text[...], at: option.value.index)
            let direction: Direction = option.name == "--src-range" ? .source : .destination
            try builder.require(lower.family, at: option.value.index)
            builder.append(
                Condition(
                    [AddressRangeMatch.selector(direction, lower.family)],
                    .range(lower.bytes, upper.bytes, inverted: option.isNegated)))
        }
    }

    private static func selector(_ direction: Direction, _ family: Family) -> Selector {
        .payload(
            .network, offset: direction.addressOffset(family), length: family == .ip ? 4 : 16)
    }

    /// Reads `ADDRESS-ADDRESS`, or one address for a range of one.
    static func parse(
        _ text: Substring, at index: Int
    ) throws(RuleSyntaxError) -> (lower: Address, upper: Address) {
        let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let lower = try Address.parse(parts.first ?? "", at: index)
        guard parts.count == 2 else { return (lower, lower) }
        let upper = try Address.parse(parts[1], at: index)
        guard lower.family == upper.family else {
            throw RuleSyntaxError("a range from IPv4 to IPv6", at: index)
        }
        guard !upper.bytes.lexicographicallyPrecedes(lower.bytes) else {
            throw RuleSyntaxError(
                "the range \(text) is empty", at: index, hint: "the smaller address comes first")
        }
        return (lower, upper)
    }

    func claim(_ items: ArraySlice<Item>, _ state: PrintState) -> Claim? {
        guard let family = state.network, let condition = items.first?.condition,
            condition.mask == nil, !condition.isTurned,
            case .range(let from, let to, let inverted) = condition.test,
            from.count == (family == .ip ? 4 : 16), to.count == from.count
        else { return nil }
        let name: String
        switch condition.selector {
        case AddressRangeMatch.selector(.source, family): name = "--src-range"
        case AddressRangeMatch.selector(.destination, family): name = "--dst-range"
        default: return nil
        }
        return Claim(
            options: [name],
            words: (inverted ? ["!"] : []) + [name, Address(from).text + "-" + Address(to).text])
    }
}
