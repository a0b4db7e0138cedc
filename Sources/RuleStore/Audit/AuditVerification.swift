/// One place where the audit log, or the versions that it vouches for, are not what was written.
public struct AuditFault: Hashable, Sendable {
    /// What is wrong; open, so that a later version may add one.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// The word for it.
        public let rawValue: String

        /// Makes the code `rawValue`.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Entries are gone.
        public static let missing = Code(rawValue: "missing")
        /// An entry, or the one before it, was edited or inserted.
        public static let edited = Code(rawValue: "edited")
        /// The log is not the one whose head was kept.
        public static let rewritten = Code(rawValue: "rewritten")
        /// A version or its changes are not those that its entry vouches for.
        public static let version = Code(rawValue: "version")
        /// A name belongs to another version than the log says.
        public static let tag = Code(rawValue: "tag")
    }

    /// What is wrong.
    public var code: Code
    /// The entry; `nil` if it is about a version that no entry names.
    public var seq: UInt64?
    /// The version; `nil` if it is about none.
    public var version: VersionID?
    /// What was found, as a sentence.
    public var message: String
}

/// What a walk along the whole audit log found.
public struct AuditVerification: Hashable, Sendable {
    /// How many entries there are.
    public var entryCount: UInt64
    /// The last of them.
    public var head: AuditHead
    /// What is wrong, in the order in which it was found; the first ``StoreLimits/faults`` of it.
    public var faults: [AuditFault]

    /// Whether nothing is wrong.
    public var isSound: Bool { faults.isEmpty }
}
