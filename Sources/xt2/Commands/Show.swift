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
              xt2 show HEAD --stat
              xt2 show 12 --json
            """)

    @OptionGroup var options: DiffOptions

    @OptionGroup var connection: ConnectionOptions

    @Argument(
        help: ArgumentHelp(
            VersionWord.help + " The head when left out.", valueName: "version"))
    var word: VersionWord?

    mutating func run() throws {
        var client = try connection.connect()
        let version = try client.number(of: word ?? VersionWord.head)
        let found = try client.all(
            .getVersion, VersionRequest(version: version), .newVersion, VersionMessage.self)
        guard let header = found.first else {
            throw CommandError(
                .refused, "There is no version \(version).", hints: ["all versions: xt2 log"])
        }
        let changes = try changes(of: version, &client)
        var output = Output(color: options.color)
        if connection.json {
            try output.json(json(header, changes))
        } else {
            try output.lines(VersionText.header(header) + [""])
            if let changes {
                try options.show(changes, &output)
            } else {
                try output.line("what it changed was pruned")
            }
        }
        try output.flush()
    }

    /// What a version changed; nil if that cannot be read any more.
    private func changes(
        of version: UInt64, _ client: inout Client
    ) throws(CommandError) -> [ChangeMessage]? {
        do {
            return try client.all(
                .getDiff, DiffRequest(to: version), .newChange, ChangeMessage.self)
        } catch {
            guard error.kind == .refused else { throw error }
            return nil
        }
    }

    private func json(_ header: VersionMessage, _ changes: [ChangeMessage]?) -> JSONValue {
        let list = changes.map { changes in
            options.stat
                ? DiffStat.json(changes) : .array(changes.map(ChangeText.json))
        }
        return .object([("version", VersionText.json(header)), ("changes", list ?? .null)])
    }
}
