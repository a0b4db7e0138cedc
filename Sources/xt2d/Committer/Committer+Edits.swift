import Glibc
import NetlinkProto
import RuleStore

extension Committer {
    /// Carries a client's batch out by itself: as the next version, or as part of a candidate.
    ///
    /// - Throws: ``Refusal``; nothing has changed then.
    func editAlone(_ batch: EditBatch, peer: Peer) throws(Refusal) -> EditReply {
        var audited = batch.attempt(by: peer)
        do {
            let edits = try read(batch, by: peer, &audited)
            if let candidate = batch.options.candidate {
                try settle()
                try checkExpectation(batch.options, on: head.version)
                try refuseConfirmation(batch.options)
                return try stage(batch, edits, in: CandidateID(rawValue: candidate), audited)
            }
            return try onTopOfForeign {
                try commit(batch, edits, audited)
            }
        } catch {
            if !error.isAudited { audit(error, audited) }
            throw error.at(batch.sequence)
        }
    }

    /// The edits of somebody who may make them.
    func read(
        _ batch: EditBatch, by peer: Peer, _ audited: inout AuditedRequest
    ) throws(Refusal) -> EditList {
        // Of a user who may not write, only the attempt is kept, not the text.
        if !configuration.allows(peer, .edit) { audited.message = "" }
        try authorise(peer, .edit)
        let edits = try batch.edits()
        audited = batch.audited(by: peer)
        return edits
    }

    private func commit(
        _ batch: EditBatch, _ edits: EditList, _ audited: AuditedRequest
    ) throws(Refusal) -> EditReply {
        let options = batch.options
        try checkExpectation(options, on: head.version)
        let editor = try edited(edits, batch.received.draft)
        let changes = try editor.changes()
        if changes.isEmpty {
            if !options.check, !editor.recounted.isEmpty {
                try recount(editor.counters)
                note(audited, .committed)
            }
            return .unchanged(head.version)
        }
        let proposal = Proposal(
            editor, changes, confirmSeconds: options.confirm, audited: audited)
        if options.check {
            let diff = RulesetDiff(changes: changes, old: head.ruleset, new: editor.ruleset)
            return .checked(try check(proposal), options.changes ? diff : nil)
        }
        return .version(try commitAudited(proposal), editedRules(editor, batch))
    }

    /// The head with the edits: as they were worked out while they came, if it is still the same head.
    private func edited(_ edits: EditList, _ draft: EditDraft?) throws(Refusal) -> RulesetEditor {
        if let editor = try draft?.editor(on: head.version, nextID: nextID) { return editor }
        var editor = editor()
        try edits.forEach { edit throws(Refusal) in try editor.apply(edit) }
        return editor
    }

    /// What a proposal would come to: everything up to the kernel.
    func check(_ proposal: Proposal) throws(Refusal) -> CheckMessage {
        var proposal = proposal
        try checkLockout(&proposal, on: head.ruleset)
        var run = try planRun(proposal)
        try run.finishBatch()
        return CheckMessage(
            version: run.last.version.id.rawValue,
            changeCount: UInt32(clamping: proposal.changes.count),
            messageCount: UInt32(clamping: run.batch.messageCount),
            byteCount: UInt64(run.batch.bytes.count), summary: run.last.version.summary)
    }

    /// A candidate is confirmed or checked when it is committed, not edit by edit.
    private func refuseConfirmation(_ options: BatchOptions) throws(Refusal) {
        guard options.confirm != nil || options.check else { return }
        throw Refusal(
            EINVAL,
            "Edits that go into a candidate change nothing yet; say --confirm or --check to 'xt2 commit'."
        )
    }

    /// Commits, and marks a refusal as written to the audit log already.
    func commitAudited(_ proposal: Proposal) throws(Refusal) -> VersionMessage {
        var proposal = proposal
        try checkLockout(&proposal, on: head.ruleset)
        do {
            return try commit(proposal)
        } catch {
            var refusal = error
            refusal.isAudited = true
            throw refusal
        }
    }

    /// Refuses a batch that was meant for another version than the one it would be built on.
    func checkExpectation(_ options: BatchOptions, on base: VersionID) throws(Refusal) {
        guard let expected = options.expectedHead, expected != base.rawValue else { return }
        throw Refusal(
            ERESTART,
            "The ruleset is at version \(base), not at \(expected) as expected; look at the difference and try again."
        )
    }

    /// The rules that the client asked to have echoed.
    func editedRules(_ editor: RulesetEditor, _ batch: EditBatch) -> [EditedRule] {
        let wanted = Set(batch.received.echoed)
        if wanted.isEmpty { return [] }
        return editor.editedRules.compactMap { sequence, id in
            guard wanted.contains(sequence), let rule = editor.ruleset.object(id),
                let message = RuleMessage(rule, in: editor.ruleset, handles: head.handles)
            else { return nil }
            return EditedRule(sequence: sequence, message: message)
        }
    }

    // MARK: Rollback

    /// Makes a new version whose content is that of an older one.
    ///
    /// - Returns: the version, or nil if the head has that content already.
    func rollback(_ request: RollbackRequest, peer: Peer) throws(Refusal) -> VersionMessage? {
        let audited = AuditedRequest(
            peer: peer, action: "rollback", scopes: [], message: request.reason ?? "")
        do {
            try authorise(peer, .rollback)
            return try onTopOfForeign {
                try rollback(
                    to: VersionID(rawValue: request.version), confirmSeconds: request.confirm,
                    audited)
            }
        } catch {
            if !error.isAudited { audit(error, audited) }
            throw error
        }
    }

    private func rollback(
        to version: VersionID, confirmSeconds: UInt32?, _ audited: AuditedRequest
    ) throws(Refusal) -> VersionMessage? {
        var changes = try diff(from: head.version, to: version)
        if changes.isEmpty { return nil }
        let found = try takeInFound(changes)
        if found != nil { changes = try diff(from: head.version, to: version) }
        var editor = editor()
        do {
            try editor.apply(changes)
        } catch {
            throw Refusal(
                EIO, "Version \(version) cannot be brought back: \(error.message).",
                outcome: .failed)
        }
        var audited = audited
        audited.scopes = changes.scopes(in: [head.ruleset, editor.ruleset])
        var proposal = Proposal(
            editor, editor.knownChanges, kind: .rollback, rolledBackTo: version,
            confirmSeconds: confirmSeconds, audited: audited)
        proposal.adopting = found ?? []
        try proposal.leaveAdopted(of: head.ruleset)
        return try commitAudited(proposal)
    }

    private func diff(from old: VersionID, to new: VersionID) throws(Refusal) -> [Change] {
        do {
            return try store.diff(from: old, to: new)
        } catch {
            throw Refusal(error)
        }
    }

    // MARK: Counters

    /// Sets the counters of a chain, a table or everything to zero.
    ///
    /// No version: counters are state.
    func zero(_ message: RuleMessage?, family: Family, peer: Peer) throws(Refusal) {
        let scope = message.map {
            AuditScope(family: $0.family.rawValue, table: $0.table, chain: $0.chain)
        }
        let audited = AuditedRequest(
            peer: peer, action: "zero", scopes: scope.map { [$0] } ?? [], message: "")
        do {
            try authorise(peer, .edit)
            if let message, message.handle != nil || message.index != nil {
                try zeroRule(message)
            } else {
                let tables = try tables(message, family)
                for table in tables { try zero(table, chain: message?.chain) }
                try zeroPolicies(of: tables, chain: message?.chain)
            }
            note(audited, .committed)
        } catch {
            let refusal = Refusal(any: error)
            audit(refusal, audited)
            throw refusal
        }
    }

    private func tables(
        _ message: RuleMessage?, _ family: Family
    ) throws(Refusal) -> [StoredObject] {
        guard let message else {
            return head.ruleset.tables.filter {
                family == .unspecified || $0.family == family.rawValue
            }
        }
        guard
            let table = head.ruleset.table(family: message.family.rawValue, name: message.table)
        else {
            throw Refusal.noTable(
                TableName(family: message.family.rawValue, name: message.table), in: head.ruleset)
        }
        if let chain = message.chain,
            head.ruleset.child(of: table.id, kind: .chain, name: chain) == nil
        {
            throw Refusal(ENOENT, "There is no chain \(chain) in table \(table.title).")
        }
        return [table]
    }

    /// Sets the counters of the one rule to zero that a message names by id or index.
    private func zeroRule(_ message: RuleMessage) throws(Refusal) {
        guard let table = try tables(message, message.family).first,
            let chain = head.ruleset.child(
                of: table.id, kind: .chain, name: message.chain ?? ""),
            let id = message.handle.map({ ObjectID(rawValue: $0.rawValue) })
                ?? message.index.flatMap({ head.ruleset.ruleID(at: Int($0), of: chain.id) }),
            head.ruleset.object(id)?.parent == chain.id, let place = head.handles[id]
        else { throw Refusal(ENOENT, "There is no such rule in chain \(message.chain ?? "").") }
        do {
            try kernel.resetRule(
                RuleMessage(
                    family: message.family, table: table.name, chain: place.chain(chain.name),
                    handle: place.handle))
        } catch {
            throw Refusal(
                error.errno, "The kernel cannot reset the rule's counters: \(error.description).",
                outcome: .failed)
        }
    }

    private func zero(_ table: StoredObject, chain: String?) throws(Refusal) {
        do {
            // A dump that was interrupted has reset a part; doing it again does no harm.
            let chains = head.kernelChains(chain, of: table)
            try kernel.stable { () throws(KernelError) in
                for chain in chains {
                    try kernel.dump(.getRuleReset, family: Family(rawValue: table.family)) {
                        writer in
                        writer.attribute(1, string: table.name)
                        if let chain { writer.attribute(2, string: chain) }
                    } _: { _ in
                    }
                }
            }
        } catch {
            throw Refusal(
                error.errno, "The kernel cannot reset counters: \(error.description).",
                outcome: .failed)
        }
    }
}

extension [Change] {
    /// The tables and chains that the changes touch.
    func scopes(in rulesets: [Ruleset]) -> [AuditScope] {
        var scopes = Set<AuditScope>()
        for change in self {
            guard let place = change.object.place(in: rulesets) else { continue }
            scopes.insert(
                AuditScope(
                    family: place.table.family, table: place.table.name, chain: place.chain?.name))
        }
        return scopes.map { $0 }
    }
}

extension StoredObject {
    /// The table and, for chains and rules, the chain, for elements the name of the set that an object belongs to, in the first
    /// ruleset that has them.
    func place(
        in rulesets: [Ruleset]
    ) -> (table: StoredObject, chain: StoredObject?, set: String?)? {
        func find(_ id: ObjectID?) -> StoredObject? {
            id.flatMap { id in rulesets.lazy.compactMap { $0.object(id) }.first }
        }
        switch kind {
        case .table: return (self, nil, nil)
        case .rule:
            guard let chain = find(parent), let table = find(chain.parent) else { return nil }
            return (table, chain, nil)
        case .element:
            guard let set = find(parent), let table = find(set.parent) else { return nil }
            return (table, nil, set.name)
        case .chain: return find(parent).map { ($0, self, nil) }
        default: return find(parent).map { ($0, nil, nil) }
        }
    }
}

extension RuleMessage {
    /// A stored rule, as clients see it; nil if its chain is gone.
    init?(_ rule: StoredObject, in ruleset: Ruleset, handles: RuleHandles) {
        guard let place = rule.place(in: [ruleset]), let chain = place.chain,
            let body = try? RuleBody(encoded: rule.body)
        else { return nil }
        self.init(
            family: Family(rawValue: place.table.family), table: place.table.name,
            chain: chain.name, handle: Handle(rule.id.rawValue),
            index: ruleset.ruleIndex(of: rule.id).map { UInt32(clamping: $0) },
            kernelHandle: handles[rule.id]?.handle, body: body)
    }
}
