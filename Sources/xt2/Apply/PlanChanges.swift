import NetlinkProto
import RuleSyntax

/// A plan in the words of `xt2 diff`.
struct PlanChanges {
    private let comparison: RulesetComparison
    /// The rules that there are, by their ids.
    private let rules: [UInt64: RuleBody]
    /// The changes, in the order in which they were found.
    private(set) var changes: [ChangeMessage] = []

    /// Puts a plan into words.
    ///
    /// - Parameter listing: the ruleset that it is for.
    /// - Throws: ``SourceError`` if a rule of the file cannot be read.
    init(_ comparison: RulesetComparison, of listing: RulesetListing) throws(SourceError) {
        self.comparison = comparison
        var rules: [UInt64: RuleBody] = [:]
        for rule in listing.tables.lazy.flatMap(\.chains).flatMap(\.rules) {
            if let id = rule.id { rules[id] = rule.body }
        }
        self.rules = rules
        for container in comparison.containers { changes.append(change(container)) }
        for chain in comparison.chains { try add(chain) }
    }

    private func change(_ container: RulesetComparison.Container) -> ChangeMessage {
        func bytes(_ body: (some AttributeBody)?) -> [UInt8]? {
            body.flatMap { try? $0.encoded() }
        }
        switch container {
        case .table(let key, let before, let after):
            return ChangeMessage(
                kind: ObjectMessageKind.table.rawValue, id: 0, family: key.family.rawValue,
                table: key.name, name: key.name, before: bytes(before), after: bytes(after))
        case .chain(let key, let name, let before, let after):
            return ChangeMessage(
                kind: ObjectMessageKind.chain.rawValue, id: 0, family: key.family.rawValue,
                table: key.name, name: name, before: bytes(before), after: bytes(after))
        }
    }

    private mutating func add(_ chain: ChainComparison) throws(SourceError) {
        for step in chain.plan.steps {
            switch step {
            case .delete(let old): changes.append(try change(chain, old, nil))
            case .insert(let new, _): changes.append(try change(chain, nil, new))
            case .replace(let old, let new), .move(let old, let new, _):
                changes.append(try change(chain, old, new))
            }
        }
    }

    private func change(
        _ chain: ChainComparison, _ old: Int?, _ new: Int?
    ) throws(SourceError) -> ChangeMessage {
        let id = old.map { chain.old[$0].id }
        let before = id.flatMap { rules[$0] }
        var after: RuleBody?
        if let new { after = try chain.rule(new).body }
        return ChangeMessage(
            kind: ObjectMessageKind.rule.rawValue, id: id ?? 0,
            family: chain.table.listing.family.rawValue, table: chain.table.listing.name,
            name: chain.chain.name, before: before.flatMap { try? $0.canonical.encoded() },
            after: after.flatMap { try? $0.canonical.encoded() },
            indexBefore: old.map { UInt32(clamping: $0) },
            indexAfter: new.map { UInt32(clamping: $0) })
    }
}
