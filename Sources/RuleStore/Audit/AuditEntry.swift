/// How an attempt ended.
public struct AuditOutcome: RawRepresentable, Hashable, Sendable {
    /// The word for it.
    public let rawValue: String

    /// Makes the outcome `rawValue`.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// It was done.
    public static let committed = AuditOutcome(rawValue: "committed")
    /// It was not allowed or not possible, and nothing was done.
    public static let refused = AuditOutcome(rawValue: "refused")
    /// It went wrong on the way, and was undone.
    public static let failed = AuditOutcome(rawValue: "failed")
}

/// A table or chain, or all tables of a family.
public struct AuditScope: Hashable, Sendable {
    /// The address family (`NFPROTO_*`).
    public let family: UInt8
    /// The table; `nil` for the whole family.
    public let table: String?
    /// The chain of the table; `nil` for the whole table.
    public let chain: String?

    /// Names a family, a table, or a chain of a table.
    public init(family: UInt8, table: String? = nil, chain: String? = nil) {
        self.family = family
        self.table = table
        // A chain has a table.
        self.chain = table == nil ? nil : chain
    }
}

/// One attempt to change something, as the caller tells it.
///
/// - Limits: texts are cut at ``StoreLimits/textBytes`` and the request at
///   ``StoreLimits/auditRequestBytes``, because an entry that is too long must not be an entry that
///   is missing.
public struct AuditEntry: Hashable, Sendable {
    /// When it was attempted.
    public var time: Timestamp
    /// Who attempted it.
    public var author: Author
    /// The user who logged in, whatever became of the uid since; `nil` if not known.
    public var loginUID: UInt32?
    /// Where the client was connected from; `nil` if not known.
    public var peer: String?
    /// What was attempted: the word of the command.
    public var action: String
    /// How it ended.
    public var outcome: AuditOutcome
    /// The version that it is about; filled in by the store where it makes one.
    public var version: VersionID?
    /// The kernel generation that it was planned on; `nil` if it never got so far.
    public var generation: UInt32?
    /// Why it was refused or failed; empty if it was not.
    public var reason: String
    /// The author's words on it; may be empty.
    public var message: String
    /// What was asked for, if it failed; what it vouches for, if it is a prune; `nil` otherwise.
    public var request: [UInt8]?
    /// The tables and chains that it touches.
    public var scopes: [AuditScope]
    /// The addresses in the rules that it changes, or was to change; what it is found by, and not read back.
    public var addresses: Set<AddressPrefix> = []

    /// Makes an entry from all its parts.
    public init(
        time: Timestamp, author: Author, loginUID: UInt32? = nil, peer: String? = nil,
        action: String, outcome: AuditOutcome, version: VersionID? = nil,
        generation: UInt32? = nil, reason: String = "", message: String = "",
        request: [UInt8]? = nil, scopes: [AuditScope] = []
    ) {
        self.time = time
        self.author = author
        self.loginUID = loginUID
        self.peer = peer
        self.action = action
        self.outcome = outcome
        self.version = version
        self.generation = generation
        self.reason = reason
        self.message = message
        self.request = request
        self.scopes = scopes
    }
}

extension AuditEntry {
    /// The action of an entry that vouches for what pruning leaves.
    public static let pruneAction = "prune"
    /// What it is called that a version gets a name, which is the entry's message.
    public static let tagAction = "tag"
    /// What it is called that a version loses a name, which is the entry's message.
    public static let deleteTagAction = "delete tag"
}

/// One entry as the log has it.
public struct AuditRecord: Hashable, Sendable {
    /// The number of the entry: 1, 2, 3 … without a gap.
    public var seq: UInt64
    /// What the caller told; of a table and a chain in it, `scopes` names the chain only.
    public var entry: AuditEntry
    /// How many objects the version changed; 0 if it made none.
    public var changeCount: Int
    /// SHA-256 over the version and its changes; `nil` if it made none.
    public var changesDigest: [UInt8]?
    /// The entry whose version came to nothing, as this one explains; `nil` otherwise.
    public var withdraws: UInt64?
    /// The entry that explains why this one's version came to nothing; `nil` if it did not.
    public var withdrawnBy: UInt64?
    /// SHA-256 over the previous entry's hash and this entry.
    public var hash: [UInt8]
}

/// The last entry of the log: kept elsewhere, it shows later that nothing before it was changed or
/// cut off.
public struct AuditHead: Hashable, Sendable {
    /// The number of the entry; 0 in an empty log.
    public var seq: UInt64
    /// Its hash.
    public var hash: [UInt8]

    /// Makes a head, from one that was kept.
    public init(seq: UInt64, hash: [UInt8]) {
        self.seq = seq
        self.hash = hash
    }
}
