import NetlinkProto

/// Writes a rule as words.
///
/// Why it reads its own words back: a text is only given out if reading it gives the same rule. So a rule that only looks
/// like one that can be said is never shown as another; it is shown as its expressions.
struct RulePrinter {
    private let body: RuleBody
    private let context: RuleContext

    init(_ body: RuleBody, family: Family) {
        self.body = body.withoutState
        context = RuleContext(family: family)
    }

    /// The words; reading them gives the rule without its counter's values.
    func words() -> [String] {
        for words in candidates() where reads(words) { return words }
        return rawWords()
    }

    private func reads(_ words: [String]) -> Bool {
        guard let body = try? RuleParser.parse(words, context: context) else { return false }
        return body == self.body
    }

    // MARK: Words for what can be said

    private struct Text {
        var matches: [String] = []
        /// Without `-4` and `-6`, for when something else says it.
        var implied: [String] = []
        var isFamilyExplicit = false

        mutating func append(_ words: [String], isFamily: Bool = false) {
            matches += words
            if isFamily { isFamilyExplicit = true } else { implied += words }
        }
    }

    private func candidates() -> [[String]] {
        let (steps, hasCounter, tail) = RuleDisassembler(body).parts()
        guard let comment = comment(), let target = target(tail, steps) else { return [] }
        let text = text(steps)
        let counter = hasCounter ? [] : ["--no-counter"]
        let end = comment + target
        var plain = [counter + text.matches + end]
        if text.isFamilyExplicit { plain.insert(counter + text.implied + end, at: 0) }
        return plain + plain.map { ["--as-written"] + $0 }
    }

    /// The comment's words; nil if the rule holds more than expressions and a comment.
    private func comment() -> [String]? {
        guard body.compat == nil, body.unknown.isEmpty else { return nil }
        if body.userData.isEmpty { return [] }
        return Comment.text(body.userData).map { ["-m", "comment", "--comment", $0] }
    }

    private func text(_ steps: [RuleDisassembler.Step]) -> Text {
        var text = Text()
        var state = PrintState(
            family: context.family,
            network: [.ip, .ip6].contains(context.family) ? context.family : nil)
        var rest = steps[...]
        var last: (name: String, options: Set<String>)?
        while let step = rest.first {
            let items = rest.map(\.item)
            if let (family, claim) = RulePrinter.claim(items[...], state) {
                text.append(
                    RulePrinter.opening(family, claim, &last) + claim.words,
                    isFamily: family is FamilyMatch)
                for step in rest.prefix(claim.count) { state.learn(from: step.item) }
                rest = rest.dropFirst(claim.count)
            } else {
                text.append(rawWords(step))
                last = nil
                state.learn(from: step.item)
                rest = rest.dropFirst()
            }
        }
        return text
    }

    private static func claim(
        _ items: ArraySlice<Item>, _ state: PrintState
    ) -> (any MatchExtension, Claim)? {
        for family in Extensions.matches {
            if let claim = family.claim(items, state) { return (family, claim) }
        }
        return nil
    }

    /// `-m NAME`, unless the match goes on that was opened before.
    private static func opening(
        _ family: any MatchExtension, _ claim: Claim,
        _ last: inout (name: String, options: Set<String>)?
    ) -> [String] {
        guard !family.isHead else { return [] }
        if let open = last, open.name == family.name,
            open.options.isDisjoint(with: claim.options)
        {
            last?.options.formUnion(claim.options)
            return []
        }
        let isOpen = last?.name == family.name
        last = (family.name, Set(claim.options))
        if case .transport = family.form, !isOpen { return [] }
        return ["-m", family.name]
    }

    /// The words for what stands behind the counter; nil if there are none.
    private func target(
        _ tail: ArraySlice<Expression>, _ steps: [RuleDisassembler.Step]
    ) -> [String]? {
        if tail.isEmpty { return [] }
        if let words = ChainTarget.words(tail) { return words }
        var state = PrintState(
            family: context.family,
            network: [.ip, .ip6].contains(context.family) ? context.family : nil)
        for step in steps { state.learn(from: step.item) }
        for target in Extensions.targets {
            if let words = target.claim(tail, state) { return ["-j", target.name] + words }
        }
        return nil
    }

    // MARK: Words for what cannot be said

    private func rawWords(_ step: RuleDisassembler.Step) -> [String] {
        var words: [String] = []
        if let condition = step.item.condition, case .set(let set, _) = condition.test {
            words += RawMatch.words(set)
        }
        return words + step.expressions.flatMap(RawMatch.words)
    }

    private func rawWords() -> [String] {
        var rest = body
        rest.expressions = []
        rest.sets = []
        var words = ["--no-counter"] + body.sets.flatMap(RawMatch.words)
        words += body.expressions.flatMap(RawMatch.words)
        if let comment = Comment.text(rest.userData) {
            rest.userData = []
            words += RawMatch.words(rest: rest) + ["-m", "comment", "--comment", comment]
        } else {
            words += RawMatch.words(rest: rest)
        }
        return words
    }
}
