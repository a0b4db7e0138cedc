import NetlinkProto
import RuleStore

extension Ruleset {
    /// The changes of rules and map elements of a table that name chains which get other names.
    ///
    /// - Parameter chains: those whose rules may name them.
    func jumpChanges(
        in table: ObjectID, _ names: [String: String], chains: [ObjectID]
    ) throws(WireError) -> [Change] {
        var changes: [Change] = []
        for chain in chains {
            for rule in rules(of: chain) where ChainGraph.mayMatter(rule.body) {
                let body = try RuleBody(encoded: rule.body)
                guard body.targets.contains(where: { names[$0] != nil }) else { continue }
                var changed = rule
                changed.body = try body.renamingChains(names).encoded()
                changes.append(.modify(from: rule, to: changed))
            }
        }
        for set in children(of: table, kind: .set) {
            for element in elements(of: set.id) {
                var body = try SetElement(encoded: element.body)
                guard case .verdict(let verdict)? = body.data, let chain = verdict.chain,
                    names[chain] != nil
                else { continue }
                body.data = .verdict(verdict.renaming(names))
                var changed = element
                changed.body = try body.encoded()
                changes.append(.modify(from: element, to: changed))
            }
        }
        return changes
    }
}
