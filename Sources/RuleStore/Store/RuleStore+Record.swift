import GRDB

/// A version that is live before it is on disk: another program made it.
public struct LiveVersion: Sendable {
    /// What is told of it; its number is the head's plus one.
    public var description: NewVersion
    /// At most one for each object, as for ``RuleStore/prepare(_:changes:nextObjectID:audit:confirmation:undoing:)``.
    public var changes: [Change]
    /// Greater than every id in use, and not less than the store has it.
    public var nextObjectID: ObjectID
    /// The entry for it; version, change count and digest are filled in by the store.
    public var audit: AuditEntry
    /// The kernel handles of objects that got one; `nil` for objects that are gone from the kernel.
    public var handles: [(id: ObjectID, handle: UInt64?)]
    /// The kernel's state with this version in it.
    public var kernel: KernelState

    /// Makes a version that is live already.
    public init(
        _ description: NewVersion, changes: [Change], nextObjectID: ObjectID, audit: AuditEntry,
        handles: [(id: ObjectID, handle: UInt64?)], kernel: KernelState
    ) {
        self.description = description
        self.changes = changes
        self.nextObjectID = nextObjectID
        self.audit = audit
        self.handles = handles
        self.kernel = kernel
    }
}

extension RuleStore {
    /// Writes versions that are live already, each on top of the one before, in one durable
    /// transaction; the last is the head then.
    ///
    /// Why together: other programs may change the kernel faster than a disk can flush.
    /// - Throws: ``StoreError`` as `prepare` does. The store is then as it was.
    public func record(_ versions: [LiveVersion]) throws(StoreError) {
        for version in versions {
            try Self.check(version.description, version.changes, version.nextObjectID)
        }
        try write(.full) { database in
            var tail = try Self.settledTail(database)
            for version in versions {
                try Self.advance(to: version.nextObjectID, database)
                let draft = VersionDraft(
                    version: version.description, changes: version.changes, audit: version.audit)
                try Self.insert(draft, .committed, after: tail, database)
                tail = draft.version.id
                try KernelHandles.set(version.handles, database)
            }
            if let last = versions.last { try Meta.setKernelState(last.kernel, database) }
        }
    }
}
