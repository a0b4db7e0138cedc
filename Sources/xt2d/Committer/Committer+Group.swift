import Glibc
import NetlinkProto
import RuleStore

// Edits of many clients that arrive together: one durable transaction and one kernel batch for all, a version, an audit entry
// and an answer for each. If anything is in the way of that, each goes by itself.
extension Committer {
    /// Carries a client's batch out, together with others that wait.
    ///
    /// - Throws: ``Refusal``; nothing of this batch has changed anything then.
    nonisolated func edit(_ batch: EditBatch, peer: Peer) async throws(Refusal) -> EditReply {
        guard batch.mayShare else { return try await editAlone(batch, peer: peer) }
        let result = await withCheckedContinuation { continuation in
            let item = EditQueue.Item(batch: batch, peer: peer) {
                continuation.resume(returning: $0)
            }
            if queue.add(item) { callForGroup() }
        }
        return try result.get()
    }

    private nonisolated func callForGroup() {
        Task(executorPreference: LoopExecutor(eventLoop)) { await self.carryOutGroup() }
    }

    private func carryOutGroup() {
        let (group, isMore) = queue.take()
        // Not in a loop: what else waits for the committer comes in between.
        if isMore { callForGroup() }
        editTogether(group)
    }

    /// Carries out batches together where that can be done, else one after the other; answers all.
    func editTogether(_ group: [EditQueue.Item]) {
        guard group.count > 1, var work = workOut(group) else { return editOneByOne(group) }
        do {
            try carryOut(&work.run)
        } catch {
            guard case .undecided = unsettled else { return editOneByOne(group) }
            return answer(work, undecided: error)
        }
        answer(work, undecided: nil)
    }

    private func editOneByOne(_ group: [EditQueue.Item]) {
        for item in group {
            do {
                item.answer(.success(try editAlone(item.batch, peer: item.peer)))
            } catch {
                item.answer(.failure(error))
            }
        }
    }

    // MARK: Working out

    /// What a batch comes to, on top of those before it.
    private enum Outcome {
        case version(CommitPart, RulesetEditor)
        case unchanged(VersionID)
        case refused(Refusal, AuditedRequest)
        /// It changes what no version has, and cannot share a commit.
        case alone
    }

    /// A group that is ready to be committed.
    private struct GroupWork {
        let outcomes: [(item: EditQueue.Item, outcome: Outcome)]
        var run: CommitRun
    }

    /// What the next batch of a group is built on.
    private struct Tip {
        var version: VersionID
        var ruleset: Ruleset
        var graph: ChainGraph
        var nextID: ObjectID
    }

    /// Works out what the batches come to, each on top of the one before; nil if they cannot be committed together.
    private func workOut(_ group: [EditQueue.Item]) -> GroupWork? {
        // What stands in the way of every commit is told to each by itself.
        guard head.unconfirmed == nil, (try? settle()) != nil,
            (try? takeInForeign(atMost: Committer.commitsAtOnce)) != nil, foreign.intrusion == nil
        else { return nil }
        var tip = Tip(
            version: head.version, ruleset: head.ruleset, graph: graph, nextID: nextID)
        var outcomes: [(item: EditQueue.Item, outcome: Outcome)] = []
        var parts: [CommitPart] = []
        for item in group {
            let outcome = outcome(of: item, on: tip)
            if case .alone = outcome { return nil }
            outcomes.append((item, outcome))
            guard case .version(let part, _) = outcome else { continue }
            parts.append(part)
            tip = Tip(
                version: part.version.id, ruleset: part.proposal.ruleset,
                graph: part.proposal.graph, nextID: part.proposal.nextID)
        }
        guard parts.count > 1, let run = sharedRun(parts) else { return nil }
        return GroupWork(outcomes: outcomes, run: run)
    }

    private func outcome(of item: EditQueue.Item, on tip: Tip) -> Outcome {
        var audited = item.batch.attempt(by: item.peer)
        do {
            let edits = try read(item.batch, by: item.peer, &audited)
            try checkExpectation(item.batch.options, on: tip.version)
            var editor = RulesetEditor(tip.ruleset, graph: tip.graph, nextID: tip.nextID)
            try edits.forEach { edit throws(Refusal) in try editor.apply(edit) }
            if !editor.recounted.isEmpty { return .alone }
            let changes = try editor.changes()
            if changes.isEmpty { return .unchanged(tip.version) }
            var proposal = Proposal(editor, changes, audited: audited)
            try checkLockout(&proposal, on: tip.ruleset)
            try keepCounters(of: &proposal, on: tip.ruleset)
            let version = proposal.version(tip.version.next, on: tip.ruleset)
            return .version(CommitPart(proposal: proposal, version: version), editor)
        } catch {
            return .refused(error.at(item.batch.sequence), audited)
        }
    }

    /// The commit of all parts in one kernel batch, which has what they come to together; nil if there can be none.
    private func sharedRun(_ parts: [CommitPart]) -> CommitRun? {
        guard let last = parts.last else { return nil }
        let changes = parts.lazy.flatMap(\.proposal.changes)
            .netChanges(from: head.ruleset, to: last.proposal.ruleset)
        // One after the other, a rename is a rename.
        guard ChainNames(changes).remade.isEmpty,
            (try? rulesCutOff(by: changes, from: head.ruleset, last.proposal))?.isEmpty == true
        else { return nil }
        var counters: [ObjectID: [CounterExpression]] = [:]
        for proposal in parts.map(\.proposal) {
            for change in proposal.changes { counters[change.id] = proposal.counters[change.id] }
        }
        do {
            let batch = try planning(
                changes, from: head.ruleset, to: last.proposal.ruleset, last.proposal.graph,
                counters: counters, last.version.id)()
            if parts.contains(where: \.proposal.changesTables) {
                try listen(to: last.proposal.ruleset)
            }
            return CommitRun(earlier: parts.dropLast(), last: last, batch: batch)
        } catch {
            return nil
        }
    }

    // MARK: Answering

    /// Tells each client what came of its batch; all versions are live, or it is not known whether they are.
    private func answer(_ work: GroupWork, undecided: Refusal?) {
        for (item, outcome) in work.outcomes {
            switch outcome {
            case .refused(let refusal, let audited):
                audit(refusal, audited)
                item.answer(.failure(refusal))
            case .alone: break  // such a group was not worked out
            case .unchanged(let version):
                item.answer(undecided.map { .failure($0) } ?? .success(.unchanged(version)))
            case .version(let part, let editor):
                var message = VersionMessage(
                    part.version, changeCount: part.proposal.changes.count)
                message.notice = part.proposal.notices
                item.answer(
                    undecided.map { .failure($0.at(item.batch.sequence)) }
                        ?? .success(.version(message, editedRules(editor, item.batch))))
            }
        }
    }
}

extension Sequence<Change> {
    /// What changes come to together that lead from one ruleset to another, in application order.
    fileprivate func netChanges(from old: Ruleset, to new: Ruleset) -> [Change] {
        var seen: Set<ObjectID> = []
        return compactMap { change -> Change? in
            guard seen.insert(change.id).inserted else { return nil }
            return Change(change.id, from: old, to: new)
        }
        .inApplicationOrder()
    }
}
