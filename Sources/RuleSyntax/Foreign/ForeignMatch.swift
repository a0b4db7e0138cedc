import NetlinkProto

/// A match that was read by its own code.
struct ForeignMatch: MatchExtension {
    let name: String
    let expression: Expression
    var summary: String { "" }
    var form: MatchForm { .named }

    func compile(
        _ match: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        builder.append(expression)
    }

    func claim(_ items: ArraySlice<Item>, _ state: PrintState) -> Claim? { nil }

    /// The words of a match that nothing else has words for.
    static func claim(_ items: ArraySlice<Item>, _ state: PrintState) -> (MatchEntry, Claim)? {
        guard case .expression(let expression)? = items.first, case .compatMatch = expression,
            let said = Foreign.extensions?.words(expression, in: state.foreignPlace)
        else { return nil }
        let name = Foreign.word(
            said.name, options: said.words, meaning: expression, state.family)
        let match = ForeignMatch(name: name, expression: expression)
        return (MatchEntry(match), Claim(options: [], words: said.words))
    }
}

/// A target that was read by its own code.
struct ForeignTarget: TargetExtension {
    let name: String
    let expression: Expression
    var summary: String { "" }

    func compile(
        _ target: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) -> [Expression] { [expression] }

    func claim(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]? { nil }

    /// The words of a target that nothing else has words for, with `-j`.
    static func words(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]? {
        guard expressions.count == 1, let expression = expressions.first,
            case .compatTarget = expression,
            let said = Foreign.extensions?.words(expression, in: state.foreignPlace)
        else { return nil }
        let name = Foreign.word(
            said.name, options: said.words, meaning: expression, state.family)
        return ["-j", name] + said.words
    }
}

extension PrintState {
    /// What a foreign extension may know.
    fileprivate var foreignPlace: ForeignPlace {
        ForeignPlace(family: network ?? family, transport: transport)
    }
}
