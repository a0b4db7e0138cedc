import NetlinkProto

/// `-m length`: how long the packet is, from its network header on.
struct LengthMatch: MatchExtension {
    var name: String { "length" }
    var summary: String { "How many bytes the packet has, from its network header on" }
    var form: MatchForm { .named }
    var options: [OptionSpecification] {
        [OptionSpecification("--length", values: ["BYTES[:BYTES]"], isNegatable: true)]
    }

    func compile(
        _ match: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        guard let option = match["--length"] else {
            throw RuleSyntaxError("-m length needs --length", at: match.index)
        }
        let range = try NumberRange.parse(
            option.value.text, "a length", limit: 65_535, at: option.value.index)
        builder.append(range.condition(on: .meta(.length), negated: option.isNegated))
    }

    func claim(_ items: ArraySlice<Item>, _ state: PrintState) -> Claim? {
        guard let condition = items.first?.condition, condition.selector == .meta(.length),
            let range = NumberRange(condition), range.upper <= 65_535
        else { return nil }
        return Claim(
            options: ["--length"],
            words: (condition.isNegated ? ["!"] : []) + ["--length", range.text()])
    }
}
