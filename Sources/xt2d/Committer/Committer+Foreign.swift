import Glibc
import Logging
import NetlinkProto
import RuleStore

// What other programs do to tables that they may change: recorded as versions of their own, or undone.
extension Committer {
    // MARK: Listening

    /// Sees to it that the kernel tells of what others do to the watched tables of the head and of a ruleset that is to follow.
    ///
    /// Called before such a table becomes part of the head, so that nothing is missed in between.
    func listen(to ruleset: Ruleset) throws(Refusal) {
        guard let monitor else { return }
        let tables = head.ruleset.watchedTables + ruleset.watchedTables
        monitor.inbox.watched = Set(tables.map { TableName($0) } + foreign.lapsed.keys)
        if !tables.isEmpty || !foreign.lapsed.isEmpty { try beginListening() }
    }

    /// Has the kernel tell of commits from now on.
    func beginListening() throws(Refusal) {
        guard let monitor, !foreign.isListening else { return }
        do {
            try monitor.join()
            foreign.isListening = true
            // Whatever came before this is not told any more.
            let generation = try kernel.generation()
            monitor.inbox.begin(
                at: generation, isComplete: generation.rawValue == head.generation)
        } catch {
            throw Refusal(
                error.errno, "The kernel's events cannot be listened to: \(error.description).",
                outcome: .failed)
        }
    }

    /// Limits what is kept of the kernel's events to the tables of the head, and those that may come back.
    func watchHead() {
        let tables = head.ruleset.watchedTables
        for table in tables { foreign.lapsed[TableName(table)] = nil }
        monitor?.inbox.watched = Set(tables.map { TableName($0) } + foreign.lapsed.keys)
    }

    /// The inbox calls: something has come.
    func foreignHasCome() {
        do {
            try settle()
            try takeInForeign()
        } catch {
            log.error(
                "what other programs did is not taken in yet", metadata: ["why": "\(error.message)"]
            )
        }
    }

    // MARK: Before and after a client's change

    /// Plans and commits a client's change on top of all that others have done; again, if they do more meanwhile.
    ///
    /// - Throws: ``Refusal``: ERESTART if others touched what the change is about.
    func onTopOfForeign<Result>(_ body: () throws -> Result) throws(Refusal) -> Result {
        try settle()
        try takeInForeign()
        foreign.overtaken = [:]
        defer { foreign.overtaken = [:] }
        for _ in 0..<CommitMachine.replanLimit {
            do {
                return try body()
            } catch {
                let refusal = Refusal(any: error)
                guard refusal.isOvertaken else { throw explained(refusal) }
                try takeInForeign()
            }
        }
        throw Refusal(
            EAGAIN, "Other programs change the watched tables without a pause; try again.",
            outcome: .failed)
    }

    /// A change that was in order before others did something: what they did is in its way.
    private func explained(_ refusal: Refusal) -> Refusal {
        guard !refusal.isConflict, refusal.outcome == .refused,
            let other = foreign.overtaken.values.max(by: { $0.id < $1.id })
        else { return refusal }
        var conflict = refusal.adding(
            "Meanwhile \(ForeignProcess(other.author).title) changed the ruleset: version \(other.id)."
        )
        conflict.errno = ERESTART
        return conflict
    }

    /// Refuses a change of what others have changed since it was planned first.
    func refuseConflicts(_ proposal: Proposal) throws(Refusal) {
        guard !foreign.overtaken.isEmpty else { return }
        let conflicts = proposal.changes.compactMap { change -> String? in
            guard let version = foreign.overtaken[change.id] else { return nil }
            let title = change.object.title(among: [proposal.ruleset, head.ruleset])
            return
                "\(title) was changed by \(ForeignProcess(version.author).title) in version \(version.id)"
        }
        guard !conflicts.isEmpty else { return }
        var refusal = Refusal(
            ERESTART,
            "A conflict with what another program did meanwhile: "
                + conflicts.prefix(Committer.namedConflicts).joined(separator: "; ")
                + ". Look at the difference and try again.")
        refusal.isConflict = true
        throw refusal
    }

    private static let namedConflicts = 16

    /// Whether others did something to watched tables up to a generation; nothing is taken in.
    func isOvertaken(upTo generation: GenerationID) -> Bool {
        guard foreign.isListening, let inbox = monitor?.inbox else { return false }
        if !inbox.wait(for: generation) { foreign.noteLoss() }
        collect()
        return !foreign.isSettled
    }

    // MARK: Taking in

    /// Moves what has come to the backlog.
    private func collect() {
        guard let content = monitor?.inbox.take() else { return }
        if content.isIncomplete { foreign.noteLoss() }
        let seen = GenerationID(rawValue: head.generation)
        foreign.backlog += content.commits.filter { $0.generation.isAfter(seen) }
    }

    /// Takes in everything that others have done so far.
    ///
    /// - Throws: ``Refusal`` if it cannot be written down or undone now; it is tried again later.
    func takeInForeign() throws(Refusal) {
        guard foreign.isListening, unsettled == nil else { return }
        for _ in 0..<CommitMachine.replanLimit {
            collect()
            while !foreign.mustRead, let commit = foreign.backlog.first { try takeIn(commit) }
            if foreign.mustRead { try readWatched() }
            guard foreign.intrusion != nil else { return }
            try undoIntrusion()
            if foreign.isSettled { return }
        }
    }

    /// Takes in one commit.
    private func takeIn(_ commit: KernelCommit) throws(Refusal) {
        let seen = GenerationID(rawValue: head.generation)
        guard commit.generation.isAfter(seen) else {
            foreign.backlog.removeFirst()
            return
        }
        let there = foreign.intrusion?.there ?? head.ruleset
        var editor = ForeignEditor(
            there, handles: head.handles, nextID: nextID, lapsed: foreign.lapsed)
        do {
            try editor.apply(commit.messages)
        } catch {
            log.notice(
                "the watched tables are read again", metadata: ["why": "\(error.message)"])
            foreign.mustRead = true
            return
        }
        let account = Account(
            changes: editor.changes, before: there, after: editor.ruleset,
            handles: editor.handles, nextID: editor.nextID, origin: commit.origin,
            time: commit.time, generation: commit.generation,
            request: Array(commit.messages.joined().prefix(AuditedRequest.requestBytes)))
        try takeIn(account)
        foreign.backlog.removeFirst()
    }

    /// What others did, worked out.
    private struct Account {
        let changes: [Change]
        let before: Ruleset
        let after: Ruleset
        let handles: RuleHandles
        let nextID: ObjectID
        let origin: ForeignProcess
        let time: Timestamp
        let generation: GenerationID
        let request: [UInt8]
        var message = ""
    }

    /// Records what was done to observed tables, and notes what was done to enforced ones.
    private func takeIn(_ account: Account) throws(Refusal) {
        let rulesets = [account.before, account.after]
        let enforced = account.changes.within(.enforced, rulesets)
        let observed = account.changes.within(.observed, rulesets)
        let version = observed.isEmpty ? nil : try record(observed, account)
        nextID = max(nextID, account.nextID)
        head.handles = account.handles
        head.generation = account.generation.rawValue
        published.current = head
        if let version { feed.publish(VersionMessage(version, changeCount: observed.count)) }
        guard !enforced.isEmpty || foreign.intrusion != nil else { return }
        var intrusion = foreign.intrusion ?? ForeignState.Intrusion(there: account.after)
        intrusion.there = account.after
        if !enforced.isEmpty {
            intrusion.attempts.append(
                ForeignState.Attempt(
                    origin: account.origin, time: account.time, generation: account.generation,
                    changes: enforced, scopes: enforced.scopes(in: rulesets),
                    request: account.request))
        }
        foreign.intrusion = intrusion
    }

    // MARK: Observed tables

    /// Makes what others did to observed tables a version.
    private func record(
        _ changes: [Change], _ account: Account
    ) throws(Refusal) -> NewVersion {
        let version = NewVersion(
            id: head.version.next, time: account.time, author: account.origin.author,
            message: account.message, kind: .foreign,
            summary: ChangeSummary.text(changes, from: account.before, to: account.after))
        var audited = AuditedRequest(
            peer: .foreign(account.origin), action: ForeignRecord.action,
            scopes: changes.scopes(in: [account.before, account.after]), message: account.message)
        audited.time = account.time
        var ruleset = head.ruleset
        do {
            try ruleset.apply(changes)
        } catch {
            throw Refusal(EIO, "A foreign change does not fit: \(error.message).", outcome: .failed)
        }
        do {
            try store.prepare(
                version, changes: changes, nextObjectID: account.nextID,
                audit: audited.entry(
                    outcome: .committed, version: version.id,
                    generation: account.generation.rawValue))
        } catch {
            throw Refusal(error)
        }
        let mark = ForeignMark(
            version: version.id,
            handles: changes.map { ($0.id, account.handles[$0.id]?.rawValue) },
            kernel: KernelState(bootID: bootID, generation: account.generation.rawValue))
        do {
            try store.commit(mark.version, handles: mark.handles, kernel: mark.kernel)
        } catch {
            // It is on disk; it becomes the head there before the next version.
            unsettled = .markForeign(mark)
        }
        goOver(to: version, changes, ruleset)
        return version
    }

    private func goOver(to version: NewVersion, _ changes: [Change], _ ruleset: Ruleset) {
        for change in changes {
            graph.apply(change, from: head.ruleset, to: ruleset)
            foreign.overtaken[change.id] = version
            if case .delete(let table) = change, let watch = table.watch {
                foreign.lapsed[TableName(table)] = LapsedTable(id: table.id, watch: watch)
            } else if change.object.kind == .table {
                foreign.lapsed[TableName(change.object)] = nil
            }
        }
        head.version = version.id
        head.ruleset = ruleset
        log.info(
            "another program changed observed tables",
            metadata: [
                "version": "\(version.id)", "process": "\(version.author.process)",
                "pid": "\(version.author.pid)",
            ])
    }

    // MARK: Enforced tables

    /// Puts enforced tables back to what the head says, and writes each attempt to the audit log.
    private func undoIntrusion() throws(Refusal) {
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
    private func keep(
        _ handles: [ObjectID: Handle], _ changes: [Change], _ generation: GenerationID
    ) {
        var rows = handles.map { (id: $0.key, handle: Optional($0.value.rawValue)) }
        for case .delete(let object) in changes { rows.append((object.id, nil)) }
        for (id, handle) in rows { head.handles[id] = handle.map { Handle($0) } }
        head.generation = generation.rawValue
        published.current = head
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
        do {
            _ = try store.appendAudit(entry)
        } catch {
            log.error("the audit log cannot be written", metadata: ["error": "\(error.message)"])
        }
        log.notice(
            "a change of an enforced table was undone",
            metadata: ["process": "\(attempt.origin.title)", "what": "\(what)"])
    }

    // MARK: Reading

    /// Reads the watched tables, and takes in what differs from what is known.
    func readWatched() throws(Refusal) {
        let tables = watchedAndLapsed()
        // An intrusion is part of what is read.
        let attempts = foreign.intrusion?.attempts ?? []
        do {
            let dump = try KernelDump.read(kernel, tables: tables)
            let image = try KernelImage(
                dump, tables: tables, wanted: head.ruleset, known: head.handles, nextID: nextID)
            let watched = Set(tables.map(\.id))
            let changes = KernelImage.changes(
                from: head.ruleset, to: image.ruleset, onlyIn: watched)
            var after = head.ruleset
            try after.apply(changes)
            if monitor?.inbox.wait(for: dump.generation) == false { foreign.noteLoss() }
            collect()
            let (origin, message) = blame(upTo: dump.generation)
            var handles = head.handles
            for object in after.allObjects {
                if let handle = image.handles[object.id] { handles[object.id] = handle }
            }
            foreign.intrusion = nil
            try takeIn(
                Account(
                    changes: changes, before: head.ruleset, after: after, handles: handles,
                    nextID: image.nextID, origin: origin, time: .now, generation: dump.generation,
                    request: [], message: message))
            foreign.intrusion?.attempts.insert(contentsOf: attempts, at: 0)
            foreign.backlog.removeAll { !$0.generation.isAfter(dump.generation) }
            foreign.mustRead = false
            foreign.hasLost = false
        } catch {
            throw Refusal(any: error)
        }
    }

    /// The tables of the head that are watched, and those that others have deleted.
    private func watchedAndLapsed() -> [StoredObject] {
        head.ruleset.watchedTables
            + foreign.lapsed.compactMap { name, table -> StoredObject? in
                guard head.ruleset.object(table.id) == nil,
                    head.ruleset.table(family: name.family, name: name.name) == nil
                else { return nil }
                let body = try? TableBody(watch: table.watch).encoded()
                return body.map {
                    StoredObject(
                        id: table.id, kind: .table, family: name.family, name: name.name, body: $0)
                }
            }
    }

    /// Who is behind a difference, as far as it is known: everyone who committed since, if nothing was missed.
    private func blame(upTo generation: GenerationID) -> (ForeignProcess, String) {
        var origins: [ForeignProcess] = []
        for commit in foreign.backlog where !commit.generation.isAfter(generation) {
            if !origins.contains(commit.origin) { origins.append(commit.origin) }
        }
        guard let last = origins.last else { return (.unknown, ForeignRecord.unwatched) }
        if origins.count == 1 && !foreign.hasLost { return (last, "") }
        let names = origins.map(\.title).joined(separator: ", ")
        return (.unknown, "\(ForeignRecord.unwatched); seen: \(names)")
    }
}

/// A foreign version that is on disk and not yet marked as head.
struct ForeignMark {
    let version: VersionID
    let handles: [(id: ObjectID, handle: UInt64?)]
    let kernel: KernelState
}

extension ForeignProcess {
    /// The process behind a foreign version.
    init(_ author: Author) {
        self.init(
            pid: author.pid, name: author.process,
            uid: author.uid == ForeignProcess.unknownID ? nil : author.uid,
            gid: author.gid == ForeignProcess.unknownID ? nil : author.gid)
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
