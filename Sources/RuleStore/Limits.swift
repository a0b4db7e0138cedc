/// The bounds that the store keeps, each stated once.
///
/// They hold for what is written and for what is read back: bytes beyond them in a database file
/// are damage.
public enum StoreLimits {
    /// The greatest number that an id, a version or a sequence may have: SQLite's integers are
    /// signed.
    public static let number = UInt64(Int64.max)
    /// The longest name of a table, chain or set, in bytes; source: linux `NFT_NAME_MAXLEN` (256,
    /// with the zero).
    public static let nameBytes = 255
    /// The longest body of an object, in bytes: a rule with an anonymous set of some 20,000 ranges.
    ///
    /// A change with both of its sides fits a message of 1 MiB.
    public static let bodyBytes = 491_520
    /// The longest key of an element, in bytes: two keys of `NFT_DATA_VALUE_MAXLEN` (64) and their
    /// attribute headers fit several times.
    public static let elementKeyBytes = 1_024
    /// The most digits of an order key; see ``OrderKey``.
    public static let orderKeyDigits = 32
    /// The longest message, reason, process name or peer, in bytes.
    public static let textBytes = 4_096
    /// The most changes in one version.
    public static let changesPerVersion = 4_000_000
    /// The most operations in one candidate.
    public static let candidateOperations = 1_000_000
    /// The most bytes in all operations of one candidate.
    public static let candidateBytes = 512 << 20
    /// The most tags.
    public static let tags = 100_000
    /// The most candidates at once.
    public static let candidates = 1_024
    /// How much of a refused request an audit entry keeps, in bytes.
    public static let auditRequestBytes = 65_536
    /// The most faults that a verification of the audit log lists.
    public static let faults = 1_000
    /// The most audit entries or versions that one query returns.
    public static let pageEntries = 10_000
}
