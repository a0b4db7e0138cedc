import ArgumentParser
import NetlinkProto

/// `xt2 flush`: deletes all rules of a chain or a table.
struct Flush: EditCommand {
    static let configuration = CommandConfiguration(
        commandName: "flush",
        abstract: "Delete all rules of a chain, or of all chains of a table.",
        usage: "xt2 flush [OPTIONS] [FAMILY] TABLE [CHAIN]",
        discussion: """
            Chains and their policies stay. Two words are a family and a table if the first is the name of a family.

              xt2 flush inet filter from_lan
              xt2 flush -m 'start over' inet filter
            """)

    @OptionGroup var options: EditOptions

    @Argument(
        help: ArgumentHelp("[FAMILY] TABLE [CHAIN]", valueName: "words"),
        completion: .list(Family.all.map(\.name)))
    var words: [String]

    func edit() throws -> Edit { try Flush.edit(words) }

    /// The edit that empties `[FAMILY] TABLE [CHAIN]`.
    static func edit(_ words: [String]) throws(CommandError) -> Edit {
        let (table, chain) = try PlaceWords.tableOrChain(words)
        let message = RuleMessage(family: table.family, table: table.table, chain: chain)
        let name = chain.map { "chain \(table) \($0)" } ?? "all chains of table \(table)"
        return Edit(type: .deleteRule, message: .rule(message), done: "\(name) flushed")
    }
}
