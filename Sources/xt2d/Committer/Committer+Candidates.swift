import Glibc
import Logging
import NetlinkProto
import RuleStore

extension Committer {
    /// Begins a candidate on the head.
    func begin(reason: String?, peer: Peer) throws(Refusal) -> CandidateMessage {
        let audited = request("begin", reason ?? "", peer)
        do {
            try authorise(peer, .edit)
            try checkRoom()
            let candidate = try store.createCandidate(
                base: head.version, created: .now, uid: peer.uid, gid: peer.gid, message: reason)
            note(audited, .committed)
            return CandidateMessage(candidate)
        } catch {
            throw refuse(error, audited)
        }
    }

    /// Throws a candidate away.
    func abort(_ id: CandidateID, peer: Peer) throws(Refusal) {
        let audited = request("abort", "", peer)
        do {
            try authorise(peer, .edit)
            try store.deleteCandidate(id)
            note(audited, .committed)
        } catch {
            throw refuse(error, audited)
        }
    }

    /// Makes a candidate the next version.
    ///
    /// - Returns: the version; `unchanged` if the candidate comes to nothing; `checked` if that was asked for.
    /// - Throws: ``Refusal`` with ERESTART that names each conflict with versions newer than the candidate.
    func commitCandidate(
        _ id: CandidateID, _ request: CandidateMessage, peer: Peer
    ) throws(Refusal) -> EditReply {
        let reason = request.reason
        var audited = self.request("commit", reason ?? "", peer)
        do {
            try authorise(peer, .edit)
            try settle()
            let candidate = try store.candidate(id)
            audited.message = reason ?? candidate.message ?? ""
            let reply = try onTopOfForeign { () throws -> EditReply in
                let editor = try self.editor(on: candidate)
                let changes = try editor.changes()
                audited.scopes = changes.scopes(in: [head.ruleset, editor.ruleset])
                if changes.isEmpty { return .unchanged(head.version) }
                let proposal = Proposal(
                    editor, changes, confirmSeconds: request.confirm, audited: audited)
                if request.check { return .checked(try check(proposal)) }
                return .version(try commitAudited(proposal), [])
            }
            if !request.check { forget(id) }
            return reply
        } catch {
            throw refuse(error, audited)
        }
    }

    /// Deletes a candidate that has become a version.
    ///
    /// The version is live whatever comes of this.
    private func forget(_ id: CandidateID) {
        do {
            try store.deleteCandidate(id)
        } catch {
            log.error(
                "a committed candidate cannot be deleted",
                metadata: ["candidate": "\(id)", "error": "\(error.message)"])
        }
    }

    /// The head with a candidate's changes, and which version that is on.
    func ruleset(of id: CandidateID) throws(Refusal) -> (VersionID, Ruleset) {
        do {
            return (head.version, try editor(on: try store.candidate(id)).ruleset)
        } catch {
            throw Refusal(any: error)
        }
    }

    /// What a candidate would change on the head.
    func preview(_ id: CandidateID) throws(Refusal) -> RulesetDiff {
        do {
            let editor = try self.editor(on: try store.candidate(id))
            return RulesetDiff(
                changes: try editor.changes(), old: head.ruleset, new: editor.ruleset)
        } catch {
            throw Refusal(any: error)
        }
    }

    /// Puts edits into a candidate, checked against the head with the candidate's earlier edits.
    func stage(
        _ batch: EditBatch, _ edits: EditList, in id: CandidateID, _ audited: AuditedRequest
    ) throws(Refusal) -> EditReply {
        do {
            let candidate = try store.candidate(id)
            let before = try self.editor(on: candidate)
            var editor = RulesetEditor(before.ruleset, graph: before.graph, nextID: nextID)
            try edits.forEach { edit throws(Refusal) in try editor.apply(edit) }
            let changes = try editor.changes()
            let operations = try changes.map(ChangeCodec.encode)
            try checkSize(of: candidate, with: operations)
            try store.append(
                operations, to: id, nextObjectID: editor.nextID)
            // Ids that a candidate uses are never given to anything else.
            nextID = editor.nextID
            note(audited, .staged)
            let count = candidate.operationCount + changes.count
            return .candidate(
                CandidateMessage(candidate, operationCount: count), editedRules(editor, batch))
        } catch {
            throw Refusal(any: error)
        }
    }

    /// Writes a success that makes no version to the audit log; it stays a success if that fails.
    func note(_ audited: AuditedRequest, _ outcome: AuditOutcome) {
        do {
            _ = try store.appendAudit(audited.entry(outcome: outcome, generation: head.generation))
        } catch {
            log.error("the audit log cannot be written", metadata: ["error": "\(error.message)"])
        }
    }

    /// An editor with a candidate's changes applied to the head.
    private func editor(on candidate: Candidate) throws -> RulesetEditor {
        var editor = editor()
        var conflicts: [String] = []
        let respaced = try respacedChains(since: candidate.base)
        for group in try operations(of: candidate) {
            if group.count > 1, (try? editor.applyRespacing(group)) != nil { continue }
            for change in group {
                if change.after != nil, change.object.kind == .rule,
                    change.object.parent.map(respaced.contains) == true
                {
                    let title = change.object.title(among: [editor.ruleset, head.ruleset])
                    conflicts.append(
                        "where \(title) is to stand is not known any more, since the rules there got new places"
                    )
                    continue
                }
                do {
                    try editor.applyStaged(change)
                } catch {
                    conflicts.append(conflict(change, error, editor.ruleset))
                }
            }
        }
        guard conflicts.isEmpty else {
            throw Refusal(
                ERESTART,
                "Candidate \(candidate.id), begun on version \(candidate.base), conflicts with the head, version \(head.version): "
                    + conflicts.prefix(Committer.conflictsShown).joined(separator: "; ")
                    + ". Abort it and begin again.")
        }
        return editor
    }

    /// The changes of a candidate in order; those that follow each other and only give rules of a chain other keys are together.
    private func operations(of candidate: Candidate) throws -> [[Change]] {
        var groups: [[Change]] = []
        for bytes in try store.operations(of: candidate.id) {
            let change = try ChangeCodec.decode(bytes)
            if let last = groups.last?.last, last.isRespacing, change.isRespacing,
                last.object.parent == change.object.parent, last.id != change.id
            {
                groups[groups.count - 1].append(change)
            } else {
                groups.append([change])
            }
        }
        return groups
    }

    /// The chains whose rules have got other keys since a version, without having moved: a key of then says nothing about a place now.
    private func respacedChains(since base: VersionID) throws -> Set<ObjectID> {
        guard base != head.version else { return [] }
        do {
            let changes = try store.diff(from: base, to: head.version)
            guard changes.contains(where: \.isRespacing) else { return [] }
            var old = head.ruleset
            try old.apply(changes.map(\.inverse))
            return RuleMoves(changes, from: old, to: head.ruleset).respacedChains
        } catch let error as StoreError where error.code == .pruned {
            return []
        }
    }

    private static let conflictsShown = 16

    /// One conflict in words: what the candidate wants, and which version is in its way.
    private func conflict(
        _ change: Change, _ error: RulesetError, _ ruleset: Ruleset
    ) -> String {
        let verb =
            switch change {
            case .add: "adds"
            case .delete: "deletes"
            case .modify: "changes"
            }
        var title = change.object.title(among: [ruleset, head.ruleset])
        if change.object.kind == .rule, let chain = change.object.parent,
            ruleset.object(chain) == nil, head.ruleset.object(chain) == nil,
            let gone = try? store.history(of: chain).last?.object
        {
            title = "rule \(change.id) of chain \(gone.name)"
        }
        let culprit = culprit(of: change, ruleset)
        return "it \(verb) \(title), but \(culprit ?? error.message)"
    }

    /// Which version made a change impossible, and how.
    private func culprit(of change: Change, _ ruleset: Ruleset) -> String? {
        let missing = ruleset.object(change.id) == nil && change.before != nil
        let parent = change.object.parent.flatMap { ruleset.object($0) == nil ? $0 : nil }
        let subject = missing || change.before != nil ? change.id : parent
        guard let subject, let record = try? store.history(of: subject).last else { return nil }
        if let died = record.died {
            return subject == change.id
                ? "version \(died) deleted it"
                : "version \(died) deleted its \(record.object.kind) \(record.object.name)"
        }
        return record.born > (try? store.head()) ?? .empty
            ? nil : "version \(record.born) changed it"
    }

    private func request(_ action: String, _ message: String, _ peer: Peer) -> AuditedRequest {
        AuditedRequest(peer: peer, action: action, scopes: [], message: message)
    }

    /// Writes a failure to the audit log, unless it is there already, and gives it its final form.
    private func refuse(_ error: any Error, _ audited: AuditedRequest) -> Refusal {
        let refusal = Refusal(any: error)
        if !refusal.isAudited { audit(refusal, audited) }
        return refusal
    }
}

extension Refusal {
    /// The refusal in an error of any of the layers below.
    init(any error: any Error) {
        switch error {
        case let refusal as Refusal: self = refusal
        case let error as StoreError: self.init(error)
        case let error as WireError:
            self.init(
                EIO, "The database holds a change that cannot be read: \(error).", outcome: .failed)
        case let error as KernelError:
            self.init(EIO, "The kernel cannot be asked: \(error.description).", outcome: .failed)
        case let error as RulesetError: self.init(EIO, error.message.asSentence, outcome: .failed)
        default: self.init(EIO, "\(error)", outcome: .failed)
        }
    }
}

extension Change {
    /// Whether it gives a rule another key and nothing else.
    fileprivate var isRespacing: Bool {
        guard case .modify(let before, let after) = self, before.kind == .rule else { return false }
        return before.orderKey != after.orderKey && before.body == after.body
    }
}

extension CandidateMessage {
    init(_ candidate: Candidate, operationCount: Int) {
        self.init(
            id: candidate.id.rawValue, base: candidate.base.rawValue,
            time: UInt64(clamping: candidate.created.rawValue), uid: candidate.uid,
            operationCount: UInt32(clamping: operationCount), reason: candidate.message)
    }
}

extension VersionMessage {
    init(_ version: NewVersion, changeCount: Int, confirmation: Confirmation? = nil) {
        self.init(
            version: version.id.rawValue, time: UInt64(clamping: version.time.rawValue),
            uid: version.author.uid, gid: version.author.gid,
            pid: UInt32(bitPattern: version.author.pid), process: version.author.process,
            kind: version.kind.number, rolledBackTo: version.rolledBackTo?.rawValue,
            changeCount: UInt32(clamping: changeCount), reason: version.message,
            summary: version.summary.isEmpty ? nil : version.summary,
            confirmation: confirmation.map { $0.state.number.rawValue },
            deadline: confirmation.map { UInt64(clamping: $0.deadline.rawValue) },
            settledBy: confirmation?.settledBy?.rawValue, reverts: version.reverts?.rawValue)
    }

    init(_ version: Version) {
        self.init(
            version.description, changeCount: version.changeCount,
            confirmation: version.confirmation)
        tag = version.tags
        pruned = version.isPruned
    }
}

extension Confirmation.State {
    /// The number on the wire.
    var number: ConfirmationState {
        switch self {
        case .open: .open
        case .confirmed: .confirmed
        case .reverted: .reverted
        }
    }
}

extension VersionKind {
    /// The number on the wire.
    var number: UInt8 {
        switch self {
        case .edit: VersionMessageKind.edit.rawValue
        case .rollback: VersionMessageKind.rollback.rawValue
        case .recovery: VersionMessageKind.recovery.rawValue
        case .foreign: VersionMessageKind.foreign.rawValue
        case .revert: VersionMessageKind.revert.rawValue
        }
    }
}

extension StoredObject {
    /// An object in words, with the chain or table that it belongs to.
    func title(among rulesets: [Ruleset]) -> String {
        let place = place(in: rulesets)
        return switch kind {
        case .table: "table \(title)"
        case .rule: "rule \(id) of chain \(place?.chain?.name ?? "that is gone")"
        default: "\(kind) \(name)"
        }
    }
}

extension AuditOutcome {
    /// The edits are in a candidate; nothing is live.
    static let staged = AuditOutcome(rawValue: "staged")
}
