import ArgumentParser
import NetlinkProto
import RuleSyntax

/// `xt2 adopt`: takes over a table that another program made, or changes a table's policy.
struct Adopt: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adopt",
        abstract: "Take over a table as it is, or give a table another policy.",
        usage: "xt2 adopt [--policy POLICY] [OPTIONS] [FAMILY] TABLE",
        discussion: """
            The table and its rules stay in the kernel as they are, with handles and counters; from now on they are part of \
            the ruleset and of its history. What other programs do to an observed table becomes a version of its own; \
            what they do to an enforced one is undone at once. Most tables cannot become owned while they are in use; \
            they are enforced instead. A table that is observed or enforced already changes its policy.

              xt2 adopt ip filter
              xt2 adopt --policy enforced inet firewalld
              xt2 adopt -m 'Docker is watched from now on' ip nat
            """)

    @Option(
        help: ArgumentHelp("observed, enforced or owned.", valueName: "policy"),
        completion: .list(TablePolicy.allCases.map(\.rawValue)))
    var policy = "observed"

    @OptionGroup var reason: ReasonOption

    @OptionGroup var connection: ConnectionOptions

    @Argument(
        help: ArgumentHelp("[FAMILY] TABLE", valueName: "words"),
        completion: .list(Family.all.map(\.name)))
    var words: [String]

    mutating func run() throws {
        let policy = try TablePolicy.named(policy)
        let name = try PlaceWords.table(words)
        let request = TableRequest(
            family: name.family.rawValue, table: name.table,
            policy: policy.watch?.policy.rawValue ?? 0, reason: try Reason.checked(reason.message))
        var client = try connection.connect()
        let reply = try client.newVersion(.adoptTable, request)
        try reply.show("table \(name) adopted", json: connection.json)
        try reply.showNote(json: connection.json)
    }
}
