import ArgumentParser
import NetlinkProto
import RuleSyntax

/// `xt2 blame`: shows who brought each rule of a chain.
struct Blame: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "blame",
        abstract: "Show which version brought each rule of a chain: when, who and why.",
        usage: "xt2 blame [OPTIONS] [FAMILY] TABLE CHAIN",
        discussion: """
            A version that only moved a rule did not bring it; one that brought it back after it was deleted did.

              xt2 blame filter input
              xt2 blame --version HEAD~10 inet filter input
              xt2 blame --json ip nat postrouting
            """)

    @Option(
        help: ArgumentHelp(
            "Show the chain as this version has it: a number, HEAD~3, or a tag.",
            valueName: "version"))
    var version: VersionWord?

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: ArgumentHelp("[FAMILY] TABLE CHAIN", valueName: "words"))
    var words: [String] = []

    mutating func run() throws {
        let chain = try PlaceWords.chain(words)
        var client = try connection.connect()
        let number = try version.map { word throws(CommandError) in try client.number(of: word) }
        let request = BlameRequest(
            family: chain.table.family.rawValue, table: chain.table.table, chain: chain.chain,
            version: number)
        let rules = try client.all(.getBlame, request, .newBlame, BlameMessage.self)
        var output = Output()
        if connection.json {
            try output.json(
                .array(rules.map { BlameText.json($0, family: chain.table.family) }))
        } else {
            try output.lines(BlameText.lines(rules, family: chain.table.family))
        }
        try output.flush()
    }
}
