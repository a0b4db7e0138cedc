import ArgumentParser
import NetlinkProto
import RuleSyntax

/// `xt2 save`: writes the ruleset as commands.
struct Save: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "save",
        abstract: "Write the ruleset as lines that 'xt2 apply' reads.",
        discussion: """
            Sets, objects and flowtables are written as bytes. Rule ids, counters, elements that expire, and history are not part \
            of it. --format json, or --json, is described in docs/rule-language.md. In the formats iptables and ip6tables it is what iptables-save \
            and ip6tables-save would write, if iptables has words for all of it; the first thing that it has none for is named.

              xt2 save > rules.xt2
              xt2 save --version 12 | diff - rules.xt2
              xt2 save --format iptables --counters > rules.v4
              xt2 save --table 'ip6 filter' --format ip6tables > rules.v6
            """)

    @Option(help: ArgumentHelp("xt2, json, iptables or ip6tables.", valueName: "format"))
    var format = Format.xt2

    @Flag(help: "With what each rule has counted; not in the format xt2.")
    var counters = false

    @Option(help: ArgumentHelp("Only this table: '[FAMILY] TABLE'.", valueName: "table"))
    var table: String?

    @Option(
        help: ArgumentHelp(
            "Write the ruleset of this version: a number, HEAD~3, or a tag.", valueName: "version"))
    var version: VersionWord?

    @OptionGroup var connection: ConnectionOptions

    mutating func run() throws {
        var client = try connection.connect()
        let number = try version.map { word throws(CommandError) in try client.number(of: word) }
        let name = try table.map { text throws(CommandError) in
            try PlaceWords.table(text.split(separator: " ").map(String.init))
        }
        let listing = try client.ruleset(
            RulesetRequest(
                family: name?.family.rawValue, table: name?.table, version: number,
                counters: counters))
        var output = Output()
        try output.write(try text(listing))
        try output.flush()
    }

    mutating func validate() throws {
        if connection.json && format != .xt2 && format != .json {
            throw ValidationError("--json is a format of its own; leave --format out.")
        }
        if counters && format == .xt2 && !connection.json {
            throw ValidationError("--counters needs --json, --format iptables or ip6tables.")
        }
    }

    private func text(_ listing: RulesetListing) throws(CommandError) -> String {
        if connection.json || format == .json {
            return RulesetJSON.render(listing, options: ListingOptions(counters: counters))
        }
        let family: Family
        switch format {
        case .xt2, .json: return SaveFormat.write(listing)
        case .iptables: family = .ip
        case .ip6tables: family = .ip6
        }
        let export = try IPTablesExport(family, SocketPath(option: connection.socket))
        return try export.text(listing, counters: counters)
    }
}

extension Save {
    /// How a ruleset is written.
    enum Format: String, CaseIterable, ExpressibleByArgument {
        /// The commands of xt2.
        case xt2
        /// The same as `--json`.
        case json
        /// What `iptables-save` writes.
        case iptables
        /// What `ip6tables-save` writes.
        case ip6tables
    }
}
