import ArgumentParser
import NetlinkProto
import RuleSyntax

/// `xt2 diff`: shows what differs.
struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show what differs between two versions, or what a candidate would change.",
        usage: """
            xt2 diff [OPTIONS] A B
            xt2 diff [OPTIONS] V
            xt2 diff [OPTIONS] --tx ID
            """,
        discussion: """
            One version number shows what that version changed. '+' is new, '-' is gone, '~' is different, with what it became \
            behind '→'. The number behind the sign is the rule's position.

              xt2 diff 3 7
              xt2 diff HEAD~5 HEAD --stat
              xt2 diff 7
              xt2 diff --tx 2
            """)

    @Option(
        name: .customLong("tx"),
        help: ArgumentHelp("What this candidate would change.", valueName: "id"))
    var candidate: UInt64?

    @OptionGroup var options: DiffOptions

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "Version numbers, HEAD, HEAD~3, or tags; see 'xt2 log'.")
    var versions: [VersionWord] = []

    mutating func run() throws {
        try Diff.check(versions, candidate: candidate)
        var client = try connection.connect()
        var numbers: [UInt64] = []
        for version in versions { numbers.append(try client.number(of: version)) }
        let request = Diff.request(numbers, candidate: candidate)
        let changes = try client.all(.getDiff, request, .newChange, ChangeMessage.self)
        var output = Output(color: options.color)
        if connection.json {
            try output.json(
                options.stat
                    ? DiffStat.json(changes) : .array(changes.map(ChangeText.json)))
        } else {
            try options.show(changes, &output)
        }
        try output.flush()
    }

    /// Refuses everything but `A B`, `V` and `--tx ID`.
    static func check(_ versions: [VersionWord], candidate: UInt64?) throws(CommandError) {
        switch (versions.count, candidate) {
        case (0, .some), (1, nil), (2, nil): return
        default:
            throw CommandError(
                .usage, "write two versions, one version, or --tx and a candidate.",
                hints: ["xt2 diff 3 7"])
        }
    }

    private static func request(_ versions: [UInt64], candidate: UInt64?) -> DiffRequest {
        DiffRequest(
            from: versions.count == 2 ? versions[0] : nil, to: versions.last, candidate: candidate)
    }
}
