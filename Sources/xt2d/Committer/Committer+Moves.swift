import Glibc
import NetlinkProto
import RuleStore

// The kernel cannot move a rule: it goes and comes, and would count from 0.
extension Committer {
    /// Lets rules that are only moved count on from where they are.
    ///
    /// What they count between this and the commit is lost.
    ///
    /// - Parameter before: the ruleset that the proposal changes.
    func keepCounters(of proposal: inout Proposal, on before: Ruleset) throws(Refusal) {
        let moves = RuleMoves(proposal.changes, from: before, to: proposal.ruleset)
        for case .modify(let before, let after) in proposal.changes
        where moves.hasMoved(after.id) && before.body == after.body
            && proposal.counters[after.id] == nil
        {
            let values = try counters(of: before)
            if values.contains(where: { $0.packets != 0 || $0.bytes != 0 }) {
                proposal.counters[after.id] = values
            }
        }
        for (before, after) in ChainNames(proposal.kernelChanges ?? proposal.changes).remade {
            try keepCounters(of: before, as: after, &proposal)
        }
        try keepCounters(
            of: try rulesCutOff(
                by: proposal.kernelChanges ?? proposal.changes, from: before, proposal),
            &proposal)
    }

    /// The rules that leave the parts of their chains that they stand in, because of what comes between them.
    func rulesCutOff(
        by changes: [Change], from before: Ruleset, _ proposal: Proposal
    ) throws(Refusal) -> [StoredObject] {
        guard head.handles.hasParts else { return [] }
        let parts = ChainParts(
            old: before, new: proposal.ruleset, handles: head.handles, graph: proposal.graph,
            ownership: ownership)
        // Most edits bring no such rule.
        guard
            changes.contains(where: { change in
                change.after.map { $0.kind == .rule && parts.isOwn($0) } ?? false
            })
        else { return [] }
        do throws(LayoutError) {
            return try LayoutWork(changes, parts: parts, names: ChainNames(changes)).cutOff
        } catch {
            throw Refusal(error, in: proposal.ruleset)
        }
    }

    /// The same for rules that leave the parts of their chains.
    private func keepCounters(of rules: [StoredObject], _ proposal: inout Proposal) throws(Refusal)
    {
        var values: [String: [Handle: [CounterExpression]]] = [:]
        for rule in rules where proposal.counters[rule.id] == nil {
            // What says something else now begins to count anew.
            guard head.ruleset.object(rule.id)?.body == rule.body, try countsAnything(rule),
                let place = head.handles[rule.id],
                let chain = rule.parent.flatMap({ head.ruleset.object($0) })
            else { continue }
            let part = place.chain(chain.name)
            let counted =
                if let known = values[part] { known } else { try counters(of: [part], chain) }
            values[part] = counted
            proposal.counters[rule.id] = counted[place.handle]
        }
    }

    /// The same for a chain that has to be made anew to get its name.
    private func keepCounters(
        of before: StoredObject, as after: StoredObject, _ proposal: inout Proposal
    ) throws(Refusal) {
        let values = try counters(of: head.kernelChains(of: before), before)
        for rule in proposal.ruleset.rules(of: after.id) where proposal.counters[rule.id] == nil {
            guard head.ruleset.object(rule.id)?.parent == before.id,
                let counted = head.handles[rule.id].flatMap({ values[$0.handle] }),
                let body = try? RuleBody(encoded: rule.body),
                body.expressions.counters.count == counted.count
            else { continue }
            proposal.counters[rule.id] = counted
        }
    }

    /// The counters of the rules of some of the chains that a chain is in the kernel.
    private func counters(
        of names: [String], _ chain: StoredObject
    ) throws(Refusal) -> [Handle: [CounterExpression]] {
        guard let table = chain.parent.flatMap({ head.ruleset.object($0) }) else { return [:] }
        var values: [Handle: [CounterExpression]] = [:]
        do {
            try kernel.stable { () throws(KernelError) in
                values = [:]
                for name in names { try read(name, table, into: &values) }
            }
        } catch {
            throw Refusal(
                error.errno,
                "The counters of chain \(chain.name), whose rules are moved, cannot be read: \(error.description).",
                outcome: .failed)
        }
        return values
    }

    private func read(
        _ chain: String, _ table: StoredObject, into values: inout [Handle: [CounterExpression]]
    ) throws(KernelError) {
        let asked: (inout MessageWriter) -> Void = { writer in
            writer.attribute(1, string: table.name)
            writer.attribute(2, string: chain)
        }
        var found: [(Handle, [CounterExpression])] = []
        try kernel.dump(.getRule, family: Family(rawValue: table.family), asked) {
            view throws(WireError) in
            let rule = try RuleMessage(view)
            let counters = rule.body.expressions.counters
            guard let handle = rule.handle, rule.chain == chain else { return }
            if counters.contains(where: { $0.packets != 0 || $0.bytes != 0 }) {
                found.append((handle, counters))
            }
        }
        values.merge(found) { $1 }
    }

    private func counters(of rule: StoredObject) throws(Refusal) -> [CounterExpression] {
        guard let known = head.handles[rule.id], let place = rule.place(in: [head.ruleset]),
            let chain = place.chain, try countsAnything(rule)
        else { return [] }
        do {
            return try kernel.counters(
                of: RuleMessage(
                    family: Family(rawValue: place.table.family), table: place.table.name,
                    chain: known.chain(chain.name), handle: known.handle))
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
