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
              xt2 rollback HEAD~2 --confirm 60s
              xt2 rollback --to-time 'yesterday'
              xt2 rollback 3 -m 'version 4 locked us out'
            """)

    @OptionGroup var reason: ReasonOption

    @Option(
        help: ArgumentHelp(
            "The version that was the head at this time, such as '2h ago'.", valueName: "time"))
    var toTime: String?

    @OptionGroup var confirm: ConfirmOption

    @OptionGroup var guarded: GuardOptions

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: ArgumentHelp(VersionWord.help))
    var version: VersionWord?

    mutating func validate() throws {
        guard (version == nil) != (toTime == nil) else {
            throw ValidationError("Either a version or --to-time says what is brought back.")
        }
    }

    mutating func run() throws {
        let now = Moment.now
        let moment = try toTime.map { text throws(CommandError) in try Moment(text, now: now) }
        let options = EditRun.Options(
            message: reason.message, confirm: confirm.span, protect: guarded.protect,
            force: guarded.force, socket: connection.socket, json: connection.json)
        try RollbackRun(version: version, moment: moment, options: options).run()
    }
}

/// Brings back an older version.
struct RollbackRun {
    /// The version; or ``moment``.
    var version: VersionWord?
    /// When it was the head.
    var moment: Moment?
    /// What is said beside it.
    var options: EditRun.Options

    func run() throws(CommandError) {
        let reason = try Reason.checked(options.message)
        var client = try options.connect()
        let version = try target(&client)
        let request = RollbackRequest(
            version: version, reason: reason, confirm: options.confirm?.seconds)
        let outcome = try client.newVersion(.rollback, request)
        try outcome.show("rolled back to version \(version)", json: options.json)
    }

    private func target(_ client: inout Client) throws(CommandError) -> UInt64 {
        if let moment { return try client.number(at: moment) }
        guard let version else { throw CommandError(.usage, "a version is missing.") }
        return try client.number(of: version)
    }
}
