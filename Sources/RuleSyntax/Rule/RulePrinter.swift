import NetlinkProto

/// Writes a rule as words.
///
/// Why it reads its own words back: a text is only given out if reading it gives the same rule. So a rule that only looks
/// like one that can be said is never shown as another; it is shown as its expressions.
struct RulePrinter {
    private let body: RuleBody
    private let context: RuleContext
    private let extensions: Extensions

    init(_ body: RuleBody, family: Family) {
        var body = body.withoutState
        // Kernels do not say it; texts need not.
        if body.compat == nil { body.compat = body.impliedCompat }
        self.body = body
        context = RuleContext(family: family)
        extensions = Extensions.of(family)
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

    /// The words for one or more steps.
    private struct Segment {
        var words: [String]
        /// Its place in the text; those of the same place keep their order.
        var place: Int = .max
        /// Whether it is `-4` or `-6`, which something else may say too.
        var isFamily = false
    }

    private func candidates() -> [[String]] {
        let (steps, hasCounter, tail) = RuleDisassembler(body).parts()
        guard let comment = comment(), let target = target(tail, steps) else { return [] }
        let segments = segments(steps)
        let counter = hasCounter ? [] : ["--no-counter"]
        let sorted = segments.enumerated()
            .sorted { ($0.element.place, $0.offset) < ($1.element.place, $1.offset) }
            .map(\.element)
        let orders = [(flags: counter, sorted), (flags: ["--as-written"] + counter, segments)]
        return orders.flatMap { flags, segments in
            let all = segments.flatMap(\.words)
            let implied = segments.filter { !$0.isFamily }.flatMap(\.words)
            return (all == implied ? [all] : [implied, all]).map { flags + $0 + comment + target }
        }
    }

    /// The comment's words; nil if the rule holds more than expressions and a comment.
    private func comment() -> [String]? {
        guard body.compat == body.impliedCompat, body.unknown.isEmpty else { return nil }
        if body.userData.isEmpty { return [] }
        return Comment.text(body.userData).map { ["-m", "comment", "--comment", $0] }
    }

    private var start: PrintState {
        let isOne = context.family == .ip || context.family == .ip6
        return PrintState(family: context.family, network: isOne ? context.family : nil)
    }

    private func segments(_ steps: [RuleDisassembler.Step]) -> [Segment] {
        var segments: [Segment] = []
        var state = start
        var rest = steps[...]
        let items = steps.map(\.item)
        var open: OpenMatch?
        var hasTransport = false
        while let step = rest.first {
            guard let (entry, claim) = claim(items[rest.startIndex...], state) else {
                segments.append(Segment(words: rawWords(step)))
                open = nil
                state.learn(from: step.item)
                rest = rest.dropFirst()
                continue
            }
            let opening = RulePrinter.opening(entry, claim, &open, hasTransport: hasTransport)
            if entry.isTransport { hasTransport = true }
            segments.append(
                Segment(
                    words: opening + claim.words, place: entry.textPlace,
                    isFamily: entry.family is FamilyMatch))
            for step in rest.prefix(claim.count) { state.learn(from: step.item) }
            rest = rest.dropFirst(claim.count)
        }
        return segments
    }

    private func claim(
        _ items: ArraySlice<Item>, _ state: PrintState
    ) -> (MatchEntry, Claim)? {
        for entry in extensions.matches {
            if let claim = entry.family.claim(items, state) { return (entry, claim) }
        }
        return ForeignMatch.claim(items, state)
    }

    /// The match that the words so far end with.
    private struct OpenMatch {
        var name: String
        var options: Set<String>
        var last: Claim
    }

    /// `-m NAME`, unless the match goes on that was opened before.
    private static func opening(
        _ entry: MatchEntry, _ claim: Claim, _ open: inout OpenMatch?,
        hasTransport: Bool
    ) -> [String] {
        guard !entry.isHead else { return [] }
        let before = open
        let isSame = before?.name == entry.name && !(entry.family is ForeignMatch)
        open = OpenMatch(name: entry.name, options: Set(claim.options), last: claim)
        guard let before, isSame else {
            if entry.isTransport, !hasTransport { return [] }
            return ["-m", entry.name]
        }
        guard before.options.isDisjoint(with: claim.options),
            goesOn(entry, from: before.last, to: claim)
        else { return ["-m", entry.name] }
        open?.options.formUnion(before.options)
        return []
    }

    /// Whether two claims of a protocol's options are read back as they stand: those have an order of their own, and two
    /// plain ports would become one condition.
    private static func goesOn(
        _ entry: MatchEntry, from before: Claim, to next: Claim
    ) -> Bool {
        guard entry.isTransport else { return true }
        let places = { (claim: Claim) in
            claim.options.compactMap { name in entry.options.names.firstIndex(of: name) }
        }
        guard let end = places(before).max(), let start = places(next).min() else { return false }
        let arePlain = [before, next].allSatisfy {
            $0.words.count == 2 && !$0.words[1].contains(":")
        }
        return end < start && !(arePlain && next.options == ["--dport"])
    }

    /// The words for what stands behind the counter; nil if there are none.
    private func target(
        _ tail: ArraySlice<Expression>, _ steps: [RuleDisassembler.Step]
    ) -> [String]? {
        if tail.isEmpty { return [] }
        if let words = ChainTarget.words(tail) { return words }
        var state = start
        for step in steps { state.learn(from: step.item) }
        for target in extensions.targets {
            if let words = target.family.claim(tail, state) { return ["-j", target.name] + words }
        }
        return ForeignTarget.words(tail, state)
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
        if rest.compat == rest.impliedCompat { rest.compat = nil }
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
