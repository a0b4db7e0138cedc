import ArgumentParser
import NetlinkProto

/// `xt2 begin`: begins a candidate.
struct Begin: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "begin",
        abstract: "Begin a candidate and print its id.",
        discussion: """
            A candidate collects edits (--tx ID) that change nothing until 'xt2 commit ID' makes them one version.

              tx=$(xt2 begin -m 'move ssh')
              xt2 delete --tx $tx inet filter input -p tcp --dport 22 -j ACCEPT
              xt2 diff --tx $tx && xt2 commit $tx
            """)

    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "Why; shown by 'xt2 candidates' and kept with the version.", valueName: "why"))
    var message: String?

    @OptionGroup var connection: ConnectionOptions

    mutating func run() throws {
        let request = CandidateMessage(reason: try Reason.checked(message))
        var client = try connection.connect()
        let candidate = try client.one(
            .newCandidate, request, .newCandidate, CandidateMessage.self)
        var output = Output()
        if connection.json {
            try output.json(CandidateText.json(candidate))
        } else {
            try output.line(String(candidate.id ?? 0))
        }
        try output.flush()
    }
}
