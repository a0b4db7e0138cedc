import ArgumentParser
import NetlinkProto
import RuleSyntax

/// `xt2 zero`: sets counters to nought.
struct Zero: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "zero",
        abstract: "Set the counters of a chain's or a table's rules to zero.",
        usage: "xt2 zero [OPTIONS] [FAMILY] TABLE [CHAIN]",
        discussion: """
            Counters are not part of a version, so this makes none; it is in the audit log.

              xt2 zero inet filter input
              xt2 zero inet filter
            """)

    @OptionGroup var connection: ConnectionOptions

    @Argument(
        help: ArgumentHelp("[FAMILY] TABLE [CHAIN]", valueName: "words"),
        completion: .list(Family.all.map(\.name)))
    var words: [String]

    mutating func run() throws {
        let (table, chain) = try PlaceWords.tableOrChain(words)
        var client = try connection.connect()
        try client.request(
            .getRuleReset,
            RuleMessage(family: table.family, table: table.table, chain: chain))
        var output = Output()
        if connection.json {
            try output.json(
                .object([
                    ("family", .string(table.family.name)), ("table", .string(table.table)),
                    ("chain", .text(chain)), ("zeroed", .bool(true)),
                ]))
        } else {
            let name = chain.map { "\(table) \($0)" } ?? table.description
            try output.line("counters of \(name) zeroed")
        }
        try output.flush()
    }
}
