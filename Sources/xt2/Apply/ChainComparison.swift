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
    /// Rules that there are not yet, by their indices, ascending.
    private let readings: [(index: Int, reading: RuleStencils.Reading)]

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
        var readings: [(index: Int, reading: RuleStencils.Reading)] = []
        var stencils = RuleStencils()
        var newKeys: [Int] = []
        newKeys.reserveCapacity(chain.rules.count)
        texts.reserveCapacity(chain.rules.count)
        for (index, rule) in chain.rules.enumerated() {
            if index % 256 == 255 { progress?.advance(256) }
            var text = file.writtenText(of: rule).map(WrittenText.digest)
            if let text, let key = keys.key(ofText: text) {
                newKeys.append(key)
            } else {
                let reading = try file.canonicalReading(of: rule, chain, table, &stencils)
                if !reading.followsFromText { text = nil }
                let key = keys.take(reading, text)
                newKeys.append(key)
                if keys.isNew(key) { readings.append((index, reading)) }
            }
            texts.append(text)
        }
        progress?.advance(chain.rules.count % 256)
        plan = ListPlan(ListNumbers(old: keys.old, new: newKeys, bound: keys.count))
        learnt = ChainComparison.learnt(plan, old, texts)
        (self.texts, self.readings) = (texts, readings)
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
        if let reading = reading(index) { return (reading, texts[index]) }
        return (.body(try file.body(of: chain.rules[index], in: chain, of: table)), texts[index])
    }

    private func reading(_ index: Int) -> RuleStencils.Reading? {
        var range = readings.indices
        while let first = range.first {
            let middle = first + range.count / 2
            if readings[middle].index == index { return readings[middle].reading }
            range = readings[middle].index < index ? middle + 1..<range.upperBound : first..<middle
        }
        return nil
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
    private var texts: DigestNumbers
    private var bodies: DigestNumbers
    private var oldCount = 0

    init(_ rules: [RuleOutline]) {
        old.reserveCapacity(rules.count)
        texts = DigestNumbers(capacity: rules.count)
        bodies = DigestNumbers(capacity: rules.count)
        for rule in rules {
            let key = bodies.number(of: rule.body)
            old.append(key)
            if let text = rule.text { texts.set(key, of: text) }
        }
        oldCount = bodies.count
    }

    /// The number of a rule that has a text, if that is known.
    func key(ofText text: ContentDigest) -> Int? { texts[text] }

    /// The number of a rule that was read.
    mutating func take(_ reading: RuleStencils.Reading, _ text: ContentDigest?) -> Int {
        let key = bodies.number(of: ContentDigest(of: reading.canonicalBytes))
        if let text { texts.set(key, of: text) }
        return key
    }

    /// How many numbers there are; they are counted from 0.
    var count: Int { bodies.count }

    /// Whether none of the rules that there are has this number.
    func isNew(_ key: Int) -> Bool { key >= oldCount }
}

extension SavedRuleset {
    /// Reads a rule; it is stamped only if the bytes are those of its canonical form.
    fileprivate func canonicalReading(
        of rule: Rule, _ chain: Chain, _ table: Table, _ stencils: inout RuleStencils
    ) throws(SourceError) -> RuleStencils.Reading {
        let reading = try self.reading(of: rule, in: chain, of: table, &stencils)
        guard case .stamped(_, let example) = reading, !example.isCanonical else { return reading }
        return .body(try self.body(of: rule, in: chain, of: table))
    }
}

extension RuleStencils.Reading {
    fileprivate var followsFromText: Bool {
        switch self {
        case .body(let body): body.followsFromText
        case .stamped(_, let example): example.body.followsFromText
        }
    }

    /// The bytes of its canonical form; what was stamped has it.
    fileprivate var canonicalBytes: [UInt8] {
        switch self {
        // A rule that cannot be written is refused when it is sent.
        case .body(let body): (try? body.canonical.encoded()) ?? []
        case .stamped(let bytes, _): bytes
        }
    }
}
