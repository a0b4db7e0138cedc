import ArgumentParser
import NetlinkProto
import RuleSyntax

/// `xt2 monitor`: follows versions as they are made.
struct MonitorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "monitor",
        abstract: "Print each version when it is made, until interrupted.",
        discussion: """
            A line is like one of 'xt2 log'; with --json each is an object on a line of its own. Changes by other programs \
            to observed tables are versions too.

              xt2 monitor
              xt2 monitor --json | jq .process
            """)

    @OptionGroup var connection: ConnectionOptions

    mutating func run() throws {
        var client = try connection.connect()
        let json = connection.json
        var failure: CommandError?
        try client.follow(.followVersions, NoAttributes()) { view throws(WireError) in
            guard failure == nil, view.header.type == .newVersion else { return }
            let version = try VersionMessage(view)
            do throws(CommandError) {
                var output = Output()
                if json {
                    try output.json(VersionText.json(version))
                } else {
                    try output.lines(VersionText.lines([version], now: Moment.now))
                }
                try output.flush()
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }
}
