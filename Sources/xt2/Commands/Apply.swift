import ArgumentParser
import NetlinkProto

/// `xt2 apply`: makes the ruleset equal a file.
struct Apply: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Make the ruleset equal a file, by the smallest set of changes.",
        usage: "xt2 apply [--dry-run] [--force] [--table [FAMILY] TABLE] [OPTIONS] FILE",
        discussion: """
            FILE is what 'xt2 save' writes; '-' is standard input. All changes are one version. Rules that are in the file and in \
            the ruleset are not touched: they keep their ids, handles and counters. A rule that is only in another place is \
            moved: it keeps its id and its counters. Tables and chains that are not in the file are deleted; with --table only \
            that table is looked at, in the file and in the ruleset.

            A plan that removes more than 40 % of the rules is asked about on a terminal, and refused elsewhere; --force carries it out.

              xt2 apply rules.xt2
              xt2 apply --dry-run rules.xt2
              xt2 apply --confirm 60s -m 'new web servers' rules.xt2
              xt2 apply --table inet filter filter.xt2
              ssh other xt2 save | xt2 apply --force -
            """)

    @Flag(help: "Show what would be changed, and change nothing.")
    var dryRun = false

    @Option(
        help: ArgumentHelp(
            "Only this table: [FAMILY] TABLE, in one word or two.", valueName: "table"),
        completion: .list(Family.all.map(\.name)))
    var table: String?

    @OptionGroup var diff: DiffOptions

    @OptionGroup var options: EditOptions

    @Argument(
        help: ArgumentHelp("A file, or - for standard input.", valueName: "file"),
        completion: .file())
    var words: [String]

    mutating func run() throws {
        if dryRun && options.candidate != nil {
            throw CommandError(
                .usage, "--dry-run shows what would be committed, and --tx commits nothing.",
                hints: ["what a candidate would change: xt2 diff --tx ID"])
        }
        let (table, file) = try place()
        try ApplyRun(
            file,
            ApplyRun.Options(
                table: table, isDryRun: dryRun, edit: options.run, diff: diff)
        ).run()
    }

    /// The table that is meant, and the file: a family behind `--table` leaves the name of the table in front of the file.
    private func place() throws(CommandError) -> (TableName?, String) {
        var words = words
        var name = table.map { $0.split(separator: " ").map(String.init) } ?? []
        if name.count == 1, Family(name: name[0]) != nil, words.count == 2 {
            name.append(words.removeFirst())
        }
        guard words.count == 1 else {
            throw CommandError(
                .usage, "too many words: one file can be applied.", hints: ["xt2 apply --help"])
        }
        return (table == nil ? nil : try PlaceWords.table(name), words[0])
    }
}
