import IPTables
import NetlinkProto
import RuleSyntax

/// What `iptables-restore` prints on its way through a text: lists that it asks for and, with `-v`, what is done.
struct RestoreOutput {
    private let rules: IPTablesRules
    /// Whether `-v` holds for all lines.
    private let isVerbose: Bool
    /// What was said so far.
    private(set) var text = ""

    /// Nothing said yet.
    init(_ rules: IPTablesRules, isVerbose: Bool) {
        self.rules = rules
        self.isVerbose = isVerbose
    }

    /// A comment of the text.
    mutating func tell(comment: String) {
        if isVerbose { text += comment + "\n" }
    }

    /// That a table is emptied, which is as it is in `table`.
    mutating func tellEmptying(_ table: RestoreTable) {
        guard isVerbose else { return }
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

    private func speaks(_ command: CompatCommand) -> Bool { isVerbose || command.verbosity > 0 }

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
