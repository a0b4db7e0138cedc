import ArgumentParser
import NetlinkProto
import RuleSyntax

/// `xt2 prune`: gives up old versions.
struct Prune: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Give up the rulesets of old versions, so that the database stops growing.",
        usage: """
            xt2 prune [OPTIONS] --keep N
            xt2 prune [OPTIONS] --before TIME
            """,
        discussion: """
            What is pruned cannot be listed, compared or rolled back to any more. Who changed what, when and why stays in 'xt2 log' \
            and in the audit log. Versions with tags are kept. Times are written as for 'xt2 audit'.

              xt2 prune --keep 1000 --dry-run
              xt2 prune --before '90 days ago'
            """)

    @Option(help: ArgumentHelp("Keep so many of the newest versions.", valueName: "n"))
    var keep: UInt64?

    @Option(help: ArgumentHelp("Give up versions that were made before.", valueName: "time"))
    var before: String?

    @Flag(help: "Only tell what would be given up.")
    var dryRun = false

    @OptionGroup var connection: ConnectionOptions

    mutating func validate() throws {
        guard (keep == nil) != (before == nil) else {
            throw ValidationError("One of --keep and --before says how much is given up.")
        }
        if keep == 0 { throw ValidationError("At least one version has to be kept.") }
    }

    mutating func run() throws {
        let now = Moment.now
        let time = try before.map { text throws(CommandError) in try Moment(text, now: now) }
        let request = PruneRequest(keep: keep, before: time?.microseconds, dryRun: dryRun)
        var client = try connection.connect()
        let report = try client.one(.prune, request, .newPrune, PruneMessage.self)
        var output = Output()
        if connection.json {
            try output.json(json(report))
        } else {
            try output.line(text(report))
        }
        try output.flush()
    }

    private func text(_ report: PruneMessage) -> String {
        guard report.versions > 0 else {
            return report.horizon == 0
                ? "nothing to prune; all versions can be read"
                : "nothing to prune; version \(report.horizon) is the oldest that can be read"
        }
        let verb = dryRun ? "would be pruned" : "pruned"
        let rows = "\(Count.of(report.objects, "stored object")) \(dryRun ? "would be " : "")freed"
        let kept =
            report.kept.isEmpty
            ? "" : "; kept because of their tags: \(report.kept.joined(separator: ", "))"
        return
            "\(Count.of(report.versions, "version")) \(verb), \(rows); the oldest that can be read is version \(report.horizon)\(kept)"
    }

    private func json(_ report: PruneMessage) -> JSONValue {
        .object([
            ("horizon", .uint(report.horizon)),
            ("versions", .uint(report.versions)),
            ("objects", .uint(report.objects)),
            ("kept", .array(report.kept.map { UInt64($0).map(JSONValue.uint) ?? .null })),
            ("dry_run", .bool(dryRun)),
        ])
    }
}
