public import NetlinkProto

/// One command line of iptables, taken apart.
public struct IPTablesCommand: Hashable, Sendable {
    /// What is to be done, by the letter of its short option: `A C D I R L S F Z N X P E`, `h` or `V`, `q` for
    /// `--init-table` of ebtables; nil for nothing.
    public var letter: Character?
    /// `-Z` beside `-L` or `-S`.
    public var zeroes = false
    /// The chain that the command names.
    public var chain: String?
    /// The number behind the chain, from 1.
    public var ruleNumber: Int?
    /// The last number of a range behind the chain, as ebtables has it.
    public var lastRuleNumber: Int?
    /// The second name of `-E`.
    public var newName: String?
    /// The second word of `-P`.
    public var policy: String?
    /// `-t`; nil if it is not given.
    public var table: String?
    /// How often `-v` is given.
    public var verbosity = 0
    /// `-n`.
    public var isNumeric = false
    /// `-x`.
    public var isExact = false
    /// `--line-numbers`.
    public var hasLineNumbers = false
    /// `--Lc` of ebtables.
    public var showsCounters = false
    /// `-w`, with the seconds or -1.
    public var wait: Int?
    /// `-W`, which is older than the kernel's own lock and means nothing.
    public var hasWaitInterval = false
    /// `-4` (4) or `-6` (6).
    public var version: Int?
    /// `-h NAME`, or the matches and targets that were named in front of `-h`.
    public var helpNames: [String] = []
    /// `-c`.
    public var counter: CounterExpression?
    /// The rule, once for each pair of addresses; empty if the command has none.
    public var rules: [RuleBody] = []
    /// What the extensions had to say, such as that a kernel module is missing.
    public var warnings: [String] = []

    /// A command that asks for nothing.
    public init() {}
}
