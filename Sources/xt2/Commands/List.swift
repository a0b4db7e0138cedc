import ArgumentParser
import NetlinkProto
import RuleSyntax

/// `xt2 list`: shows tables, chains and rules.
struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show tables, chains and rules.",
        usage: "xt2 list [OPTIONS] [FAMILY [TABLE [CHAIN]]]",
        discussion: """
            The family may be left out in front of a table. The number in front of a rule is its position, which --at takes.

              xt2 list
              xt2 list --counters --ids inet filter input
              xt2 list --version 12 ip
            """)

    @Flag(help: "Show how many packets and bytes each rule has matched.")
    var counters = false

    @Flag(help: "Show rule ids, which stay the same for as long as a rule lives.")
    var ids = false

    @Option(
        help: ArgumentHelp(
            "Show the ruleset of this version: a number, HEAD~3, or a tag.", valueName: "version"))
    var version: VersionWord?

    @OptionGroup var connection: ConnectionOptions

    @Argument(
        help: ArgumentHelp("[FAMILY [TABLE [CHAIN]]]", valueName: "words"),
        completion: .list(Family.all.map(\.name)))
    var words: [String] = []

    mutating func run() throws {
        let options = ListingOptions(counters: counters, ids: ids)
        var request = try List.request(words, counters: counters)
        var client = try connection.connect()
        if let version { request.version = try client.number(of: version) }
        let listing = try client.ruleset(request)
        var output = Output()
        if connection.json {
            try output.write(RulesetJSON.render(listing, options: options))
        } else {
            try output.write(ListingText.render(listing, options: options))
        }
        try output.flush()
    }

    /// Reads `[FAMILY [TABLE [CHAIN]]]`, and `TABLE [CHAIN]` too.
    static func request(
        _ words: [String], counters: Bool
    ) throws(CommandError) -> RulesetRequest {
        var request = RulesetRequest(counters: counters)
        if words.count == 1, let family = Family(name: words[0]) {
            request.family = family.rawValue
        } else if !words.isEmpty {
            let (table, chain) = try PlaceWords.tableOrChain(words)
            request.family = table.family.rawValue
            request.table = table.table
            request.chain = chain
        }
        return request
    }
}
