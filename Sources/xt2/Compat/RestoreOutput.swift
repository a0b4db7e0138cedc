import IPTables
import NetlinkProto
import RuleSyntax

/// What `iptables-restore` prints on its way through a text: lists that it asks for and, with `-v`, what is done.
struct RestoreOutput {
    private let rules: IPTablesRules
    /// Whether comments are repeated.
    private let tellsComments: Bool
    /// Whether all lines are as if they had `-v`.
    private let tellsCommands: Bool
    /// What was said so far.
    private(set) var text = ""

    /// Nothing said yet.
    ///
    /// - Parameter flushes: whether the tables are emptied first; else iptables-restore, though told to be verbose, says little.
    init(_ rules: IPTablesRules, isVerbose: Bool, flushes: Bool = true) {
        self.rules = rules
        tellsComments = isVerbose
        tellsCommands = isVerbose && flushes
    }

    /// A comment of the text.
    mutating func tell(comment: String) {
        if tellsComments { text += comment + "\n" }
    }

    /// That a table is emptied, which is as it is in `table`.
    mutating func tellEmptying(_ table: RestoreTable) {
        guard tellsCommands else { return }
        let names = table.builtin.shown(table.listing).map(\.name)
        tell("Flushing", names)
        tell("Deleting", names.filter { table.builtin.chain($0) == nil })
    }

    /// What a command is about to do with `table`.
    ///
    /// - Throws: for a list of a chain that is not there.
    mutating func tell(
        _ command: CompatCommand, _ table: RestoreTable
    ) throws(CompatError) {
        switch command.operation {
        case .list, .listRules:
            text += try CompatListing(builtin: table.builtin, rules: rules, command: command)
                .text(table.listing)
            if command.zeroes { tellChains("Zeroing", command, table) }
        case .flush: tellChains("Flushing", command, table)
        case .zero: tellChains("Zeroing", command, table)
        case .deleteChain: tellChains("Deleting", command, table)
        case .append, .insert, .replace, .delete, .check:
            guard speaks(command) else { return }
            text += CompatRule.description(of: command.bodies, rules)
        default: break
        }
    }

    private func speaks(_ command: CompatCommand) -> Bool { tellsCommands || command.verbosity > 0 }

    private mutating func tellChains(
        _ verb: String, _ command: CompatCommand, _ table: RestoreTable
    ) {
        guard speaks(command), command.number == nil else { return }
        var names = command.chain.map { [$0] } ?? table.builtin.shown(table.listing).map(\.name)
        if command.chain == nil, command.operation == .deleteChain {
            names.removeAll { table.builtin.chain($0) != nil }
        }
        tell(verb, names)
    }

    private mutating func tell(_ verb: String, _ names: [String]) {
        for name in names { text += "\(verb) chain `\(name)'\n" }
    }
}
