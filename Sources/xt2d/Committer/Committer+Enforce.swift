import Glibc
import Logging
import NetlinkProto
import RuleStore

// What other programs did to enforced tables is undone.
extension Committer {
    /// Puts enforced tables back to what the head says, and writes each attempt to the audit log.
    func undoIntrusion() throws(Refusal) {
        guard let intrusion = foreign.intrusion else { return }
        let touched = Set(intrusion.attempts.flatMap(\.changes).map(\.id))
        let changes = touched.sorted().compactMap { id in
            Change(id, from: intrusion.there, to: head.ruleset)
        }.inApplicationOrder()
        do {
            if !changes.isEmpty { guard try put(changes, from: intrusion.there) else { return } }
            for attempt in intrusion.attempts { note(attempt, undone: nil) }
            foreign.intrusion = nil
        } catch {
            for attempt in intrusion.attempts { note(attempt, undone: error) }
            foreign.intrusion = nil
            status.add(
                notice:
                    "What \(intrusion.attempts.last?.origin.title ?? "") did to an enforced table could not be undone: \(error.message)"
            )
            throw error
        }
    }

    /// Sends the changes that lead back to the head; false if others came in between.
    func put(_ changes: [Change], from there: Ruleset) throws(Refusal) -> Bool {
        let batch: KernelBatch
        do {
            batch = try Layout.batch(
                from: there, to: head.ruleset, changes: changes, handles: head.handles,
                plan: batchPlan(marked))
        } catch {
            throw Refusal(error, in: head.ruleset)
        }
        switch kernel.commit(batch) {
        case .generationMoved:
            // Once it is here, it is undone together with this.
            try awaitKernel()
            return false
        case .unknown:
            foreign.mustRead = true
            try readWatched()
            return foreign.intrusion == nil
        case .refused(let error):
            let subject = error.sequence.flatMap { batch.subjects[$0] }
            throw Refusal(
                error.errno,
                KernelRefusal.sentence(error, subject, head.ruleset, there), outcome: .failed)
        case .committed(let handles, let complete):
            if !complete { lacksHandles = true }
            keep(handles, changes, batch.generation.next)
            return true
        }
    }

    private func awaitKernel() throws(Refusal) {
        do {
            let generation = try kernel.generation()
            if monitor?.inbox.wait(for: generation) == false { foreign.noteLoss() }
            collect()
            // Commits that touch no watched table are not told; the batch is planned on what there is now.
            if foreign.backlog.isEmpty && !foreign.mustRead {
                head.generation = generation.rawValue
            }
        } catch {
            throw Refusal(
                error.errno, "The kernel cannot be asked: \(error.description).", outcome: .failed)
        }
    }

    /// Keeps where restored rules live now.
    func keep(
        _ handles: [ObjectID: Handle], _ changes: [Change], _ generation: GenerationID
    ) {
        var rows = handles.map { (id: $0.key, handle: Optional($0.value.rawValue)) }
        for case .delete(let object) in changes { rows.append((object.id, nil)) }
        for (id, handle) in rows { head.handles[id] = handle.map { Handle($0) } }
        head.generation = generation.rawValue
        publish()
        do {
            try store.recordKernel(
                handles: rows,
                kernel: KernelState(bootID: bootID, generation: generation.rawValue))
        } catch {
            // The next start reads the kernel's tables, as its generation is not the one in the store.
            log.error("handles cannot be written", metadata: ["error": "\(error.message)"])
        }
    }

    private func note(_ attempt: ForeignState.Attempt, undone failure: Refusal?) {
        var audited = AuditedRequest(
            peer: .foreign(attempt.origin), action: ForeignRecord.enforcement,
            scopes: attempt.scopes, message: "", request: attempt.request)
        audited.time = attempt.time
        let refusal = failure.map { "It could not be undone: \($0.message)" }
        let what = ChangeSummary.text(attempt.changes, from: head.ruleset, to: head.ruleset)
        var entry = audited.entry(
            outcome: failure == nil ? .refused : .failed,
            reason: refusal ?? "The table is enforced; undone: \(what).",
            generation: attempt.generation.rawValue)
        entry.version = head.version
        entry.addresses = attempt.changes.addresses
        do {
            _ = try store.appendAudit(entry)
        } catch {
            log.error("the audit log cannot be written", metadata: ["error": "\(error.message)"])
        }
        log.notice(
            "a change of an enforced table was undone",
            metadata: ["process": "\(attempt.origin.title)", "what": "\(what)"])
    }
}

extension Change {
    /// What happened to one object between two rulesets; nil if nothing did.
    init?(_ id: ObjectID, from old: Ruleset, to new: Ruleset) {
        switch (old.object(id), new.object(id)) {
        case (nil, nil): return nil
        case (nil, let after?): self = .add(after)
        case (let before?, nil): self = .delete(before)
        case (let before?, let after?):
            if before == after { return nil }
            self = .modify(from: before, to: after)
        }
    }
}
