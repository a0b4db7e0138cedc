import ArgumentParser
import NetlinkProto

/// `xt2 rollback`: brings back an older version.
struct Rollback: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Bring back the ruleset of an older version, as a new version.",
        discussion: """
            Only what differs is sent to the kernel; rules that are the same in both keep their counters.

              xt2 rollback 3
              xt2 rollback 3 -m 'version 4 locked us out'
            """)

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("Why; kept with the version and in the audit log.", valueName: "why"))
    var message: String?

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "A version number; see 'xt2 log'.")
    var version: UInt64

    mutating func run() throws {
        let request = RollbackRequest(version: version, reason: try Reason.checked(message))
        var client = try connection.connect()
        let outcome = try client.newVersion(.rollback, request)
        try outcome.show("rolled back to version \(version)", json: connection.json)
    }
}
