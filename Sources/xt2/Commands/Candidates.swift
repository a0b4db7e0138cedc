import ArgumentParser
import NetlinkProto
import RuleSyntax

/// `xt2 candidates`: lists candidates.
struct Candidates: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "candidates",
        abstract: "List candidates that are not committed yet.",
        discussion: """
              xt2 candidates
              xt2 candidates --json
            """)

    @OptionGroup var connection: ConnectionOptions

    mutating func run() throws {
        var client = try connection.connect()
        let candidates = try client.all(
            .getCandidate, NoAttributes(), .newCandidate, CandidateMessage.self)
        var output = Output()
        if connection.json {
            try output.json(.array(candidates.map(CandidateText.json)))
        } else {
            try output.lines(candidates.map(CandidateText.line))
        }
        try output.flush()
    }
}
