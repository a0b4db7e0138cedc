import Glibc
import Logging
import NIOCore
import NetlinkProto
import RuleStore

// What other programs did to enforced tables is undone.
extension Committer {
    // MARK: Undoing

    /// Puts enforced tables back to what the head says, and writes each attempt to the audit log.
    ///
    /// What the kernel does not let be undone stays in mind and is tried again; other tables are not kept waiting for it.
    /// - Throws: ``Refusal`` if what others did meanwhile cannot be taken in.
    func undoIntrusion() throws(Refusal) {
        for _ in 0..<Committer.undoLimit {
            guard unsettled == nil, let intrusion = foreign.intrusion, intrusion.isDue else {
                return
            }
            do {
                if try undo(intrusion) { return noteUndone() }
            } catch {
                return noteFailure(error)
            }
            // Somebody came in between. What they did is undone together with this.
            try takeInHeard(upTo: nil)
        }
        // Others wait.
        Task { foreignHasCome() }
    }

    /// How often in a row it is tried to be faster than somebody who commits without a pause.
    static let undoLimit = 16

    /// Undoes it; false if others came in between.
    private func undo(_ intrusion: Intrusion) throws(Refusal) -> Bool {
        let changes = intrusion.changes(to: head.ruleset)
        if changes.isEmpty { return true }
        do {
            return try put(changes, from: intrusion.there)
        } catch {
            guard Committer.isInTheWay.contains(error.errno) else { throw error }
            let (there, changes) = try remaking(intrusion)
            guard try put(changes, from: there) else { return false }
            log.notice(
                "enforced tables were made anew, as something in them was in the way",
                metadata: ["what": "\(error.message)"])
            return true
        }
    }

    /// Errors that come of something in a table that xt2 does not keep track of, as elements that expire.
    private static let isInTheWay: Set<Int32> = [EBUSY, EEXIST, ENOENT, EINVAL, EOPNOTSUPP]

    /// What makes whole tables anew, in one step; what is in them and not in the head is lost.
    private func remaking(
        _ intrusion: Intrusion
    ) throws(Refusal) -> (there: Ruleset, changes: [Change]) {
        var there = intrusion.there
        var changes: [Change] = []
        do {
            for table in intrusion.tables(besides: head.ruleset)
            where head.ruleset.object(table.id) != nil {
                changes += head.ruleset.deletion(of: table).map { .add($0.object) }
                guard let old = there.object(table.id) else { continue }
                try there.apply(there.deletion(of: old))
                // A table of the same name that has nothing in common with the head's.
                let other = StoredObject(
                    id: takeID(), kind: .table, family: old.family, name: old.name, body: old.body)
                try there.apply(.add(other))
                changes.append(.delete(other))
            }
        } catch {
            throw Refusal(EIO, "\(error.message).", outcome: .failed)
        }
        return (there, changes.inApplicationOrder())
    }

    private func takeID() -> ObjectID {
        defer { nextID = nextID.next }
        return nextID
    }

    // MARK: What came of it

    /// Enforced tables are as the head says.
    private func noteUndone() {
        guard let intrusion = foreign.intrusion else { return }
        foreign.intrusion = nil
        for attempt in intrusion.attempts { note(attempt, undone: nil) }
        if let failure = intrusion.failure { noteUndone(late: failure) }
    }

    private func noteUndone(late failure: Intrusion.Failure) {
        undoTimer?.cancel()
        head.notUndone = nil
        publish()
        var entry = AuditedRequest(
            peer: .foreign(failure.origin), action: ForeignRecord.enforcement, scopes: [],
            message: ""
        ).entry(
            outcome: .refused,
            reason: "The table is enforced; undone after \(failure.count) attempts in vain.",
            generation: head.generation)
        entry.version = head.version
        append(entry)
        log.notice("enforced tables are as they should be again")
    }

    /// The kernel has refused to undo it: it is tried again.
    private func noteFailure(_ refusal: Refusal) {
        guard var intrusion = foreign.intrusion else { return }
        for attempt in intrusion.attempts { note(attempt, undone: refusal) }
        intrusion.fail(refusal, head: head.ruleset)
        foreign.intrusion = intrusion
        guard let failure = intrusion.failure else { return }
        let tables = intrusion.tables(besides: head.ruleset).map(\.title)
        head.notUndone =
            "What \(failure.origin.title) did to \(tables.joined(separator: ", ")) cannot be undone, which is tried again at least every \(Committer.longestUndoPause) s: \(refusal.message)"
        publish()
        log.error(
            "enforced tables cannot be put back; it is tried again",
            metadata: ["tables": "\(tables)", "error": "\(refusal.message)"])
        let pause = min(1 << min(failure.count - 1, 8), Committer.longestUndoPause)
        undoTimer?.cancel()
        undoTimer = eventLoop.scheduleTask(in: .seconds(Int64(pause))) { [weak self] in
            guard let self else { return }
            Task { await self.undoAgain() }
        }
    }

    private static let longestUndoPause = 30

    private func undoAgain() {
        guard foreign.intrusion != nil else { return }
        makeUndoDue()
        foreignHasCome()
    }

    /// Has what could not be undone tried again, from what the kernel has then.
    func makeUndoDue() {
        guard foreign.intrusion?.failure != nil else { return }
        foreign.intrusion?.makeDue()
        // Not all that happens is told: a table goes with the process that owns it.
        foreign.mustRead = true
    }

    // MARK: Clients' changes meanwhile

    /// Refuses a change of tables that cannot be put back: it would be planned on what is not there.
    func refuseIntruded(_ proposal: Proposal) throws(Refusal) {
        guard let intrusion = foreign.intrusion else { return }
        guard let failure = intrusion.failure else {
            // It is undone by the same batch, unless that is planned on something else than the head.
            if proposal.there != nil || !proposal.adopting.isEmpty { throw CommitMachine.overtaken }
            return
        }
        // What is let go stays as it is.
        guard proposal.kernelChanges?.isEmpty != true,
            intrusion.isTouched(by: proposal, head: head.ruleset)
        else { return }
        let tables = intrusion.tables(besides: head.ruleset).map(\.title)
        throw Refusal(
            EAGAIN,
            "What \(failure.origin.title) did to \(tables.joined(separator: ", ")) cannot be undone yet, so nothing else can be changed there: \(failure.reason.message) It is tried again by itself, and at once by 'xt2 check --fix'; 'xt2 release' lets the table go as it is.",
            outcome: .failed)
    }

    /// Whether something is still to be undone when a commit's batch has been carried out.
    func leavesIntrusion(_ run: CommitRun) -> Bool {
        guard let intrusion = run.interleaved?.intake.intrusion ?? foreign.intrusion else {
            return false
        }
        return intrusion.failure != nil || run.last.proposal.there != nil || run.regardless != nil
    }

    /// Goes on from a commit: its batch has undone what others did, or that is still to be undone.
    func followIntrusion(_ run: CommitRun) {
        let leavesIntrusion = leavesIntrusion(run)
        if let theirs = run.interleaved {
            foreign.intrusion = theirs.intake.intrusion
            for id in theirs.intake.intrusion?.touched ?? [] where run.places[id] == nil {
                head.handles[id] = theirs.intake.head.handles[id]
            }
        }
        guard foreign.intrusion != nil else { return }
        guard leavesIntrusion else { return noteUndone() }
        do {
            guard !run.parts.contains(where: \.proposal.changesTables) else {
                // Another policy, or none: it is found out anew.
                return forgetIntrusion()
            }
            if run.interleaved == nil {
                for part in run.parts { try foreign.intrusion?.there.apply(part.proposal.changes) }
            }
        } catch {
            forgetIntrusion()
        }
    }

    /// Finds out anew what is to be undone.
    func forgetIntrusion() {
        guard foreign.intrusion != nil else { return }
        foreign.intrusion = nil
        foreign.mustRead = true
        head.notUndone = nil
        publish()
        undoTimer?.cancel()
    }

    // MARK: Sending

    /// Sends the changes that lead back to the head; false if others came in between.
    func put(_ changes: [Change], from there: Ruleset) throws(Refusal) -> Bool {
        let batch: KernelBatch
        do {
            batch = try Layout.batch(
                from: there, to: head.ruleset, changes: changes, handles: head.handles,
                graph: graph,
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
            // What has become of it is read from the tables.
            foreign.mustRead = true
            return false
        case .refused(let error):
            let subject = error.sequence.flatMap { batch.subjects[$0] }
            throw Refusal(
                error.errno,
                KernelRefusal.sentence(error, subject, head.ruleset, there), outcome: .failed)
        case .committed(let places, let complete):
            if !complete { lacksHandles = true }
            keep(places, changes, lost: batch.lostJumps, batch.generation.next)
            return true
        }
    }

    private func awaitKernel() throws(Refusal) {
        do {
            let generation = try kernel.generation()
            if !hear(upTo: generation) { foreign.noteLoss() }
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
    ///
    /// - Parameter lost: the jumps to parts of chains that are no more.
    func keep(
        _ places: [ObjectID: KernelPlace], _ changes: [Change], lost: [ObjectID],
        _ generation: GenerationID
    ) {
        var rows = places.map { (id: $0.key, handle: Optional($0.value.rawValue)) }
        for case .delete(let object) in changes { rows.append((object.id, nil)) }
        rows += lost.map { ($0, nil) }
        head.handles.take(rows)
        head.generation = generation.rawValue
        publish()
        do {
            try store.recordKernel(
                handles: rows,
                kernel: KernelState(
                    bootID: bootID, generation: lacksHandles ? .none : generation))
        } catch {
            // The next start reads the kernel's tables, as its generation is not the one in the store.
            log.error("handles cannot be written", metadata: ["error": "\(error.message)"])
        }
    }

    private func note(_ attempt: Intrusion.Attempt, undone failure: Refusal?) {
        var audited = AuditedRequest(
            peer: .foreign(attempt.origin), action: ForeignRecord.enforcement,
            scopes: attempt.scopes, message: "", request: attempt.request)
        audited.time = attempt.time
        let refusal = failure.map { "It could not be undone: \($0.message)" }
        let count = attempt.commitCount > 1 ? " (\(attempt.commitCount) commits)" : ""
        let what =
            ChangeSummary.text(attempt.changes, from: head.ruleset, to: head.ruleset) + count
        var entry = audited.entry(
            outcome: failure == nil ? .refused : .failed,
            reason: refusal ?? "The table is enforced; undone: \(what).",
            generation: attempt.generation.rawValue)
        entry.version = head.version
        entry.addresses = attempt.changes.addresses
        append(entry)
        log.notice(
            failure == nil
                ? "a change of an enforced table was undone"
                : "a change of an enforced table could not be undone",
            metadata: ["process": "\(attempt.origin.title)", "what": "\(what)"])
    }

    private func append(_ entry: AuditEntry) {
        do {
            _ = try store.appendAudit(entry)
        } catch {
            log.error("the audit log cannot be written", metadata: ["error": "\(error.message)"])
        }
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
