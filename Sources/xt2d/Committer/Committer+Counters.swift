import Glibc
import NetlinkProto
import RuleStore

// What policies have counted. It is state: no version has it, and setting it makes none.
extension Committer {
    /// Sets what policies count from.
    ///
    /// - Parameter counters: what is no chain is passed over.
    func recount(_ counters: [ObjectID: [CounterExpression]]) throws(Refusal) {
        _ = try onTopOfForeign { try recountUntilDone(counters) }
    }

    /// True when nothing is left to be done.
    private func recountUntilDone(
        _ counters: [ObjectID: [CounterExpression]]
    ) throws(Refusal) -> Bool {
        let counters = try different(counters)
        if counters.isEmpty { return true }
        for _ in 0..<CommitMachine.replanLimit {
            if try recountOnce(counters) { return true }
        }
        throw Refusal(
            EAGAIN, "Other programs change the kernel's rules without a pause; try again.",
            outcome: .failed)
    }

    /// Tries it on the generation that is known; false if there is a newer one, which is known then.
    private func recountOnce(_ counters: [ObjectID: [CounterExpression]]) throws(Refusal) -> Bool {
        let batch: KernelBatch
        do {
            batch = try Layout.recount(counters, in: head.ruleset, plan: batchPlan(marked))
        } catch {
            throw Refusal(error, in: head.ruleset)
        }
        switch kernel.commit(batch) {
        case .committed:
            keep([:], [], lost: [], batch.generation.next)
            return true
        case .generationMoved:
            try learnGeneration()
            return false
        case .refused(let error), .unknown(let error):
            throw Refusal(
                error.errno,
                "The kernel cannot set the counters of policies: \(error.description).",
                outcome: .failed)
        }
    }

    /// Takes over the kernel's generation, unless what others did must be taken in first.
    private func learnGeneration() throws(Refusal) {
        do {
            let generation = try kernel.generation()
            if isOvertaken(upTo: generation) { throw CommitMachine.overtaken }
            head.generation = generation.rawValue
        } catch {
            throw Refusal(any: error)
        }
    }

    /// Sets to zero what the policies of some tables, or of their chains of one name, have counted.
    func zeroPolicies(of tables: [StoredObject], chain: String?) throws(Refusal) {
        var counters: [ObjectID: [CounterExpression]] = [:]
        for table in tables {
            for object in head.ruleset.children(of: table.id, kind: .chain)
            where (chain ?? object.name) == object.name {
                if try shouldCount(object, of: table) {
                    counters[object.id] = [CounterExpression()]
                }
            }
        }
        try recount(counters)
    }

    /// Whether a chain's policy counts, or should.
    private func shouldCount(_ chain: StoredObject, of table: StoredObject) throws(Refusal) -> Bool
    {
        guard let body = try? ChainBody(encoded: chain.body), body.hook != nil else { return false }
        let family = Family(rawValue: table.family)
        if IPTablesChains.contains(family: family, table: table.name, chain: chain.name) {
            return true
        }
        return try policyCounters(of: chain, in: table) != nil
    }

    /// What the policy of a chain has counted; nil if it does not count.
    private func policyCounters(
        of chain: StoredObject, in table: StoredObject
    ) throws(Refusal) -> CounterExpression? {
        do {
            return try kernel.counters(
                of: ChainMessage(
                    family: Family(rawValue: table.family), table: table.name, name: chain.name))
        } catch {
            throw Refusal(
                error.errno,
                "The counters of chain \(chain.name) cannot be read: \(error.description).",
                outcome: .failed)
        }
    }

    /// Those of the chains that stand at something else now.
    private func different(
        _ counters: [ObjectID: [CounterExpression]]
    ) throws(Refusal) -> [ObjectID: [CounterExpression]] {
        var different: [ObjectID: [CounterExpression]] = [:]
        for (id, values) in counters {
            guard let chain = head.ruleset.object(id), chain.kind == .chain,
                let table = chain.parent.flatMap({ head.ruleset.object($0) })
            else { continue }
            if try policyCounters(of: chain, in: table) != values.first { different[id] = values }
        }
        return different
    }
}
