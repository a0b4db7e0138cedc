import ArgumentParser
import NetlinkProto
import RuleSyntax

/// `xt2 check`: compares the ruleset with the kernel.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Compare the ruleset with what the kernel runs, rule by rule.",
        usage: "xt2 check [--fix] [OPTIONS] [[FAMILY] TABLE]",
        discussion: """
            Prints "in sync", or what differs: with '-' what the kernel lacks, with '+' what it has beyond the ruleset. Exit \
            status 1 if anything differs. With --fix it is put right: in observed tables the kernel is right and its state \
            becomes a version; in others the ruleset is right and is sent again.

              xt2 check
              xt2 check inet filter
              xt2 check --fix
            """)

    @Flag(help: "Put right what differs.")
    var fix = false

    @OptionGroup var connection: ConnectionOptions

    @Argument(
        help: ArgumentHelp("[[FAMILY] TABLE]", valueName: "words"),
        completion: .list(Family.all.map(\.name)))
    var words: [String] = []

    mutating func run() throws {
        var request = CheckRequest(fix: fix)
        if words.count == 1, let family = Family(name: words[0]) {
            request.family = family.rawValue
        } else if !words.isEmpty {
            let name = try PlaceWords.table(words)
            request.family = name.family.rawValue
            request.table = name.table
        }
        var client = try connection.connect()
        var drift: [ChangeMessage] = []
        var version: VersionMessage?
        try client.list(.checkKernel, request) { view throws(WireError) in
            switch view.header.type {
            case .newChange: drift.append(try ChangeMessage(view))
            case .newVersion: version = try VersionMessage(view)
            default: break
            }
        }
        try show(drift, version)
        if !drift.isEmpty && !fix { throw ExitCode.failure }
    }

    private func show(
        _ drift: [ChangeMessage], _ version: VersionMessage?
    ) throws(CommandError) {
        var output = Output()
        if connection.json {
            try output.json(
                .object([
                    ("in_sync", .bool(drift.isEmpty)),
                    ("drift", .array(drift.map(ChangeText.json))),
                    ("fixed", .bool(fix && !drift.isEmpty)),
                    ("version", version.map(VersionText.json) ?? .null),
                ]))
        } else if drift.isEmpty {
            try output.line("in sync")
        } else {
            try output.diff(DiffText.lines(drift))
            let count = Count.of(drift.count, "object")
            let verb = drift.count == 1 ? "differs" : "differ"
            try output.line(
                fix
                    ? "\(count) put right" + (version.map { ": version \($0.version)" } ?? "")
                    : "\(count) \(verb); 'xt2 check --fix' puts that right")
        }
        try output.flush()
    }
}
