import IPTables
import NetlinkProto
import RuleSyntax

/// Writes a ruleset as `iptables-save` or `ip6tables-save` would.
struct IPTablesExport {
    private let name: CompatName
    private let rules: IPTablesRules

    /// An export of the tables of a family, `ip` or `ip6`.
    ///
    /// - Throws: if libxtables is not installed.
    init(_ family: Family, _ path: SocketPath) throws(CommandError) {
        let program = family == .ip6 ? "ip6tables-save" : "iptables-save"
        guard let name = CompatName(program) else {
            throw CommandError(.internal, "there is no \(program).")
        }
        self.name = name
        rules = try IPTablesRules.open(family, path)
    }

    /// The tables of the family as text; those of the other one of the two are left out.
    ///
    /// - Throws: a refusal that names the first table, chain or rule that iptables has no words for.
    func text(_ listing: RulesetListing, counters: Bool) throws(CommandError) -> String {
        let save = IPTablesSave(name: name, rules: rules)
        var tables: [String: TableListing] = [:]
        for table in listing.tables where ![.ip, .ip6].contains(table.family) || isOurs(table) {
            try check(table)
            tables[table.name] = table
        }
        var text = ""
        for name in BuiltinTable.names(self.name.family) {
            guard let table = tables[name], let builtin = BuiltinTable(name, self.name.family)
            else { continue }
            text += save.text(builtin, table, hasCounters: counters)
        }
        return text
    }

    private func isOurs(_ table: TableListing) -> Bool { table.family == name.family }

    private func check(_ table: TableListing) throws(CommandError) {
        let title = "\(table.family.name) \(table.name)"
        guard isOurs(table) else {
            var error = refusal(
                "table \(title)", "it has tables of family \(name.family.name) only")
            error.hints = ["one table alone: --table '\(name.family.name) filter'"]
            throw error
        }
        guard let builtin = BuiltinTable(table.name, table.family) else {
            let names = BuiltinTable.names(name.family).sorted().joined(separator: ", ")
            throw refusal("table \(title)", "its tables are \(names)")
        }
        if table.body.flags.contains(.dormant) {
            throw refusal("table \(title)", "none of its tables sleeps")
        }
        if let object = table.objects.first {
            throw refusal(
                "\(object.kind) \(object.name) of table \(title)", "it has no such things")
        }
        let chains = Set(table.chains.map(\.name))
        for chain in table.chains {
            try check(chain, builtin, title)
            for (index, rule) in chain.rules.enumerated()
            where !canSay(rule.body, in: chain.name, of: table.name, chains) {
                let text = RuleText.print(rule.body, family: table.family)
                let id = rule.id.map { " (id \($0))" } ?? ""
                throw refusal("rule \(index + 1)\(id) of \(title) \(chain.name)", text)
            }
        }
    }

    /// Whether iptables has words for all of a rule: read back, they are the same rule, or at least one that xt2 has the same words for.
    private func canSay(
        _ body: RuleBody, in chain: String, of table: String, _ chains: Set<String>
    ) -> Bool {
        guard rules.canSay(body),
            let read = try? rules.parse(
                rules.words(body), table: table, chain: chain, isUserChain: chains.contains),
            read.count == 1
        else { return false }
        return read[0].canonical == body.canonical
            || RuleText.print(read[0], family: name.family)
                == RuleText.print(body, family: name.family)
    }

    private func check(
        _ chain: ChainListing, _ builtin: BuiltinTable, _ title: String
    ) throws(CommandError) {
        let own = builtin.chain(chain.name)?.body(policy: chain.body.policy)
        let plain = ChainBody(
            hook: chain.body.hook, policy: chain.body.policy, type: chain.body.type)
        guard plain == own ?? ChainBody() else {
            throw refusal(
                "chain \(title) \(chain.name)",
                own == nil
                    ? "base chains have names of their own in table \(builtin.name)"
                    : "it is not where iptables has a chain of this name")
        }
    }

    private func refusal(_ what: String, _ why: String) -> CommandError {
        CommandError(.refused, "iptables cannot say \(what): \(why).")
    }
}
