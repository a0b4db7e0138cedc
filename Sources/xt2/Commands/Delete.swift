import ArgumentParser
import NetlinkProto

/// `xt2 delete`: removes a table, a chain or a rule.
struct Delete: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a rule, a chain, a table, a set or an object.",
        discussion: """
            Without another noun as the first word it deletes a rule. 'delete rule …' says so explicitly, which a \
            table needs that is called 'table', 'chain', 'set', 'object' or 'flowtable'.

              xt2 delete --id 42 inet filter input
              xt2 delete inet filter input -p tcp --dport 23 -j DROP
              xt2 delete chain inet filter from_lan
              xt2 delete table inet filter
            """,
        subcommands: [
            DeleteRule.self, DeleteChain.self, DeleteTable.self, DeleteSet.self,
            DeleteObject.self, DeleteFlowtable.self,
        ],
        defaultSubcommand: DeleteRule.self)
}

/// `xt2 delete rule`.
struct DeleteRule: EditCommand {
    static let configuration = CommandConfiguration(
        commandName: "rule",
        abstract: "Delete a rule by id, by position or by its text.",
        usage: """
            xt2 delete [rule] (--id ID | --at N) [OPTIONS] [FAMILY] TABLE CHAIN
            xt2 delete [rule] [OPTIONS] [FAMILY] TABLE CHAIN RULE
            """,
        discussion: """
            By text, it is the first rule that says the same.

              xt2 delete --id 42 inet filter input
              xt2 delete --at 3 inet filter input
              xt2 delete inet filter input -p tcp --dport 23 -j DROP
            """)

    @Option(help: ArgumentHelp("The rule with this id.", valueName: "id"))
    var id: UInt64?

    @Option(help: ArgumentHelp("Rule number N of the chain, from 1.", valueName: "n"))
    var at: UInt32?

    @OptionGroup var options: EditOptions

    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp("[FAMILY] TABLE CHAIN [RULE]", valueName: "words"))
    var words: [String] = []

    func edit() throws -> Edit {
        try RuleEdit(
            verb: .delete, id: id, at: at, words: RuleWords(placeAndRule(words))
        ).edit()
    }
}

/// `xt2 delete chain`.
struct DeleteChain: EditCommand {
    static let configuration = CommandConfiguration(
        commandName: "chain",
        abstract: "Delete a chain that is empty and that nothing jumps to.",
        usage: "xt2 delete chain [OPTIONS] [FAMILY] TABLE CHAIN",
        discussion: """
              xt2 delete chain inet filter from_lan
              xt2 delete chain -m 'no longer used' ip nat postrouting
            """)

    @OptionGroup var options: EditOptions

    @Argument(
        help: ArgumentHelp("[FAMILY] TABLE CHAIN", valueName: "words"),
        completion: .list(Family.all.map(\.name)))
    var words: [String]

    func edit() throws -> Edit { try DeleteChain.edit(words) }

    /// The edit that deletes the chain `[FAMILY] TABLE CHAIN`.
    static func edit(_ words: [String]) throws(CommandError) -> Edit {
        let name = try PlaceWords.chain(words)
        let message = ChainMessage(
            family: name.table.family, table: name.table.table, name: name.chain)
        return Edit(type: .deleteChain, message: .chain(message), done: "chain \(name) deleted")
    }
}

/// `xt2 delete table`.
struct DeleteTable: EditCommand {
    static let configuration = CommandConfiguration(
        commandName: "table",
        abstract: "Delete a table with all that is in it.",
        usage: "xt2 delete table [OPTIONS] [FAMILY] TABLE",
        discussion: """
              xt2 delete table inet filter
              xt2 delete table -m 'replaced by inet filter' ip filter
            """)

    @OptionGroup var options: EditOptions

    @Argument(
        help: ArgumentHelp("[FAMILY] TABLE", valueName: "words"),
        completion: .list(Family.all.map(\.name)))
    var words: [String]

    func edit() throws -> Edit { try DeleteTable.edit(words) }

    /// The edit that deletes the table `[FAMILY] TABLE`.
    static func edit(_ words: [String]) throws(CommandError) -> Edit {
        let name = try PlaceWords.table(words)
        let message = TableMessage(family: name.family, name: name.table)
        return Edit(type: .deleteTable, message: .table(message), done: "table \(name) deleted")
    }
}
