import GRDB
import Synchronization

extension RuleStore {
    /// Writes a version as pending, with its changes and its audit entry, in one durable
    /// transaction.
    ///
    /// When this returns, the version survives a power cut; it becomes the head with
    /// ``commit(_:handles:kernel:)`` or goes away with ``abandon(_:audit:)``.
    /// - Parameters:
    ///   - version: its number is the head's plus one.
    ///   - changes: at most one for each object; `before` is what the head has. In any order.
    ///   - nextObjectID: greater than every id in use, and not less than the store has it. It stays
    ///     so if the version is abandoned.
    ///   - audit: the entry for this attempt; version, change count and digest are filled in here.
    ///   - confirmation: until when somebody must confirm the version; `nil` if it is final at once.
    ///   - undone: a version whose confirmation was awaited, and that this one takes back.
    /// - Throws: ``StoreError`` `conflict` if the number or an object does not fit, `malformed` or
    ///   `limit` for an object that is against its kind or too large, `full`, `readOnly`, `io`. The
    ///   store is then as it was.
    public func prepare(
        _ version: NewVersion, changes: [Change], nextObjectID: ObjectID, audit: AuditEntry,
        confirmation: Confirmation? = nil, undoing undone: VersionID? = nil
    ) throws(StoreError) {
        try prepare(
            [VersionDraft(version: version, changes: changes, audit: audit)],
            nextObjectID: nextObjectID, confirmation: confirmation, undoing: undone)
    }

    /// Writes several versions as pending, each with its changes and its audit entry, in one durable transaction.
    ///
    /// All of them become the head, or none: until ``commit(_:handles:kernel:)`` of the last, or ``abandon(_:)`` of all.
    /// - Parameters:
    ///   - drafts: at least one; numbered from the head's plus one, each on top of the one before.
    ///   - nextObjectID: greater than every id in any of them.
    ///   - confirmation: until when somebody must confirm the last.
    ///   - undone: a version whose confirmation was awaited, and that the last takes back.
    ///   - check: is called when all is written and nothing is kept yet: what it throws keeps the versions from being. It must not
    ///     use the store.
    /// - Throws: as for a single version, and ``StoreError`` `other` for what `check` throws; the store is then as it was.
    public func prepare(
        _ drafts: [VersionDraft], nextObjectID: ObjectID, confirmation: Confirmation? = nil,
        undoing undone: VersionID? = nil, check: () throws -> Void = {}
    ) throws(StoreError) {
        for draft in drafts { try Self.check(draft.version, draft.changes, nextObjectID) }
        guard let last = drafts.last?.version.id else {
            throw StoreError(.malformed, "there is no version to prepare")
        }
        // Who reads waits for a mark that is owed, and would wait for all of these.
        if drafts.reduce(0, { $0 + $1.changes.count }) > Self.changesAtOnce { try writeOwed() }
        try write(.full, isAwaited: true) { database in
            try Self.advance(to: nextObjectID, database)
            var tail = try Self.settledTail(database)
            for draft in drafts {
                try Self.insert(draft, .pending, after: tail, database)
                tail = draft.version.id
            }
            if let undone { try ConfirmationRow.settle(undone, .reverted, by: last, database) }
            if let confirmation { try ConfirmationRow.insert(confirmation, database) }
            try check()
        }
    }

    /// Writes a version on top of the last, with its changes and its audit entry.
    static func insert(
        _ draft: VersionDraft, _ state: Version.State, after last: VersionID, _ database: Database
    ) throws {
        guard draft.version.id == last.next else {
            throw StoreError(
                .conflict,
                "version \(draft.version.id) cannot follow version \(last), which is the last")
        }
        // By id, so that the digest has one order, which the row numbers keep.
        let isSorted = zip(draft.changes, draft.changes.dropFirst()).allSatisfy { $0.id < $1.id }
        let changes = isSorted ? draft.changes : draft.changes.sorted { $0.id < $1.id }
        let row = Version(description: draft.version, state: state, changeCount: changes.count)
        try VersionRow.insert(row, database)
        let digest =
            changes.count > changesAtOnce ? SideTask { ChangesDigest.of(row, changes) } : nil
        let writer = try ObjectWriter(database, version: draft.version.id)
        for change in changes { try writer.write(change) }
        let outcome = AuditChanges(
            version: draft.version.id, count: changes.count,
            digest: try digest?.value() ?? ChangesDigest.of(row, changes))
        var audit = draft.audit
        if let addresses = draft.addresses { audit.addresses = try addresses.value() }
        try AuditLog.append(audit, changes: outcome, withdraws: nil, database)
    }

    /// How many changes a version has at most that are written at once, without a thread for their digest.
    private static let changesAtOnce = 500

    /// Makes the pending version the head, with those that were prepared together with it, and keeps what the kernel said
    /// when it took them.
    ///
    /// - Parameters:
    ///   - version: the last pending version.
    ///   - handles: the kernel handles of objects that got one; `nil` for objects that are gone
    ///     from the kernel.
    ///   - kernel: the kernel's state with this version in it.
    /// - Throws: ``StoreError`` `conflict` if this version is not the last that is pending; `full` or `io` if it
    ///   could not be written down. The version is then pending still, as durable as before, and
    ///   the call can be made again.
    public func commit(
        _ version: VersionID, handles: [(id: ObjectID, handle: UInt64?)], kernel: KernelState
    ) throws(StoreError) {
        try write(.normal) { database in
            let head = try VersionRow.head(database)
            guard version > head, try VersionRow.tail(database)?.id == version else {
                throw StoreError(.conflict, "version \(version) is not pending")
            }
            try Self.mark(
                HeadMark(
                    first: head.next, last: version, handles: handles, kernel: kernel), database)
        }
    }

    /// Makes pending versions the head as ``commit(_:handles:kernel:)`` does, but later, when nobody waits for it.
    ///
    /// It is written with what is written next, with ``writeOwed()``, or before anything is read, so that everybody sees these
    /// versions as committed at once. One at most is owed: versions can be prepared only once the ones before are marked.
    /// - Parameters:
    ///   - first: the first pending version.
    ///   - last: the last one, prepared together with it.
    ///   - handles: as for `commit`.
    ///   - kernel: as for `commit`.
    public func commitLater(
        from first: VersionID, to last: VersionID, handles: [(id: ObjectID, handle: UInt64?)],
        kernel: KernelState
    ) {
        owed.withLock {
            $0 = HeadMark(first: first, last: last, handles: handles, kernel: kernel)
        }
    }

    /// Writes down what ``commitLater(from:to:handles:kernel:)`` left, and moves the log to the database file where it has become
    /// long.
    ///
    /// - Throws: ``StoreError`` `full` or `io`, and it is left for later still; `conflict` if those versions are not pending.
    public func writeOwed() throws(StoreError) {
        do {
            try pool.writeWithoutTransaction { try writeMark($0) }
        } catch {
            throw StoreError(error, path: path)
        }
        tidy()
    }

    /// Removes the pending version as if it had never been, and says in the audit log why.
    ///
    /// - Parameter audit: the entry that explains it; it names the version and withdraws the entry
    ///   that `prepare` made.
    /// - Throws: ``StoreError`` `conflict` if this version is not pending; `full` or `io`, then it
    ///   is pending still and the call can be made again. Until it succeeds nobody may be told that
    ///   the attempt failed: a restart would finish it.
    public func abandon(_ version: VersionID, audit: AuditEntry) throws(StoreError) {
        try abandon([(version, audit)])
    }

    /// Removes all pending versions as if they had never been, and says in the audit log why.
    ///
    /// - Parameter versions: every pending version, ascending, with the entry that explains it.
    /// - Throws: ``StoreError`` as for a single one; they are all pending still.
    public func abandon(_ versions: [(id: VersionID, audit: AuditEntry)]) throws(StoreError) {
        try write(.full) { database in
            let head = try VersionRow.head(database)
            let last = try VersionRow.tail(database)?.id ?? head
            let numbers = zip(versions, (head.rawValue + 1)...)
            guard last > head, versions.last?.id == last,
                numbers.allSatisfy({ $0.id.rawValue == $1 })
            else { throw StoreError(.conflict, "these are not the versions that are pending") }
            for (version, _) in versions.reversed() { try Self.remove(version, database) }
            for (version, audit) in versions {
                try AuditLog.appendWithdrawal(of: version, audit, database)
            }
        }
    }

    private static func remove(_ version: VersionID, _ database: Database) throws {
        // The new rows first: an object has one live row at a time.
        for sql in [
            "DELETE FROM object INDEXED BY object_born WHERE born = ?",
            "UPDATE object INDEXED BY object_died SET died = NULL WHERE died = ?",
            "DELETE FROM version WHERE id = ?",
            "DELETE FROM confirmation WHERE version = ?",
            """
            UPDATE confirmation INDEXED BY confirmation_settled SET state = 'open', settled_by = NULL
            WHERE settled_by = ?
            """,
        ] {
            let run = try SQLRun(database, sql, table: "object")
            run.bind(1, version)
            try run.run()
        }
    }

    /// Keeps what the kernel looks like now, and the handles that changed, without a new version.
    ///
    /// For the daemon's start, when it has loaded the head into an empty kernel or read back what
    /// is there.
    public func recordKernel(
        handles: [(id: ObjectID, handle: UInt64?)], kernel: KernelState
    ) throws(StoreError) {
        try write(.normal) { database in
            try KernelHandles.set(handles, database)
            try Meta.setKernelState(kernel, database)
        }
    }
}

// MARK: - Checks

extension RuleStore {
    static func check(
        _ version: NewVersion, _ changes: [Change], _ nextObjectID: ObjectID
    ) throws(StoreError) {
        guard changes.count <= StoreLimits.changesPerVersion else {
            throw StoreError(
                .limit, "a version has at most \(StoreLimits.changesPerVersion) changes")
        }
        try StoreLimits.check(version.message, "the message")
        try StoreLimits.check(version.summary, "the summary")
        try StoreLimits.check(version.author.process, "the name of the process")
        for change in changes {
            let object = change.object
            if let defect = object.defect {
                throw StoreError(.malformed, "\(object.kind) with id \(object.id): \(defect)")
            }
            guard object.id < nextObjectID else {
                throw StoreError(.malformed, "id \(object.id) was never given out")
            }
        }
    }

    /// The last version, which must not be pending.
    static func settledTail(_ database: Database) throws -> VersionID {
        guard let tail = try VersionRow.tail(database) else { return .empty }
        if tail.isPending { throw StoreError(.conflict, "version \(tail.id) is still pending") }
        return tail.id
    }

    static func advance(to id: ObjectID, _ database: Database) throws {
        let current = try Meta.read(database).nextObjectID
        guard id >= current, id.rawValue <= StoreLimits.number else {
            throw StoreError(.conflict, "the next object id is \(current) and cannot become \(id)")
        }
        if id > current { try Meta.setNextObjectID(id, database) }
    }
}

extension StoreLimits {
    static func check(_ text: String, _ what: String) throws(StoreError) {
        guard text.utf8.count <= textBytes else {
            throw StoreError(.limit, "\(what) is longer than \(textBytes) bytes")
        }
    }
}
