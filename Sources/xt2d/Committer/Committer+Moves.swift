import Glibc
import NetlinkProto
import RuleStore

// The kernel cannot move a rule: it goes and comes, and would count from 0.
extension Committer {
    /// Lets rules that are only moved count on from where they are.
    ///
    /// What they count between this and the commit is lost.
    func keepCounters(of proposal: inout Proposal) throws(Refusal) {
        for case .modify(let before, let after) in proposal.changes
        where before.kind == .rule && before.orderKey != after.orderKey
            && before.body == after.body && proposal.counters[after.id] == nil
        {
            let values = try counters(of: before)
            if values.contains(where: { $0.packets != 0 || $0.bytes != 0 }) {
                proposal.counters[after.id] = values
            }
        }
    }

    private func counters(of rule: StoredObject) throws(Refusal) -> [CounterExpression] {
        guard let handle = head.handles[rule.id], let place = rule.place(in: [head.ruleset]),
            let chain = place.chain, try countsAnything(rule)
        else { return [] }
        do {
            return try kernel.counters(
                of: RuleMessage(
                    family: Family(rawValue: place.table.family), table: place.table.name,
                    chain: chain.name, handle: handle))
        } catch  where error.errno == ENOENT && place.table.watch != nil {
            // Another program has just deleted it: the batch is planned again when that was heard of.
            return []
        } catch {
            throw Refusal(
                error.errno,
                "The counters of rule \(rule.id), which is to be moved, cannot be read: \(error.description).",
                outcome: .failed)
        }
    }

    private func countsAnything(_ rule: StoredObject) throws(Refusal) -> Bool {
        do {
            return try !RuleBody(encoded: rule.body).expressions.counters.isEmpty
        } catch {
            throw Refusal(EIO, "The stored rule \(rule.id) is damaged: \(error).", outcome: .failed)
        }
    }
}
