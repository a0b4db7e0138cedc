import ArgumentParser
import NetlinkProto

/// `xt2 commit`: makes a candidate the next version.
struct Commit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "commit",
        abstract: "Make a candidate the next version.",
        discussion: """
            It is refused (exit status 75) if a newer version has changed what the candidate changes.

              xt2 commit 2
              xt2 commit 2 -m 'move ssh to port 2222'
              xt2 commit --confirm 60s 2
              xt2 commit --check 2
            """)

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("Why; instead of what 'xt2 begin' was told.", valueName: "why"))
    var message: String?

    @Flag(help: "Do everything but the change, and tell what it would be.")
    var check = false

    @OptionGroup var confirm: ConfirmOption

    @OptionGroup var guarded: GuardOptions

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "A candidate's id; see 'xt2 candidates'.")
    var id: UInt64

    mutating func run() throws {
        let request = CandidateMessage(
            id: id, reason: try Reason.checked(message), confirm: confirm.span?.seconds,
            check: check)
        var client = try connection.connect(guarded)
        let reply = try client.newVersion(.commit, request)
        try reply.show("candidate \(id) committed", json: connection.json)
    }
}
