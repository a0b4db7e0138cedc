import ArgumentParser
import NetlinkProto
import RuleSyntax

/// `xt2 abort`: gives a candidate up.
struct Abort: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "abort",
        abstract: "Give a candidate up; its edits are forgotten.",
        discussion: """
              xt2 abort 2
              xt2 candidates
            """)

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "A candidate's id; see 'xt2 candidates'.")
    var id: UInt64

    mutating func run() throws {
        var client = try connection.connect()
        try client.request(.deleteCandidate, CandidateMessage(id: id))
        var output = Output()
        if connection.json {
            try output.json(.object([("id", .uint(id)), ("aborted", .bool(true))]))
        } else {
            try output.line("candidate \(id) aborted")
        }
        try output.flush()
    }
}
