/// A version that is to be prepared: what it is, what it changes, and its entry in the audit log.
public struct VersionDraft: Sendable {
    /// The version; its number is that of the one before plus one.
    public var version: NewVersion
    /// At most one change for each object, in any order; `before` is what the version before has.
    public var changes: [Change]
    /// The entry for the attempt; version, change count and digest are filled in by the store.
    public var audit: AuditEntry
    /// The addresses that the entry is to be found by, while they are looked for; nil where `audit` has them.
    public var addresses: SideTask<Set<AddressPrefix>>?

    /// Makes a draft from its parts.
    public init(version: NewVersion, changes: [Change], audit: AuditEntry) {
        self.version = version
        self.changes = changes
        self.audit = audit
    }
}
