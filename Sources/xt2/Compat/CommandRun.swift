import Glibc
import IPTables
import NetlinkProto
import RuleSyntax

/// Carries out one command of iptables.
struct CommandRun: ~Copyable {
    let name: CompatName
    let command: CompatCommand
    let builtin: BuiltinTable
    let rules: IPTablesRules
    /// Why, for the version that it makes.
    let reason: String
    private var client: CompatClient
    /// What is to be printed when all is done.
    private(set) var output = ""

    /// Prepares a command on a table, whose daemon `client` speaks to.
    init(
        _ command: CompatCommand, _ name: CompatName, _ builtin: BuiltinTable,
        rules: IPTablesRules, reason: String, client: consuming CompatClient
    ) {
        self.name = name
        self.command = command
        self.builtin = builtin
        self.rules = rules
        self.reason = reason
        self.client = client
    }

    /// Does what the command says.
    mutating func run() throws(CompatError) {
        if isAboutBridgeChain, try runAboutBridgeChain() { return }
        switch command.operation {
        case .append, .insert, .replace: try addRules()
        case .delete: try deleteRules()
        case .check: try checkRules()
        case .list, .listRules: try list()
        case .zero: try zero()
        case .flush: try flush()
        case .newChain: try makeChain()
        case .deleteChain: try deleteChains()
        case .policy: try setPolicy()
        case .renameChain: try renameChain()
        case .resetTable: try resetTable()
        }
    }

    private var chain: String { command.chain ?? "" }

    /// Carries out a command about chains whose policy is a rule; false if it is none of those that care.
    private mutating func runAboutBridgeChain() throws(CompatError) -> Bool {
        let operations: [CompatCommand.Operation] = [
            .append, .insert, .delete, .flush, .newChain, .deleteChain, .policy,
        ]
        guard operations.contains(command.operation) else { return false }
        let table = try client.table(command.table, name.family, chain: command.chain)
        let chains = (table?.chains ?? []).filter { command.chain != nil || $0.body.hook == nil }
        if command.operation == .newChain { return try makeBridgeChain(isThere: !chains.isEmpty) }
        if command.operation == .flush { try describeChains("Flushing") }
        if [.append, .insert, .delete].contains(command.operation) { describe() }
        if command.chain != nil, chains.isEmpty {
            try checkTargets()
            throw .noChain
        }
        var edits: [Edit] = []
        for chain in chains { edits += try self.edits(for: chain) }
        if command.operation == .flush, command.chain == nil {
            for chain in table?.chains ?? [] where chain.body.hook != nil {
                edits += chain.rules.map { deletion(of: $0, in: chain.name) }
            }
        }
        if case .refused(let refusal) = try commit(edits) {
            try checkTargets()
            throw bridgeError(refusal)
        }
        return true
    }

    private func edits(for chain: ChainListing) throws(CompatError) -> [Edit] {
        switch command.operation {
        case .policy:
            return try policyEdits(command.word, of: chain.name, instead: chain.policyRule)
        case .deleteChain:
            guard chain.withoutPolicyRule.isEmpty else {
                throw CompatError(
                    .resource,
                    "CHAIN_DEL failed (\(systemErrorText(EBUSY))): chain \(chain.name)")
            }
            return (chain.policyRule.map { [deletion(of: $0, in: chain.name)] } ?? [])
                + [chainEdit(.deleteChain, chain.name)]
        default: return try bridgeEdits(chain)
        }
    }

    private func bridgeError(_ refusal: EditRefusal) -> CompatError {
        switch command.operation {
        case .append, .insert, .delete: CompatRule.error(refusal, command, builtin)
        case .deleteChain:
            CompatRule.resource("CHAIN_DEL", refusal, command.chain.map { "chain \($0)" } ?? "")
        default: CompatRule.resource("COMMIT", refusal, "")
        }
    }

    private mutating func makeBridgeChain(isThere: Bool) throws(CompatError) -> Bool {
        if isThere { throw .chainExists }
        let policy = command.word.isEmpty ? "ACCEPT" : command.word
        let edits =
            [builtin.creation, chainEdit(.newChain, chain, flags: [.create, .exclusive])]
            + (try policyEdits(policy, of: chain, instead: nil))
        if case .refused(let refusal) = try commit(edits) {
            throw CompatRule.resource("CHAIN_ADD", refusal, "chain \(chain)")
        }
        return true
    }

    private mutating func commit(_ edits: [Edit]) throws(CompatError) -> EditResult {
        try client.commit(edits, BatchOptions(reason: reason))
    }

    // MARK: Rules

    private mutating func addRules() throws(CompatError) {
        var edits: [Edit] = []
        if command.operation != .replace, let chain = builtin.chain(chain) {
            edits = builtin.creation(of: chain)
        }
        edits += command.bodies.map { CompatRule.edit($0, command, builtin) }
        describe()
        if case .refused(let refusal) = try commit(edits) {
            try checkTargets()
            throw CompatRule.error(refusal, command, builtin)
        }
    }

    /// Complains of a chain behind `-j` that is not there, which iptables sees before all other faults.
    private mutating func checkTargets() throws(CompatError) {
        for target in Set(command.bodies.flatMap(\.jumpTargets)) where builtin.chain(target) == nil
        {
            let table = try client.table(command.table, name.family, chain: target)
            if table == nil { throw .noTarget(target) }
        }
    }

    private mutating func deleteRules() throws(CompatError) {
        describe()
        let bodies = command.number == nil ? command.bodies : [RuleBody()]
        let edits = bodies.map { CompatRule.edit($0, command, builtin) }
        if case .refused(let refusal) = try commit(edits) {
            try checkTargets()
            throw CompatRule.error(refusal, command, builtin)
        }
    }

    private mutating func checkRules() throws(CompatError) {
        let listing = try client.table(command.table, name.family, chain: chain)
        let there = Set((listing?.chains.first?.rules ?? []).map(\.body.canonical))
        describe()
        guard command.bodies.allSatisfy({ there.contains($0.canonical) }) else {
            try checkTargets()
            throw .noRule
        }
    }

    /// With `-v`, the rules that a command is about.
    private mutating func describe() {
        guard command.verbosity > 0 else { return }
        output += CompatRule.description(of: command.bodies, rules)
    }

    // MARK: Looking

    private mutating func list() throws(CompatError) {
        // How many rules jump to a chain, only the whole table tells.
        let wholeTable =
            command.chain == nil || (command.operation == .list && command.number == nil)
        let listing = try client.table(
            command.table, name.family, chain: wholeTable ? nil : command.chain,
            counters: command.verbosity > 0 || command.showsCounters)
        output += try CompatListing(builtin: builtin, rules: rules, command: command).text(listing)
        if command.zeroes { try zero() }
    }

    // MARK: Counters

    private mutating func zero() throws(CompatError) {
        var rule = RuleMessage(
            family: name.family, table: command.table, chain: command.chain)
        if let number = command.number { rule.index = number - 1 }
        let isThere = try client.zero(rule)
        if !isThere, let chain = command.chain, builtin.chain(chain) == nil {
            throw command.number == nil ? .noChain : .noRule
        }
        try describeChains("Zeroing")
    }

    /// With `-v`, the chains that a command is about.
    private mutating func describeChains(_ verb: String) throws(CompatError) {
        guard command.verbosity > 0, command.number == nil else { return }
        var names = command.chain.map { [$0] } ?? []
        if names.isEmpty {
            let table = try client.table(command.table, name.family)
            names = builtin.shown(table).map(\.name)
        }
        for name in names { output += "\(verb) chain `\(name)'\n" }
    }

    private mutating func flush() throws(CompatError) {
        try describeChains("Flushing")
        let edit = Edit(
            type: .deleteRule,
            message: .rule(
                RuleMessage(family: name.family, table: command.table, chain: command.chain)),
            done: "")
        guard case .refused(let refusal) = try commit([edit]) else { return }
        guard refusal.errno == ENOENT else { throw CompatRule.resource("RULE_FLUSH", refusal, "") }
        // What is not there is empty.
        if let chain = command.chain, builtin.chain(chain) == nil { throw .noChain }
    }

    // MARK: Chains

    private func chainEdit(
        _ type: MessageType, _ name: String, flags: MessageFlags = [], newName: String? = nil
    ) -> Edit {
        Edit(
            type: type, flags: flags,
            message: .chain(
                ChainMessage(
                    family: builtin.family, table: builtin.name, name: name, newName: newName)),
            done: "")
    }

    private mutating func makeChain() throws(CompatError) {
        if builtin.chain(chain) != nil { throw .chainExists }
        let edits = [
            builtin.creation, chainEdit(.newChain, chain, flags: [.create, .exclusive]),
        ]
        guard case .refused(let refusal) = try commit(edits) else { return }
        if refusal.errno == EEXIST { throw .chainExists }
        throw CompatRule.resource("CHAIN_ADD", refusal, "chain \(chain)")
    }

    private mutating func deleteChains() throws(CompatError) {
        var names = [chain]
        if command.chain == nil {
            let listing = try client.table(command.table, name.family)
            names = builtin.shown(listing).filter { deletable($0, listing) }.map(\.name)
        }
        let edits = names.map { chainEdit(.deleteChain, $0) }
        if command.verbosity > 0 {
            for name in names where command.chain != nil || builtin.chain(name) == nil {
                output += "Deleting chain `\(name)'\n"
            }
        }
        guard case .refused(let refusal) = try commit(edits) else { return }
        if refusal.errno == ENOENT { throw .noChain }
        let chain = names[min(refusal.index ?? 0, names.count - 1)]
        throw CompatRule.resource("CHAIN_DEL", refusal, "chain \(chain)")
    }

    /// Whether `-X` without a name is about this chain: all that users made, and built-in ones that do nothing.
    private func deletable(_ chain: ChainListing, _ listing: TableListing?) -> Bool {
        guard let policy = chain.policyName else { return true }
        let isThere = listing?.chains.contains { $0.name == chain.name } ?? false
        return isThere && policy == "ACCEPT" && chain.rules.isEmpty
    }

    private mutating func setPolicy() throws(CompatError) {
        let policy = try CompatRule.policy(command.word)
        guard let chain = builtin.chain(chain) else { throw .notBuiltin }
        // As with iptables, the policy begins to count anew.
        let edits = builtin.creation(of: chain, policy: policy, counters: CounterExpression())
        guard case .refused(let refusal) = try commit(edits) else { return }
        throw CompatRule.resource("CHAIN_UPDATE", refusal, "chain \(chain.name)")
    }

    private mutating func renameChain() throws(CompatError) {
        if builtin.chain(command.word) != nil || command.word == chain { throw .nameExists }
        let edit = chainEdit(.newChain, chain, newName: command.word)
        guard case .refused(let refusal) = try commit([edit]) else { return }
        switch refusal.errno {
        case ENOENT:
            // Of two faults, iptables sees this one first.
            let table = try client.table(command.table, name.family)
            let isTaken = table?.chains.contains { $0.name == command.word } ?? false
            throw isTaken ? .nameExists : .noChain
        case EEXIST: throw .nameExists
        default: throw CompatRule.resource("CHAIN_RENAME", refusal, "chain \(chain)")
        }
    }

    private mutating func resetTable() throws(CompatError) {
        guard try client.table(command.table, name.family) != nil else { return }
        let deletion = Edit(
            type: .deleteTable,
            message: .table(TableMessage(family: builtin.family, name: builtin.name)), done: "")
        guard case .refused(let refusal) = try commit([deletion]) else { return }
        throw CompatRule.resource("TABLE_FLUSH", refusal, "")
    }
}
