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
        }
    }

    private var chain: String { command.chain ?? "" }

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
        for body in command.bodies {
            var columns = rules.columns(body, numeric: true, exact: true)
            // Protocols have names here even among numbers.
            columns.transport = rules.columns(body, numeric: false, exact: true).transport
            output += CompatRule.description(columns) + "\n"
        }
    }

    // MARK: Looking

    private mutating func list() throws(CompatError) {
        // How many rules jump to a chain, only the whole table tells.
        let wholeTable =
            command.chain == nil || (command.operation == .list && command.number == nil)
        let listing = try client.table(
            command.table, name.family, chain: wholeTable ? nil : command.chain,
            counters: command.verbosity > 0)
        var chains = builtin.shown(listing)
        if let name = command.chain {
            chains = chains.filter { $0.name == name }
            if chains.isEmpty {
                throw CompatError(
                    .incompatible,
                    "chain `\(name)' in table `\(command.table)' is incompatible, use 'nft' tool.")
            }
        }
        let text = IPTablesListing(rules: rules, command: command)
        output +=
            command.operation == .list
            ? text.table(chains, references: listing?.references ?? [:]) : text.ruleLines(chains)
        if command.zeroes { try zero() }
    }

    // MARK: Counters

    private mutating func zero() throws(CompatError) {
        var rule = RuleMessage(
            family: name.family, table: command.table, chain: command.chain)
        if let number = command.number { rule.index = number - 1 }
        let isThere = try client.zero(rule)
        if !isThere, let chain = command.chain, builtin.chain(chain) == nil, command.number == nil {
            throw .noChain
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
        let edits = builtin.creation(of: chain, policy: policy)
        guard case .refused(let refusal) = try commit(edits) else { return }
        throw CompatRule.resource("CHAIN_UPDATE", refusal, "chain \(chain.name)")
    }

    private mutating func renameChain() throws(CompatError) {
        if builtin.chain(command.word) != nil { throw .nameExists }
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
}
