import ArgumentParser
import NetlinkProto
import RuleSyntax

/// `xt2 add`: makes a table, a chain or a rule.
struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Add a table, a chain or a rule.",
        discussion: """
              xt2 add table inet filter
              xt2 add chain --type filter --hook input --priority filter filter input
              xt2 add chain inet filter from_lan
              xt2 add rule inet filter input -p tcp --dport 22 -j ACCEPT
            """,
        subcommands: [AddTable.self, AddChain.self, AddRule.self])
}

/// `xt2 add table`.
struct AddTable: EditCommand {
    static let configuration = CommandConfiguration(
        commandName: "table",
        abstract: "Add a table.",
        usage: "xt2 add table [OPTIONS] [FAMILY] TABLE",
        discussion: """
            The table belongs to xt2d: other programs may read it but not change it. If it is there already, nothing changes.

              xt2 add table inet filter
              xt2 add table ip6 mangle6
              xt2 add table --tx 3 inet filter
            """)

    @Option(
        help: ArgumentHelp(
            "Whose changes count: owned (xt2's only). 'observed' and 'enforced' are not in this release.",
            valueName: "policy"),
        completion: .list(["owned"]))
    var policy = "owned"

    @Flag(help: "Do not hook its chains in.")
    var dormant = false

    @Option(
        help: ArgumentHelp("All attributes in hex, as 'xt2 save' writes them.", valueName: "hex"))
    var attributes: String?

    @OptionGroup var options: EditOptions

    @Argument(
        help: ArgumentHelp("[FAMILY] TABLE", valueName: "words"),
        completion: .list(Family.all.map(\.name)))
    var words: [String]

    func edit() throws -> Edit {
        try requireOwned()
        let name = try PlaceWords.table(words)
        try NewName.check(name.table, of: "table")
        var body =
            try attributes.map { (text) throws(CommandError) in
                try BodyAttributes.read(text, TableBody.self)
            } ?? TableBody()
        body.flags.formUnion([.owner, .persist])
        if dormant { body.flags.insert(.dormant) }
        return Edit(
            type: .newTable, flags: .create,
            message: .table(TableMessage(family: name.family, name: name.table, body: body)),
            done: "table \(name) added")
    }

    private func requireOwned() throws(CommandError) {
        if policy == TablePolicy.owned.rawValue { return }
        guard TablePolicy(rawValue: policy) != nil else {
            throw CommandError(
                .usage, "'\(policy)' is not a policy of a table.", hints: ["write --policy owned"])
        }
        throw CommandError(
            .refused, "tables that are \(policy) are not in this release; 'owned' is.",
            hints: ["leave --policy out: other programs may then read the table, not change it"])
    }
}

/// `xt2 add chain`.
struct AddChain: EditCommand {
    static let configuration = CommandConfiguration(
        commandName: "chain",
        abstract: "Add a chain.",
        usage: "xt2 add chain [OPTIONS] [FAMILY] TABLE CHAIN",
        discussion: """
            With --type, --hook and --priority it is a base chain, which packets reach by themselves; without them only \
            jumps reach it. If it is there already, nothing changes.

              xt2 add chain --type filter --hook input --priority filter filter input
              xt2 add chain --type nat --hook postrouting --priority srcnat ip nat post
              xt2 add chain inet filter from_lan
            """)

    @Option(
        help: ArgumentHelp("filter, nat or route.", valueName: "type"),
        completion: .list(["filter", "nat", "route"]))
    var type: String?

    @Option(
        help: ArgumentHelp(
            "Where packets reach it: prerouting, input, forward, output, postrouting, ingress, egress.",
            valueName: "hook"),
        completion: .list([
            "prerouting", "input", "forward", "output", "postrouting", "ingress", "egress",
        ]))
    var hook: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Lower runs first: a number, or raw, mangle, dstnat, filter, security or srcnat, also 'filter + 10'.",
            valueName: "priority"),
        completion: .list(["raw", "mangle", "dstnat", "filter", "security", "srcnat"]))
    var priority: String?

    @Option(
        help: ArgumentHelp(
            "What happens at the end of a base chain: accept or drop.", valueName: "policy"),
        completion: .list(["accept", "drop"]))
    var policy: String?

    @Option(help: ArgumentHelp("The device of an ingress or egress chain; may be repeated."))
    var device: [String] = []

    @Option(
        help: ArgumentHelp("All attributes in hex, as 'xt2 save' writes them.", valueName: "hex"))
    var attributes: String?

    @OptionGroup var options: EditOptions

    @Argument(
        help: ArgumentHelp("[FAMILY] TABLE CHAIN", valueName: "words"),
        completion: .list(Family.all.map(\.name)))
    var words: [String]

    func edit() throws -> Edit {
        let name = try PlaceWords.chain(words)
        try NewName.checkChain(name.chain)
        let message = ChainMessage(
            family: name.table.family, table: name.table.table, name: name.chain,
            body: try body(family: name.table.family))
        return Edit(
            type: .newChain, flags: .create, message: .chain(message), done: "chain \(name) added")
    }

    private func body(family: Family) throws(CommandError) -> ChainBody {
        if let attributes { return try BodyAttributes.read(attributes, ChainBody.self) }
        do {
            return try SaveFormat.chainBody(
                type: type, hook: hook, priority: priority, policy: policy, devices: device,
                family: family)
        } catch {
            throw CommandError(.usage, error.message, hints: error.hint.map { [$0] } ?? [])
        }
    }
}

/// `xt2 add rule`, another spelling of `xt2 append`.
struct AddRule: EditCommand {
    static let configuration = CommandConfiguration(
        commandName: "rule",
        abstract: "Add a rule at the end of a chain; the same as 'xt2 append'.",
        usage: "xt2 add rule [OPTIONS] [FAMILY] TABLE CHAIN RULE",
        discussion: """
              xt2 add rule inet filter input -p tcp --dport 22 -j ACCEPT
              xt2 add rule -m 'no telnet' filter input -p tcp --dport 23 -j REJECT
            """)

    @OptionGroup var options: EditOptions

    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp("[FAMILY] TABLE CHAIN RULE", valueName: "words"))
    var words: [String] = []

    func edit() throws -> Edit {
        try RuleEdit(verb: .append, words: RuleWords(placeAndRule(words))).edit()
    }
}
