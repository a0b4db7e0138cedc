import ArgumentParser
import NetlinkProto

/// `xt2 confirm`: keeps a version that would be taken back.
struct Confirm: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "confirm",
        abstract: "Keep a version that was made with --confirm.",
        discussion: """
            A version that was made with --confirm is taken back when its time is over, also if xt2d or the host was restarted \
            meanwhile. Confirm it once you have seen that you can still reach the host.

              xt2 insert --confirm 60s filter input -s 192.0.2.0/24 -j DROP
              xt2 confirm
            """)

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "Only this version; else the one that waits.")
    var version: VersionWord?

    mutating func run() throws {
        var client = try connection.connect()
        let number = try version.map { word throws(CommandError) in try client.number(of: word) }
        let confirmed = try client.one(
            .confirm, ConfirmRequest(version: number), .newVersion, VersionMessage.self)
        var output = Output()
        if connection.json {
            try output.json(VersionText.json(confirmed))
        } else {
            try output.line("version \(confirmed.version) confirmed")
        }
        try output.flush()
    }
}
