import ArgumentParser
import NetlinkProto
import RuleSyntax

/// `xt2 show`: shows one version and what it changed.
struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show who made a version, when, why, and what it changed.",
        discussion: """
              xt2 show 12
              xt2 show 12 --json
            """)

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "A version number; see 'xt2 log'.")
    var version: UInt64

    mutating func run() throws {
        var client = try connection.connect()
        let found = try client.all(
            .getVersion, VersionRequest(version: version), .newVersion, VersionMessage.self)
        guard let header = found.first else {
            throw CommandError(
                .refused, "There is no version \(version).", hints: ["all versions: xt2 log"])
        }
        let changes = try client.all(
            .getDiff, DiffRequest(to: version), .newChange, ChangeMessage.self)
        var output = Output()
        if connection.json {
            try output.json(
                .object([
                    ("version", VersionText.json(header)),
                    ("changes", .array(changes.map(ChangeText.json))),
                ]))
        } else {
            try output.lines(VersionText.header(header) + [""])
            try output.diff(DiffText.lines(changes))
        }
        try output.flush()
    }
}
