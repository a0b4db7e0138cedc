import NetlinkProto
import RuleSyntax

/// The rules of a chain in a file beside those that there are.
struct ChainComparison {
    /// The file.
    let file: SavedRuleset
    /// The table in the file.
    let table: SavedRuleset.Table
    /// The chain in the file; without rules if the chain is to go.
    let chain: SavedRuleset.Chain
    /// The rules that there are.
    let old: [RuleOutline]
    /// What is to be done.
    let plan: ListPlan
    /// Rules that stay, with texts that the daemon did not know to be theirs.
    let learnt: [RuleOutline]
    private let texts: [ContentDigest?]
    private let bodies: [Int: RuleBody]

    /// Compares; only rules whose text is not known are read.
    ///
    /// - Throws: ``SourceError`` for the first rule in the file that cannot be read.
    init(
        _ file: SavedRuleset, _ table: SavedRuleset.Table, _ chain: SavedRuleset.Chain,
        old: [RuleOutline], _ progress: Progress? = nil
    ) throws(SourceError) {
        (self.file, self.table, self.chain, self.old) = (file, table, chain, old)
        var keys = RuleKeys(old)
        var texts: [ContentDigest?] = []
        var bodies: [Int: RuleBody] = [:]
        var newKeys: [Int] = []
        newKeys.reserveCapacity(chain.rules.count)
        texts.reserveCapacity(chain.rules.count)
        for (index, rule) in chain.rules.enumerated() {
            if index % 256 == 255 { progress?.advance(256) }
            var text = file.writtenText(of: rule).map(WrittenText.digest)
            if let text, let key = keys.ofText[text] {
                newKeys.append(key)
            } else {
                let body = try file.body(of: rule, in: chain, of: table)
                if !body.followsFromText { text = nil }
                newKeys.append(keys.take(body, text))
                bodies[index] = body
            }
            texts.append(text)
        }
        progress?.advance(chain.rules.count % 256)
        plan = ListPlan(from: keys.old, to: newKeys)
        learnt = ChainComparison.learnt(plan, old, texts)
        (self.texts, self.bodies) = (texts, bodies)
    }

    private static func learnt(
        _ plan: ListPlan, _ old: [RuleOutline], _ texts: [ContentDigest?]
    ) -> [RuleOutline] {
        var learnt: [RuleOutline] = []
        for match in plan.matches {
            for offset in 0..<match.count {
                var rule = old[match.old + offset]
                guard rule.text == nil, let text = texts[match.new + offset] else { continue }
                rule.text = text
                learnt.append(rule)
            }
        }
        return learnt
    }

    /// A rule of the file, by its index.
    ///
    /// - Throws: ``SourceError`` if it cannot be read.
    func rule(_ index: Int) throws(SourceError) -> ChainEdits.NewRule {
        if let body = bodies[index] { return (body, texts[index]) }
        return (try file.body(of: chain.rules[index], in: chain, of: table), texts[index])
    }

    /// The edits that carry out the plan.
    ///
    /// - Throws: ``SourceError`` if a rule cannot be read.
    func edits() throws(SourceError) -> [LineEdit] {
        let chainEdits = ChainEdits(
            family: table.listing.family, table: table.listing.name, chain: chain.name)
        let edits = try chainEdits.edits(of: plan, ids: { old[$0].id }) {
            index throws(SourceError) in
            try rule(index)
        }
        return edits.map { edit in
            LineEdit(edit: edit.edit, line: edit.new.map { chain.rules[$0].line })
        }
    }
}

/// Numbers for rules: equal rules have the same, whether they are known by text or by what they say.
private struct RuleKeys {
    /// Those of the rules that there are.
    private(set) var old: [Int] = []
    /// Those of texts that are known.
    private(set) var ofText: [ContentDigest: Int] = [:]
    private var ofBody: [ContentDigest: Int] = [:]

    init(_ rules: [RuleOutline]) {
        old.reserveCapacity(rules.count)
        ofText.reserveCapacity(rules.count)
        ofBody.reserveCapacity(rules.count)
        for rule in rules {
            let key = key(of: rule.body)
            old.append(key)
            if let text = rule.text { ofText[text] = key }
        }
    }

    /// The number of a rule that was read.
    mutating func take(_ body: RuleBody, _ text: ContentDigest?) -> Int {
        // A rule that cannot be written is refused when it is sent.
        let key = key(of: ContentDigest(of: (try? body.canonical.encoded()) ?? []))
        if let text { ofText[text] = key }
        return key
    }

    private mutating func key(of body: ContentDigest) -> Int {
        if let key = ofBody[body] { return key }
        let key = ofBody.count
        ofBody[body] = key
        return key
    }
}
