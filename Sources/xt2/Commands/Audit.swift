import ArgumentParser
import NetlinkProto
import RuleSyntax

/// `xt2 audit`: shows who tried what.
struct Audit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Show who changed, or tried to change, what; newest first.",
        discussion: """
            Every attempt is an entry, refused ones too. All filters that are given must hold. Times are 2026-03-01, \
            '2026-03-01 14:05', 2026-03-01T14:05:00Z, '2h ago' or yesterday.

              xt2 audit --user alice --since yesterday
              xt2 audit --table 'inet filter' --chain input --outcome refused
              xt2 audit --rule 42 --changes
              xt2 audit --address 10.0.0.0/8
              xt2 audit -n 20 --before 1234
              xt2 audit --follow
              xt2 audit --head >head && xt2 audit --verify --expect head
            """)

    @Option(help: ArgumentHelp("By this user.", valueName: "name|uid"))
    var user: String?

    @Option(help: ArgumentHelp("Not before this time.", valueName: "time"))
    var since: String?

    @Option(help: ArgumentHelp("Before this time.", valueName: "time"))
    var until: String?

    @Option(help: ArgumentHelp("Touching this table, such as 'inet filter'.", valueName: "table"))
    var table: String?

    @Option(help: ArgumentHelp("Touching this chain of the table.", valueName: "chain"))
    var chain: String?

    @Option(help: ArgumentHelp("Touching the rule with this id.", valueName: "id"))
    var rule: UInt64?

    @Option(
        help: ArgumentHelp(
            "About rules that name this address, or one within this prefix.",
            valueName: "address[/bits]"))
    var address: String?

    @Option(help: ArgumentHelp("Only this action, such as edit or rollback.", valueName: "action"))
    var action: String?

    @Option(
        help: ArgumentHelp("Only this outcome, such as committed or refused.", valueName: "outcome")
    )
    var outcome: String?

    @Option(
        help: ArgumentHelp(
            "Only attempts at this version: a number, HEAD~3, or a tag.", valueName: "version"))
    var version: VersionWord?

    @Option(
        name: [.customShort("n"), .customLong("limit")],
        help: ArgumentHelp("Show at most so many.", valueName: "n"))
    var limit: UInt32?

    @Option(
        help: ArgumentHelp(
            "Only what comes behind this entry in the list, to go on where the last page ended.",
            valueName: "number"))
    var before: UInt64?

    @Flag(help: "Show what each version changed, and what was asked for if it was not done.")
    var changes = false

    @Flag(help: "Show new entries as they come, the oldest first, until it is interrupted.")
    var follow = false

    @Flag(help: "Print number and hash of the newest entry, to be kept on another machine.")
    var head = false

    @Flag(help: "Check that no entry is missing or altered; exit status 1 if one is.")
    var verify = false

    @Option(
        help: ArgumentHelp(
            "With --verify: what --head printed earlier, or a file that holds it. Entries that were cut off since are noticed.",
            valueName: "head|file"))
    var expect: String?

    @OptionGroup var connection: ConnectionOptions

    mutating func validate() throws {
        if expect != nil && !verify { throw ValidationError("--expect needs --verify.") }
        if follow && before != nil { throw ValidationError("--follow shows new entries only.") }
    }

    mutating func run() throws {
        if verify { return try AuditCheck(connection).verify(expect: expect) }
        if head { return try AuditCheck(connection).head() }
        var request = try request(now: Moment.now)
        var client = try connection.connect()
        if let version { request.version = try client.number(of: version) }
        let list = AuditList(changes: changes, json: connection.json)
        if follow { return try list.follow(request, &client) }
        try list.show(request, &client)
    }

    /// What the filters ask for.
    func request(now: Moment) throws(CommandError) -> AuditRequest {
        var request = AuditRequest(
            chain: chain, ruleID: rule, action: action, outcome: outcome, before: before,
            limit: limit)
        request.uid = try user.map(UserName.requireNumber)
        if let since { request.since = try Moment(since, now: now).microseconds }
        if let until { request.until = try Moment(until, now: now).microseconds }
        if let address {
            guard let prefix = InternetAddress(prefix: address) else {
                throw CommandError(
                    .usage, "'\(address)' is not an address.",
                    hints: ["xt2 audit --address 10.0.0.0/8"])
            }
            request.address = prefix.bytes
            request.prefix = prefix.prefix
        }
        if let table {
            let name = try PlaceWords.table(table.split(separator: " ").map(String.init))
            request.family = name.family.rawValue
            request.table = name.table
        } else if chain != nil {
            throw CommandError(
                .usage, "--chain needs --table, because chains of different tables have one name.",
                hints: ["xt2 audit --table 'inet filter' --chain input"])
        }
        return request
    }
}

/// `xt2 audit --head` and `--verify`.
private struct AuditCheck {
    let connection: ConnectionOptions

    init(_ connection: ConnectionOptions) {
        self.connection = connection
    }

    /// Prints the newest entry's number and hash.
    func head() throws {
        var client = try connection.connect()
        let found = try client.one(
            .getAuditHead, NoAttributes(), .newAuditHead, AuditHeadMessage.self)
        let head = AuditHeadText(sequence: found.sequence ?? 0, hash: found.hash ?? [])
        var output = Output()
        if connection.json { try output.json(head.json) } else { try output.line(head.text) }
        try output.flush()
    }

    /// Checks the chain.
    func verify(expect: String?) throws {
        let kept = try expect.map { text throws(CommandError) in
            try AuditHeadText(option: text)
        }
        var client = try connection.connect()
        let request = AuditHeadMessage(sequence: kept?.sequence, hash: kept?.hash)
        let found = try client.one(
            .verifyAudit, request, .newVerification, VerificationMessage.self)
        var output = Output()
        if connection.json {
            try output.json(AuditText.json(found))
        } else {
            try output.lines(AuditText.lines(found))
        }
        try output.flush()
        if !found.problem.isEmpty { throw ExitCode(CommandError.Kind.refused.rawValue) }
    }
}
