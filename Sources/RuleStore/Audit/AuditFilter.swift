/// Which entries of the audit log are wanted: those that meet all conditions that are set.
public struct AuditFilter: Hashable, Sendable {
    /// Attempts of this user.
    public var uid: UInt32?
    /// Attempts at this moment or later.
    public var since: Timestamp?
    /// Attempts at this moment or earlier.
    public var until: Timestamp?
    /// Attempts that touched this family, table or chain.
    public var scope: AuditScope?
    /// Attempts that made, changed or deleted this object, and did not come to nothing.
    public var rule: ObjectID?
    /// Attempts of this action.
    public var action: String?
    /// Attempts that ended so.
    public var outcome: AuditOutcome?
    /// Attempts that are about this version.
    public var version: VersionID?
    /// Attempts whose rules name one of these addresses.
    public var address: AddressPrefix?

    /// Makes a filter; without a condition it lets everything through.
    public init(
        uid: UInt32? = nil, since: Timestamp? = nil, until: Timestamp? = nil,
        scope: AuditScope? = nil, rule: ObjectID? = nil, action: String? = nil,
        outcome: AuditOutcome? = nil, version: VersionID? = nil, address: AddressPrefix? = nil
    ) {
        self.uid = uid
        self.since = since
        self.until = until
        self.scope = scope
        self.rule = rule
        self.action = action
        self.outcome = outcome
        self.version = version
        self.address = address
    }
}
