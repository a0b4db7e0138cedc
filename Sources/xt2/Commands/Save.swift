import ArgumentParser
import NetlinkProto
import RuleSyntax

/// `xt2 save`: writes the ruleset as commands.
struct Save: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "save",
        abstract: "Write the ruleset as lines that 'xt2 batch' reads.",
        discussion: """
            Rule ids, counters and history are not part of it.

              xt2 save > rules.xt2
              xt2 save --version 12 | diff - rules.xt2
            """)

    @Option(
        help: ArgumentHelp(
            "Write the ruleset of this version: a number, HEAD~3, or a tag.", valueName: "version"))
    var version: VersionWord?

    @OptionGroup var connection: ConnectionOptions

    mutating func run() throws {
        var client = try connection.connect()
        let number = try version.map { word throws(CommandError) in try client.number(of: word) }
        let listing = try client.ruleset(RulesetRequest(version: number))
        var output = Output()
        if connection.json {
            try output.write(RulesetJSON.render(listing, options: ListingOptions()))
        } else {
            try output.write(SaveFormat.write(listing))
        }
        try output.flush()
    }
}
