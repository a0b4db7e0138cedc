import ArgumentParser
import NetlinkProto
import RuleSyntax

/// `xt2 import kernel`: takes over the tables that other programs made.
struct ImportKernel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernel",
        abstract: "Take over the tables that other programs made, as they are.",
        usage: "xt2 import kernel [--dry-run] [--policy POLICY] [OPTIONS] [[FAMILY] TABLE]",
        discussion: """
            All tables of the running kernel, or the one that is named, become part of the ruleset as one version: chains, rules, \
            sets, maps, objects and flowtables, what xt2 has no words for as bytes. They stay in the kernel as they are, with handles and \
            counters; from now on what other programs do to them becomes a version (observed), or is undone (enforced). Tables that are \
            in the ruleset already, and tables that a running process owns, are passed over; 'xt2 adopt' does the same for one table \
            and can change its policy later.

              xt2 import kernel --dry-run --stat
              xt2 import kernel -m 'what was there when xt2 came'
              xt2 import kernel --policy enforced inet firewalld
            """)

    @Flag(help: "Show what would come, and change nothing.")
    var dryRun = false

    @Option(
        help: ArgumentHelp("observed or enforced.", valueName: "policy"),
        completion: .list(ImportKernel.policies.map(\.rawValue)))
    var policy = TablePolicy.observed.rawValue

    @OptionGroup var diff: DiffOptions

    @OptionGroup var reason: ReasonOption

    @OptionGroup var connection: ConnectionOptions

    @Argument(
        help: ArgumentHelp("[FAMILY] TABLE", valueName: "words"),
        completion: .list(Family.all.map(\.name)))
    var words: [String] = []

    private static let policies: [TablePolicy] = [.observed, .enforced]

    mutating func run() throws {
        let name = words.isEmpty ? nil : try PlaceWords.table(words)
        let request = ImportRequest(
            family: name?.family.rawValue, table: name?.table,
            policy: try TablePolicy.named(policy).watch?.policy.rawValue ?? 0,
            reason: try Reason.checked(reason.message), check: dryRun)
        var outcome = EditOutcome()
        var client = try connection.connect()
        let reply = try client.request(.importTables, request) { view throws(WireError) in
            switch view.header.type {
            case .newVersion: outcome.version = try VersionMessage(view)
            case .newCheck: outcome.check = try CheckMessage(view)
            case .newChange: outcome.changes.append(try ChangeMessage(view))
            default: break  // a newer daemon's; what is not known is not needed
            }
        }
        outcome.note = reply.message
        try ImportText(
            name: name.map { "table \($0)" } ?? "the kernel's tables", isDryRun: dryRun, diff: diff
        ).show(outcome, json: connection.json)
        Warnings.show(outcome.version)
    }
}
