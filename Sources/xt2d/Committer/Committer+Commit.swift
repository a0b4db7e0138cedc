import Glibc
import Logging
import NetlinkProto
import RuleStore

extension Committer {
    /// Makes a proposal the next version: on disk and live, or not at all.
    ///
    /// - Returns: the version, as it is told to clients.
    /// - Throws: ``Refusal``; neither store nor kernel have changed then, and the audit log says so.
    func commit(_ proposal: Proposal) throws(Refusal) -> VersionMessage {
        var run: CommitRun
        do {
            run = try planRun(proposal)
            if proposal.changesTables { try listen(to: proposal.ruleset) }
        } catch {
            audit(error, proposal.audited)
            throw error
        }
        try carryOut(&run)
        var message = VersionMessage(
            run.last.version, changeCount: proposal.changes.count, confirmation: run.confirmation)
        message.notice = proposal.notices
        return message
    }

    /// Everything of a commit that comes before the first write, but for the batch of a large version, which is only begun.
    func planRun(_ proposal: Proposal) throws(Refusal) -> CommitRun {
        try settle()
        try checkConfirmation(proposal)
        try refuseConflicts(proposal)
        try refuseIntruded(proposal)
        var proposal = proposal
        try keepCounters(of: &proposal, on: head.ruleset)
        let version = proposal.version(head.version.next, on: head.ruleset)
        let part = CommitPart(proposal: proposal, version: version)
        let confirmation = try confirmation(of: proposal, as: version.id)
        let undone = proposal.undone(head.unconfirmed)
        let plan = planning(proposal, version.id)
        var run =
            proposal.isLarge
            ? CommitRun(
                part, confirmation: confirmation, undone: undone,
                on: GenerationID(rawValue: head.generation), making: SideTask { try plan() })
            : CommitRun(
                last: part, confirmation: confirmation, undone: undone, batch: try plan())
        run.places = proposal.places
        return run
    }

    /// Makes a batch; needs nothing of the committer any more.
    typealias Planning = @Sendable () throws(Refusal) -> KernelBatch

    /// The batch that brings the kernel to a version of one proposal.
    private func planning(_ proposal: Proposal, _ version: VersionID) -> Planning {
        if proposal.there == nil, let intrusion = foreign.intrusion, intrusion.failure == nil {
            // Whoever comes again and again would be faster each time, if it were undone first.
            return planning(
                intrusion.changes(to: proposal.ruleset, with: proposal.changes),
                from: intrusion.there, to: proposal.ruleset, proposal.graph,
                counters: proposal.counters, version)
        }
        return planning(
            proposal.kernelChanges ?? proposal.changes, from: proposal.there ?? head.ruleset,
            to: proposal.ruleset, proposal.graph, counters: proposal.counters,
            adopting: proposal.adopting, version)
    }

    /// The batch that brings the kernel from what it has to a version.
    ///
    /// - Parameter adopting: tables that are there and are to become xt2's own.
    func planning(
        _ changes: [Change], from there: Ruleset, to ruleset: Ruleset, _ graph: ChainGraph,
        counters: [ObjectID: [CounterExpression]], adopting: [StoredObject] = [],
        _ version: VersionID
    ) -> Planning {
        let (handles, plan) = (head.handles, batchPlan(version))
        return { () throws(Refusal) in
            do throws(LayoutError) {
                return try Layout.batch(
                    from: there, to: ruleset, changes: changes, handles: handles,
                    graph: graph, counters: counters, adopting: adopting, plan: plan)
            } catch {
                throw Refusal(error, in: ruleset)
            }
        }
    }

    func batchPlan(_ version: VersionID) -> BatchPlan {
        BatchPlan(
            generation: GenerationID(rawValue: head.generation),
            marker: Marker(uuid: uuid, version: version), replacesMarker: true,
            adoptsMarkerTable: false, ownership: ownership)
    }

    /// Does what the state machine says until it is at an end.
    func carryOut(_ run: inout CommitRun) throws(Refusal) {
        var machine = CommitMachine()
        var action = machine.handle(prepare(&run))
        while true {
            switch action {
            case .sendBatch: action = machine.handle(send(&run))
            case .readMarker: action = machine.handle(readMarker(&run))
            case .replan: action = machine.handle(resend(&run))
            case .abandon(let refusal): action = machine.handle(abandon(run, refusal))
            case .succeed:
                mark(run)
                return adopt(run)
            case .fail(let refusal): throw refusal
            case .failUnremoved(let refusal):
                unsettled = .remove(run, refusal)
                throw refusal.adding(
                    "The database could not be written either, so the refused version is still in it: if the host is restarted before the next change, xt2d will try to load it."
                )
            case .failUndecided(let refusal):
                unsettled = .undecided(run)
                var undecided = refusal.adding(
                    "Whether the change is live is found out before the next one, or when xt2d starts again; 'xt2 log' tells then."
                )
                // Not a refusal: the version may well be live.
                undecided.errno = EINPROGRESS
                throw undecided
            }
        }
    }

    // MARK: The actions

    private func prepare(_ run: inout CommitRun) -> CommitMachine.Event {
        let drafts = run.parts.map { $0.draft(on: run.batch.generation) }
        var unplanned: Refusal?
        do {
            try store.prepare(
                drafts, nextObjectID: run.last.proposal.nextID, confirmation: run.confirmation,
                undoing: run.undone
            ) {
                do throws(Refusal) {
                    try run.finishBatch()
                } catch {
                    unplanned = error
                    throw error
                }
            }
            // The store keeps these ids as given out, even if the versions come to nothing.
            nextID = run.last.proposal.nextID
            return .stored
        } catch {
            let refusal = unplanned ?? Refusal(error)
            // Of several, each is tried alone and tells for itself.
            if !run.isShared { audit(refusal, run.last.proposal.audited) }
            return .storeFailed(refusal)
        }
    }

    private func send(_ run: inout CommitRun) -> CommitMachine.Event {
        switch kernel.commit(run.batch) {
        case .committed(let places, let complete):
            run.places.merge(places) { $1 }
            if !complete { readHandles(&run) }
            if run.regardless != nil { catchUp(&run) }
            return .accepted
        case .refused(let error):
            // What others did may be the reason: it is planned again with that taken in.
            let isOvertaken = run.interleaved != nil
            return .refused(isOvertaken ? CommitMachine.overtaken : explain(error, run))
        case .generationMoved: return .generationMoved
        case .unknown(let error):
            // This batch may have changed it.
            run.knownMarker = nil
            return .lost(
                Refusal(
                    EIO, "The kernel's answer was lost: \(error.description).", outcome: .failed))
        }
    }

    private func resend(_ run: inout CommitRun) -> CommitMachine.Event {
        run.batch.plan(
            on: run.regardless ?? run.interleaved?.generation
                ?? GenerationID(rawValue: head.generation))
        return send(&run)
    }

    /// Asks the kernel which version it runs; the generation is taken over only if that is the head.
    func readMarker(_ run: inout CommitRun) -> CommitMachine.Event {
        do {
            // The generation first: a commit in between makes the next attempt fail, not succeed wrongly.
            let generation = try kernel.generation()
            // While this socket owns the marker's table nobody else can change it: one look is enough.
            let marker = run.knownMarker == nil ? try kernel.marker() : run.knownMarker
            if marker == Marker(uuid: uuid, version: marked) {
                if !ownership.isEmpty { run.knownMarker = marker }
                if concernsNobody(run) {
                    run.regardless = generation
                    return .markerIsOld
                }
                if isOvertaken(upTo: generation) {
                    return interleave(&run, upTo: generation)
                        ? .markerIsOld : .overtaken(CommitMachine.overtaken)
                }
                head.generation = generation.rawValue
                return .markerIsOld
            }
            if marker == Marker(uuid: uuid, version: run.last.version.id) {
                run.live = generation
                // What others did between this version and now may have been passed over.
                if foreign.isListening { foreign.noteLoss() }
                readHandles(&run)
                return .markerIsNew
            }
            return .markerIsForeign(CommitMachine.foreignMarker)
        } catch {
            return .markerUnreadable(
                Refusal(
                    EIO, "The kernel cannot be asked what it runs: \(error.description).",
                    outcome: .failed))
        }
    }

    /// Leaves it to the store to write down that a version is the head.
    func mark(_ run: CommitRun) {
        store.commitLater(
            from: run.parts.first?.version.id ?? run.last.version.id, to: run.last.version.id,
            handles: run.handleChanges(head.handles),
            // With others' commits behind it, the kernel has more than the store says yet.
            kernel: run.hasFollowers
                ? KernelState(bootID: bootID, generation: .none) : kernelState(run))
        writeOwedSoon()
    }

    private func abandon(_ run: CommitRun, _ refusal: Refusal) -> CommitMachine.Event {
        noteMemory(leftBy: run.parts.lazy.map(\.proposal.changes))
        do {
            try store.abandon(abandonEntries(run, refusal))
            return .abandoned
        } catch {
            log.error(
                "a refused version cannot be removed from the database",
                metadata: ["version": "\(run.last.version.id)", "error": "\(error.message)"])
            return .storeFailed(Refusal(error))
        }
    }

    /// The audit log's words for versions that came to nothing.
    func abandonEntries(
        _ run: CommitRun, _ refusal: Refusal
    ) -> [(id: VersionID, audit: AuditEntry)] {
        let reason =
            run.isShared
            ? "It was sent together with other changes, which came to nothing, and is tried again alone: \(refusal.message)"
            : refusal.message
        return run.parts.map { part in
            let entry = part.proposal.audited.entry(
                outcome: .failed, version: part.version.id, reason: reason,
                generation: head.generation)
            return (part.version.id, entry)
        }
    }

    /// Goes over to the new version, or to the last of several.
    func adopt(_ run: CommitRun) {
        head.handles.take(run.handleChanges(head.handles))
        head.version = run.last.version.id
        head.ruleset = run.last.proposal.ruleset
        // What others did before is passed over, if it is older than the head.
        if !run.hasMoreBefore { head.generation = run.generation.rawValue }
        graph = run.last.proposal.graph
        marked = run.last.version.id
        followIntrusion(run)
        let proposals = run.parts.map(\.proposal)
        for proposal in proposals {
            texts.follow(
                proposal.changes, texts: proposal.texts, uid: proposal.audited.peer.uid)
        }
        publish()
        noteMemory(leftBy: proposals.lazy.map(\.changes))
        if proposals.contains(where: \.changesTables) { watchHead() }
        if run.undone != nil { close() }
        if let confirmation = run.confirmation { open(confirmation) }
        for part in run.parts {
            feed.publish(
                VersionMessage(
                    part.version, changeCount: part.proposal.changes.count,
                    confirmation: part.version.id == run.last.version.id ? run.confirmation : nil))
        }
        if let theirs = run.interleaved { keep(interleaved: theirs.intake, behind: run) }
    }

    /// What the store keeps of the kernel; while handles are missing or something is not undone, what makes the next start look again.
    func kernelState(_ run: CommitRun) -> KernelState {
        KernelState(
            bootID: bootID,
            generation: lacksHandles || leavesIntrusion(run) || foreign.mustRead
                || run.hasMoreBefore ? .none : run.generation)
    }

    // MARK: Handles and errors

    /// Asks the kernel for handles whose echo was lost.
    func readHandles(_ run: inout CommitRun) {
        do {
            let ruleset = run.last.proposal.ruleset
            let dump = try KernelDump.read(kernel, tables: Array(ruleset.tables))
            for (id, place) in dump.places(in: ruleset) { run.places[id] = place }
            lacksHandles = false
        } catch {
            lacksHandles = true
            log.error("handles cannot be read", metadata: ["error": "\(error.description)"])
        }
    }

    /// Lays a refusal by the kernel to the client's message that it comes from.
    private func explain(_ error: KernelError, _ run: CommitRun) -> Refusal {
        let subject = error.sequence.flatMap { run.batch.subjects[$0] }
        var refusal = Refusal(
            error.errno,
            KernelRefusal.sentence(error, subject, run.last.proposal.ruleset, head.ruleset),
            outcome: .failed)
        // Of several, each is tried alone and told of its own messages.
        refusal.sequence = run.isShared ? nil : subject.flatMap(run.last.proposal.sequence)
        return refusal
    }
}
