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
              xt2 diff 7
              xt2 diff --tx 2
            """)

    @Option(
        name: .customLong("tx"),
        help: ArgumentHelp("What this candidate would change.", valueName: "id"))
    var candidate: UInt64?

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "Version numbers; see 'xt2 log'.")
    var versions: [UInt64] = []

    mutating func run() throws {
        let request = try Diff.request(versions, candidate: candidate)
        var client = try connection.connect()
        let changes = try client.all(.getDiff, request, .newChange, ChangeMessage.self)
        var output = Output()
        if connection.json {
            try output.json(.array(changes.map(ChangeText.json)))
        } else {
            try output.diff(DiffText.lines(changes))
        }
        try output.flush()
    }

    /// Reads `A B`, `V` or `--tx ID`.
    static func request(
        _ versions: [UInt64], candidate: UInt64?
    ) throws(CommandError) -> DiffRequest {
        switch (versions.count, candidate) {
        case (0, let candidate?): return DiffRequest(candidate: candidate)
        case (1, nil): return DiffRequest(to: versions[0])
        case (2, nil): return DiffRequest(from: versions[0], to: versions[1])
        default:
            throw CommandError(
                .usage, "write two versions, one version, or --tx and a candidate.",
                hints: ["xt2 diff 3 7"])
        }
    }
}
