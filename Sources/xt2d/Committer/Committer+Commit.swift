import Glibc
import Logging
import NetlinkProto
import RuleStore

/// A change that is ready to be committed.
struct Proposal {
    var changes: [Change]
    var ruleset: Ruleset
    var graph: ChainGraph
    var nextID: ObjectID
    var kind: VersionKind
    var rolledBackTo: VersionID?
    var audited: AuditedRequest
    /// Which client message an object's change comes from.
    var sequence: (ObjectID) -> SequenceNumber?

    init(
        _ editor: RulesetEditor, _ changes: [Change], kind: VersionKind = .edit,
        rolledBackTo: VersionID? = nil, audited: AuditedRequest
    ) {
        self.changes = changes
        ruleset = editor.ruleset
        graph = editor.graph
        nextID = editor.nextID
        self.kind = kind
        self.rolledBackTo = rolledBackTo
        self.audited = audited
        sequence = { editor.sequence(for: $0) }
    }
}

extension Committer {
    /// Makes a proposal the next version: on disk and live, or not at all.
    ///
    /// - Returns: the version, as it is told to clients.
    /// - Throws: ``Refusal``; neither store nor kernel have changed then, and the audit log says so.
    func commit(_ proposal: Proposal) throws(Refusal) -> VersionMessage {
        do {
            try settle()
        } catch {
            audit(error, proposal.audited)
            throw error
        }
        let version = NewVersion(
            id: head.version.next, time: proposal.audited.time,
            author: proposal.audited.peer.author, message: proposal.audited.message,
            kind: proposal.kind, rolledBackTo: proposal.rolledBackTo)
        var run = CommitRun(proposal: proposal, version: version)
        do {
            run.batch = try plan(proposal, version.id)
        } catch {
            audit(error, proposal.audited)
            throw error
        }
        try carryOut(&run)
        return VersionMessage(version, changeCount: proposal.changes.count)
    }

    private func plan(_ proposal: Proposal, _ version: VersionID) throws(Refusal) -> KernelBatch {
        do {
            return try Layout.batch(
                from: head.ruleset, to: proposal.ruleset, changes: proposal.changes,
                handles: head.handles, plan: batchPlan(version))
        } catch {
            throw Refusal(error, in: proposal.ruleset)
        }
    }

    private func batchPlan(_ version: VersionID) -> BatchPlan {
        BatchPlan(
            generation: GenerationID(rawValue: head.generation),
            marker: Marker(uuid: uuid, version: version), replacesMarker: true,
            adoptsMarkerTable: false, ownership: ownership)
    }

    /// Does what the state machine says until it is at an end.
    private func carryOut(_ run: inout CommitRun) throws(Refusal) {
        var machine = CommitMachine()
        var action = machine.handle(prepare(run))
        while true {
            switch action {
            case .sendBatch: action = machine.handle(send(&run))
            case .readMarker: action = machine.handle(readMarker(&run))
            case .replan: action = machine.handle(resend(&run))
            case .commitInStore: action = machine.handle(mark(run))
            case .abandon(let refusal): action = machine.handle(abandon(run, refusal))
            case .succeed: return adopt(run)
            case .succeedUnmarked:
                unsettled = .mark(run.version.id, handles: run.handleChanges, kernelState(run))
                return adopt(run)
            case .fail(let refusal): throw refusal
            case .failUnremoved(let refusal):
                unsettled = .remove(run.version.id, abandonEntry(run, refusal))
                throw refusal
            }
        }
    }

    // MARK: The actions

    private func prepare(_ run: CommitRun) -> CommitMachine.Event {
        let entry = run.proposal.audited.entry(
            outcome: .committed, version: run.version.id, generation: run.batch?.generation.rawValue ?? 0)
        do {
            try store.prepare(
                run.version, changes: run.proposal.changes, nextObjectID: run.proposal.nextID,
                audit: entry)
            // The store keeps these ids as given out, even if the version comes to nothing.
            nextID = run.proposal.nextID
            return .stored
        } catch {
            let refusal = Refusal(error)
            audit(refusal, run.proposal.audited)
            return .storeFailed(refusal)
        }
    }

    private func send(_ run: inout CommitRun) -> CommitMachine.Event {
        guard let batch = run.batch else { return .refused(Refusal(EIO, "There is no batch.", outcome: .failed)) }
        switch kernel.commit(batch) {
        case .committed(let handles, let complete):
            run.handles = handles
            if !complete { readHandles(&run) }
            return .accepted
        case .refused(let error): return .refused(explain(error, run))
        case .generationMoved: return .generationMoved
        case .unknown(let error):
            return .lost(Refusal(EIO, "The kernel's answer was lost: \(error.description).", outcome: .failed))
        }
    }

    private func resend(_ run: inout CommitRun) -> CommitMachine.Event {
        run.batch?.plan(on: GenerationID(rawValue: head.generation))
        return send(&run)
    }

    private func readMarker(_ run: inout CommitRun) -> CommitMachine.Event {
        do {
            // The generation first: a commit in between makes the next attempt fail, not succeed wrongly.
            head.generation = try kernel.generation().rawValue
            let marker = try kernel.marker()
            if marker == Marker(uuid: uuid, version: head.version) { return .markerIsOld }
            if marker == Marker(uuid: uuid, version: run.version.id) {
                readHandles(&run)
                return .markerIsNew
            }
            return .markerIsForeign(
                Refusal(
                    ESTALE,
                    "Another program has changed or removed the table inet xt2, so it is not known what the kernel runs; restart xt2d to repair it.",
                    outcome: .failed))
        } catch {
            return .markerIsForeign(
                Refusal(EIO, "The kernel cannot be asked what it runs: \(error.description).", outcome: .failed))
        }
    }

    private func mark(_ run: CommitRun) -> CommitMachine.Event {
        do {
            try store.commit(
                run.version.id, handles: run.handleChanges, kernel: kernelState(run))
            return .committed
        } catch {
            log.error(
                "a version is live but cannot be marked in the database",
                metadata: ["version": "\(run.version.id)", "error": "\(error.message)"])
            return .storeFailed(Refusal(error))
        }
    }

    private func abandon(_ run: CommitRun, _ refusal: Refusal) -> CommitMachine.Event {
        do {
            try store.abandon(run.version.id, audit: abandonEntry(run, refusal))
            return .abandoned
        } catch {
            log.error(
                "a refused version cannot be removed from the database",
                metadata: ["version": "\(run.version.id)", "error": "\(error.message)"])
            return .storeFailed(Refusal(error))
        }
    }

    private func abandonEntry(_ run: CommitRun, _ refusal: Refusal) -> AuditEntry {
        run.proposal.audited.entry(
            outcome: .failed, version: run.version.id, reason: refusal.message,
            generation: head.generation)
    }

    /// Goes over to the new version.
    private func adopt(_ run: CommitRun) {
        for (id, handle) in run.handleChanges { head.handles[id] = handle.map { Handle($0) } }
        head.version = run.version.id
        head.ruleset = run.proposal.ruleset
        head.generation = run.generation
        graph = run.proposal.graph
        published.current = head
    }

    private func kernelState(_ run: CommitRun) -> KernelState {
        KernelState(bootID: bootID, generation: run.generation)
    }

    // MARK: Handles and errors

    /// Asks the kernel for handles whose echo was lost.
    private func readHandles(_ run: inout CommitRun) {
        do {
            let dump = try KernelDump.read(kernel, tables: Array(run.proposal.ruleset.tables))
            for (id, handle) in dump.handles(in: run.proposal.ruleset) { run.handles[id] = handle }
        } catch {
            // A rule without a handle cannot be edited until the next start reads them all.
            log.error("handles cannot be read", metadata: ["error": "\(error)"])
        }
    }

    /// Lays a refusal by the kernel to the client's message that it comes from.
    private func explain(_ error: KernelError, _ run: CommitRun) -> Refusal {
        let subject = error.sequence.flatMap { run.batch?.subjects[$0] }
        var refusal = Refusal(
            error.errno, KernelRefusal.sentence(error, subject, run.proposal.ruleset, head.ruleset),
            outcome: .failed)
        refusal.sequence = subject.flatMap(run.proposal.sequence)
        return refusal
    }
}

/// One commit under way.
struct CommitRun {
    let proposal: Proposal
    let version: NewVersion
    var batch: KernelBatch?
    /// Handles that the kernel gave.
    var handles: [ObjectID: Handle] = [:]

    init(proposal: Proposal, version: NewVersion) {
        self.proposal = proposal
        self.version = version
    }

    /// The kernel's generation with this version in it: each commit counts one, and 0 is left out.
    ///
    /// - Source: linux `nf_tables_api.c`, `nf_tables_commit`.
    var generation: UInt32 {
        let next = (batch?.generation.rawValue ?? 0) &+ 1
        return next == 0 ? 1 : next
    }

    /// What changes in the table of handles.
    var handleChanges: [(id: ObjectID, handle: UInt64?)] {
        var changes = handles.map { (id: $0.key, handle: Optional($0.value.rawValue)) }
        for case .delete(let object) in proposal.changes { changes.append((object.id, nil)) }
        return changes
    }
}

extension Refusal {
    /// What a failure to plan a batch means for a client.
    init(_ error: LayoutError, in ruleset: Ruleset) {
        switch error {
        case .unknownHandle(let id):
            self.init(
                EIO, "It is not known where \(ruleset.title(of: id)) lives in the kernel; restart xt2d to find out.",
                outcome: .failed)
        case .damaged(let id, let cause):
            self.init(EIO, "The stored \(ruleset.title(of: id)) is damaged: \(cause).", outcome: .failed)
        case .tooLarge(let cause):
            self.init(EMSGSIZE, "The change does not fit into a message: \(cause.message).")
        case .nameTaken(_, let name):
            self.init(
                EBUSY,
                "The name \(name) becomes free and is used again in the same version, which the kernel cannot do in one step; make two versions."
            )
        }
    }
}

/// The words for a refusal by the kernel.
enum KernelRefusal {
    static func sentence(
        _ error: KernelError, _ subject: ObjectID?, _ new: Ruleset, _ old: Ruleset
    ) -> String {
        if error.origin == .systemCall("sendto") && error.errno == EMSGSIZE {
            return "The change is too large for the kernel's socket buffer; raise net.core.wmem_max, or make several smaller changes."
        }
        guard let subject else { return "The kernel refused the change: \(error.description)." }
        let title = new.object(subject) == nil ? old.title(of: subject) : new.title(of: subject)
        if error.errno == EEXIST && new.object(subject)?.kind == .table {
            return "The kernel already has a \(title) that xt2 did not make; choose another name, or delete it with nft."
        }
        return "The kernel refused \(title): \(error.description)."
    }
}

extension Ruleset {
    /// An object as people know it.
    func title(of id: ObjectID) -> String {
        guard let object = object(id) else { return "object \(id)" }
        return switch object.kind {
        case .table: "table \(object.title)"
        case .rule: "rule \(id) in chain \(object.parent.flatMap { self.object($0)?.name } ?? "?")"
        default: "\(object.kind) \(object.name)"
        }
    }
}
