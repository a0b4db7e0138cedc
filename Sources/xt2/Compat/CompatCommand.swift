import IPTables
import NetlinkProto

/// What a command line of iptables asks for.
struct CompatCommand: Equatable {
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
        /// `--init-table` of ebtables: without chains and rules.
        case resetTable = "q"
    }

    /// What is to be done.
    var operation: Operation
    /// Whether the counters of what is listed are set to zero as well.
    var zeroes = false
    /// The table's name.
    var table: String
    /// The chain; nil for all of them.
    var chain: String?
    /// Which rule, from 1.
    var number: UInt32?
    /// The last of a range of rules, which only ebtables has.
    var lastNumber: UInt32?
    /// The policy of `-P` and of ebtables' `-N`, the new name of `-E`.
    var word: String
    /// The rules that are described, with what they have counted.
    var bodies: [RuleBody]
    /// Whether what the rules have counted was said.
    var setsCounters: Bool
    /// `-n`.
    var isNumeric: Bool
    /// `-v`, how often.
    var verbosity: Int
    /// `--Lc` of ebtables.
    var showsCounters = false
    /// `-x`.
    var isExact: Bool
    /// `--line-numbers`.
    var hasLineNumbers: Bool

    /// The command that was read; nil if it only asks for help or the release.
    init?(_ command: IPTablesCommand, table: String) {
        guard let operation = command.letter.flatMap(Operation.init) else { return nil }
        self.operation = operation
        zeroes = command.zeroes
        self.table = command.table ?? table
        chain = command.chain
        number = command.ruleNumber.map { UInt32(clamping: $0) }
        lastNumber = command.lastRuleNumber.map { UInt32(clamping: $0) }
        showsCounters = command.showsCounters
        word = command.newName ?? command.policy ?? ""
        bodies = command.rules
        setsCounters = command.counter != nil
        isNumeric = command.isNumeric
        verbosity = command.verbosity
        isExact = command.isExact
        hasLineNumbers = command.hasLineNumbers
    }
}

/// What a command line comes to.
enum CompatRequest: Equatable {
    case command(CompatCommand)
    /// `-h`, with the matches and targets that were named.
    case help([String])
    /// `-V`.
    case version
    /// A line for the other family.
    case nothing
}
