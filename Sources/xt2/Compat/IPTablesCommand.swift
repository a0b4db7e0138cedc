import NetlinkProto

/// What a command line of iptables asks for.
struct IPTablesCommand: Equatable {
    /// What is to be done; the raw value is the option's letter.
    enum Operation: Character, Equatable {
        case append = "A"
        case check = "C"
        case delete = "D"
        case insert = "I"
        case replace = "R"
        case list = "L"
        case listRules = "S"
        case flush = "F"
        case zero = "Z"
        case newChain = "N"
        case deleteChain = "X"
        case policy = "P"
        case renameChain = "E"

        /// Whether a rule is described behind it.
        var takesRule: Bool {
            switch self {
            case .append, .check, .delete, .insert, .replace: true
            default: false
            }
        }
    }

    /// Packets and bytes that a rule begins with.
    struct Counters: Equatable {
        var packets: UInt64
        var bytes: UInt64
    }

    /// What is to be done.
    var operation: Operation
    /// Whether the counters of what is listed are set to zero as well.
    var zeroes = false
    /// The table's name.
    var table = "filter"
    /// The chain; nil for all of them.
    var chain: String?
    /// Which rule, from 1.
    var number: UInt32?
    /// The policy of `-P`, the new name of `-E`.
    var word = ""
    /// The rule's words: iptables' own options in their short form, then whatever the matches and targets are to read.
    var rule: [String] = []
    /// What `-c` says.
    var counters: Counters?
    /// `-n`
    var isNumeric = false
    /// `-v`, how often.
    var verbosity = 0
    /// `-x`
    var isExact = false
    /// `--line-numbers`
    var hasLineNumbers = false
    /// The letters of options that were given, `0` for `--line-numbers`.
    var given: Set<Character> = []

    /// A command that does this.
    init(_ operation: Operation) { self.operation = operation }
}

/// What a command line comes to.
enum IPTablesRequest: Equatable {
    case command(IPTablesCommand)
    /// `-h`
    case help
    /// `-V`
    case version
    /// A line for the other family.
    case nothing
}
