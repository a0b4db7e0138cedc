import ArgumentParser
import NetlinkProto

/// `xt2 status`: tells how the daemon is.
struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Tell how the daemon is and what it holds.",
        discussion: """
              xt2 status
              xt2 status --json
            """)

    @OptionGroup var connection: ConnectionOptions

    mutating func run() throws {
        var client = try connection.connect()
        let status = try client.one(.getStatus, NoAttributes(), .newStatus, StatusMessage.self)
        var output = Output()
        if connection.json {
            try output.json(StatusText.json(status))
        } else {
            try output.lines(StatusText.lines(status, now: Moment.now))
        }
        try output.flush()
    }
}
