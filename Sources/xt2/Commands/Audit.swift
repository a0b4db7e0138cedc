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
              xt2 audit --rule 42
              xt2 audit --verify
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

    @Flag(help: "Check that no entry is missing or altered; exit status 1 if one is.")
    var verify = false

    @OptionGroup var connection: ConnectionOptions

    mutating func run() throws {
        if verify { return try runVerification() }
        var request = try request(now: Moment.now)
        var client = try connection.connect()
        if let version { request.version = try client.number(of: version) }
        let entries = try client.all(.getAudit, request, .newAudit, AuditMessage.self)
        var output = Output()
        if connection.json {
            try output.json(.array(entries.map(AuditText.json)))
        } else {
            let widest = entries.first?.sequence ?? 0
            try output.lines(entries.map { AuditText.line($0, widest: widest) })
        }
        try output.flush()
    }

    /// What the filters ask for.
    func request(now: Moment) throws(CommandError) -> AuditRequest {
        var request = AuditRequest(
            chain: chain, ruleID: rule, action: action, outcome: outcome, limit: limit)
        if let user {
            guard let uid = UserName.number(of: user) else {
                throw CommandError(
                    .usage, "there is no user '\(user)'; a uid can be given instead.")
            }
            request.uid = uid
        }
        if let since { request.since = try Moment(since, now: now).microseconds }
        if let until { request.until = try Moment(until, now: now).microseconds }
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

    private func runVerification() throws {
        var client = try connection.connect()
        let found = try client.one(
            .verifyAudit, NoAttributes(), .newVerification, VerificationMessage.self)
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
