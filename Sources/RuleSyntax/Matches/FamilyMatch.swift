import NetlinkProto

/// `-4` and `-6`: only packets of this family, in an `inet` or `netdev` table.
///
/// What asks for an address makes the rule one of that family by itself.
struct FamilyMatch: MatchExtension {
    private let family: Family

    init(_ family: Family) { self.family = family }

    var name: String { family == .ip ? "IPv4" : "IPv6" }
    var summary: String { "Only \(name) packets; needed where nothing else says so" }
    var form: MatchForm { .head(text: 0, order: 0) }

    var options: [OptionSpecification] {
        family == .ip
            ? [OptionSpecification("-4", "--ipv4")] : [OptionSpecification("-6", "--ipv6")]
    }

    func compile(
        _ match: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        try builder.require(family, at: match.index)
    }

    func claim(_ items: ArraySlice<Item>, _ state: PrintState) -> Claim? {
        guard let selector = state.family.networkSelector,
            items.first?.condition
                == Condition(selector, equals: state.family.networkValue(family))
        else { return nil }
        let name = family == .ip ? "-4" : "-6"
        return Claim(options: [name], words: [name])
    }
}
