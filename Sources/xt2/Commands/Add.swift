import ArgumentParser
import NetlinkProto
import RuleSyntax

/// `xt2 add`: makes a table, a chain or a rule.
struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Add a table, a chain or a rule; or what 'xt2 save' wrote of sets and objects.",
        discussion: """
              xt2 add table inet filter
              xt2 add chain --type filter --hook input --priority filter filter input
              xt2 add chain inet filter from_lan
              xt2 add rule inet filter input -p tcp --dport 22 -j ACCEPT
            """,
        subcommands: [
            AddTable.self, AddChain.self, AddRule.self, AddSet.self, AddElement.self,
            AddObject.self, AddFlowtable.self,
        ])
}

/// `xt2 add table`.
struct AddTable: EditCommand {
    static let configuration = CommandConfiguration(
        commandName: "table",
        abstract: "Add a table.",
        usage: "xt2 add table [OPTIONS] [FAMILY] TABLE",
        discussion: """
            An owned table belongs to xt2d: other programs may read it but not change it. What others do to an observed one \
            becomes a version of its own; what they do to an enforced one is undone at once. If the table is there already, \
            only observed and enforced can be exchanged; for tables that other programs made there is 'xt2 adopt'.

              xt2 add table inet filter
              xt2 add table --policy observed ip docker
              xt2 add table ip6 mangle6
              xt2 add table --tx 3 inet filter
            """)

    @Option(
        help: ArgumentHelp(
            "What becomes of other programs' changes: owned (the kernel refuses them), observed or enforced.",
            valueName: "policy"),
        completion: .list(TablePolicy.allCases.map(\.rawValue)))
    var policy = AddTable.defaultPolicy

    static let defaultPolicy = TablePolicy.owned.rawValue

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
        try AddTable.edit(words, policy: policy, isDormant: dormant, attributes: attributes)
    }

    /// The edit that adds the table `[FAMILY] TABLE`.
    static func edit(
        _ words: [String], policy word: String, isDormant: Bool, attributes: String? = nil
    ) throws(CommandError) -> Edit {
        let policy = try TablePolicy.named(word)
        let name = try PlaceWords.table(words)
        try NewName.check(name.table, of: "table")
        var body =
            try attributes.map { (text) throws(CommandError) in
                try BodyAttributes.read(text, TableBody.self)
            } ?? TableBody()
        body.watch = policy.watch
        if policy == .owned {
            body.flags.formUnion([.owner, .persist])
        } else {
            body.flags.subtract([.owner, .persist])
        }
        if isDormant { body.flags.insert(.dormant) }
        return Edit(
            type: .newTable, flags: .create,
            message: .table(TableMessage(family: name.family, name: name.table, body: body)),
            done: "table \(name) added")
    }
}

extension TablePolicy {
    /// The policy that a word names.
    static func named(_ word: String) throws(CommandError) -> TablePolicy {
        if let policy = TablePolicy(rawValue: word) { return policy }
        throw CommandError(
            .usage, "'\(word)' is not a policy of a table.",
            hints: ["write --policy owned, observed or enforced"])
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
              xt2 add chain --hook forward --priority filter bridge lan frames
              xt2 add chain --hook ingress --device eth0 --device eth1 netdev edge in
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
            "Lower runs first: a number, or raw, mangle, dstnat, filter, security or srcnat, also 'filter + 10'; in bridge tables dstnat, filter, out or srcnat.",
            valueName: "priority"),
        completion: .list(["raw", "mangle", "dstnat", "filter", "security", "srcnat", "out"]))
    var priority: String?

    @Option(
        help: ArgumentHelp(
            "What happens at the end of a base chain: accept or drop.", valueName: "policy"),
        completion: .list(["accept", "drop"]))
    var policy: String?

    @Option(
        help: ArgumentHelp(
            "The device of an ingress or egress chain, there or not; may be repeated."))
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
        try AddChain.edit(words) { (family) throws(CommandError) in
            if let attributes { return try BodyAttributes.read(attributes, ChainBody.self) }
            return try AddChain.body(
                type: type, hook: hook, priority: priority, policy: policy, devices: device,
                family: family)
        }
    }

    /// The edit that adds the chain `[FAMILY] TABLE CHAIN`.
    static func edit(
        _ words: [String], body: (Family) throws(CommandError) -> ChainBody
    ) throws(CommandError) -> Edit {
        let name = try PlaceWords.chain(words)
        try NewName.checkChain(name.chain)
        let message = ChainMessage(
            family: name.table.family, table: name.table.table, name: name.chain,
            body: try body(name.table.family))
        return Edit(
            type: .newChain, flags: .create, message: .chain(message), done: "chain \(name) added")
    }

    /// What the options say of a chain.
    static func body(
        type: String?, hook: String?, priority: String?, policy: String?, devices: [String],
        family: Family
    ) throws(CommandError) -> ChainBody {
        do {
            return try SaveFormat.chainBody(
                type: type, hook: hook, priority: priority, policy: policy, devices: devices,
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
