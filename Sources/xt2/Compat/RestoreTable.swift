import Glibc
import NetlinkProto
import RuleSyntax

/// A table as it will be when a file has been carried out; what it takes to get there is worked out at the end.
struct RestoreTable {
    /// A rule, and the line that it comes from.
    struct Rule {
        var body: RuleBody
        /// The same number for rules that say the same.
        var key: Int
        /// nil for a rule that was there before.
        var line: Int?
        /// What it is to count from even if there is such a rule already.
        var counters: CounterExpression?
    }

    /// A chain as it will be.
    struct Chain {
        /// nil for one that has no policy, or keeps the one that it has.
        var policy: ChainPolicy?
        /// nil as long as nothing has touched them.
        var rules: [Rule]?
        /// Where it was made or given a policy.
        var line: Int?
        /// The policy of a chain that a user of ebtables made.
        var bridgePolicy: String?
        /// What its policy is to count from; nil for leaving that alone.
        var counters: CounterExpression?
    }

    let builtin: BuiltinTable
    /// The table as it is; nil if it is not there.
    let base: TableListing?
    /// Whether rules that stay get the counters that the file says.
    private let hasCounters: Bool
    private var baseChains: [String: ChainListing]
    /// What chains that are there are to be called, in order.
    private var renames: [LineEdit] = []
    /// The chains that there will be.
    private(set) var chains: [String: Chain] = [:]
    /// New chains in the order in which they came.
    private var order: [String] = []
    private var keys: [[UInt8]: Int] = [:]
    /// The lines that delete chains.
    private var deletions: [String: Int] = [:]
    /// Chains whose counters are to be zeroed; nil stands for all of them.
    private(set) var zeroed: [String?] = []

    /// The table as it is.
    init(_ builtin: BuiltinTable, base: TableListing?, hasCounters: Bool = false) {
        self.hasCounters = hasCounters
        self.builtin = builtin
        self.base = base
        baseChains = Dictionary(
            (base?.chains ?? []).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for name in baseChains.keys { chains[name] = Chain() }
    }

    /// Empties the table, as every file does without `--noflush`.
    mutating func clear() {
        chains = [:]
        order = []
    }

    // MARK: Statements

    /// `:CHAIN POLICY`.
    mutating func declare(
        _ name: String, policy word: String, counters: CounterExpression?, line: Int
    ) throws(CompatError) {
        guard builtin.chain(name) != nil else {
            // A chain that is there is emptied.
            make(name, line)
            if builtin.family == .bridge {
                guard BridgePolicy.rule(named: word) != nil else {
                    throw CompatError(.failed, "Bad policy name")
                }
                chains[name]?.bridgePolicy = word
            }
            return
        }
        var chain = chains[name] ?? Chain(rules: [])
        switch word {
        case "-": break
        case "ACCEPT": chain.policy = .accept
        case "DROP": chain.policy = .drop
        default: throw CompatError(.failed, "Bad policy name")
        }
        chain.counters = counters ?? chain.counters
        chain.line = line
        set(chain, name)
    }

    private mutating func make(_ name: String, _ line: Int) {
        set(Chain(rules: [], line: line), name)
    }

    private mutating func set(_ chain: Chain, _ name: String) {
        if chains[name] == nil { order.append(name) }
        chains[name] = chain
    }

    /// A command.
    mutating func apply(
        _ command: CompatCommand, line: Int
    ) throws(CompatError) {
        let name = command.chain ?? ""
        switch command.operation {
        case .append, .insert, .replace, .delete, .check:
            let counts = hasCounters && command.setsCounters
            try edit(
                command,
                command.bodies.map { body in
                    var rule = rule(body, line)
                    if counts { rule.counters = body.firstCounter }
                    return rule
                })
        case .flush: try flush(command.chain)
        case .zero: zeroed.append(command.chain)
        case .newChain:
            if chains[name] != nil || builtin.chain(name) != nil { throw .chainExists }
            make(name, line)
            if builtin.family == .bridge {
                chains[name]?.bridgePolicy = command.word.isEmpty ? "ACCEPT" : command.word
            }
        case .deleteChain: try delete(command.chain, line)
        case .policy:
            if builtin.family == .bridge, builtin.chain(name) == nil, chains[name] != nil {
                let rules = rules(of: name)
                chains[name]?.rules = rules
                chains[name]?.bridgePolicy = command.word
                return
            }
            let policy = try CompatRule.policy(command.word)
            guard builtin.chain(name) != nil else { throw .notBuiltin }
            var chain = chains[name] ?? Chain(rules: [])
            chain.policy = policy
            chain.line = line
            set(chain, name)
        case .renameChain: try rename(name, to: command.word, line)
        case .list, .listRules: if command.zeroes { zeroed.append(command.chain) }
        case .resetTable: break  // refused when the line was read
        }
    }

    private mutating func rule(_ body: RuleBody, _ line: Int?) -> Rule {
        // A rule that cannot be written is refused when it is sent.
        let bytes = (try? body.canonical.encoded()) ?? []
        let key = keys[bytes] ?? keys.count
        keys[bytes] = key
        return Rule(body: body, key: key, line: line)
    }

    /// The rules of a chain, which may be changed from here on; nil if there is no such chain.
    private mutating func rules(of name: String) -> [Rule]? {
        guard let chain = chains[name] else { return nil }
        if let rules = chain.rules { return rules }
        guard let base = baseChains[name] else { return [] }
        let policy = builtin.family == .bridge ? base.policyRule : nil
        if let policy, chain.bridgePolicy == nil {
            chains[name]?.bridgePolicy = BridgePolicy.name(policy.body)
        }
        let rules = policy == nil ? base.rules[...] : base.withoutPolicyRule
        return rules.map { rule($0.body, nil) }
    }

    private mutating func flush(_ name: String?) throws(CompatError) {
        if let name, chains[name] == nil {
            if builtin.chain(name) == nil { throw .noChain }
            return
        }
        for name in name.map({ [$0] }) ?? Array(chains.keys) {
            _ = rules(of: name)  // which takes note of its policy
            chains[name]?.rules = []
        }
    }

    private mutating func delete(_ name: String?, _ line: Int) throws(CompatError) {
        guard let name else {
            for name in Array(chains.keys) where builtin.chain(name) == nil { remove(name, line) }
            return
        }
        guard let rules = rules(of: name) else { throw .noChain }
        guard rules.isEmpty else {
            throw CompatError(
                .resource, "CHAIN_DEL failed (Device or resource busy): chain \(name)")
        }
        remove(name, line)
    }

    private mutating func remove(_ name: String, _ line: Int) {
        deletions[name] = line
        chains[name] = nil
        order.removeAll { $0 == name }
    }

    /// `-E`; rules that jump to the chain go on doing so.
    private mutating func rename(
        _ name: String, to new: String, _ line: Int
    ) throws(CompatError) {
        if builtin.chain(new) != nil || chains[new] != nil { throw .nameExists }
        guard let chain = chains[name] else { throw .noChain }
        guard builtin.chain(name) == nil, baseChains[new] == nil else {
            throw CompatError(
                .resource, "CHAIN_RENAME failed (\(systemErrorText(EEXIST))): chain \(name)",
                detail: baseChains[new] == nil
                    ? "A built-in chain keeps its name in a file."
                    : "The chain \(new) is there until the whole file is carried out.")
        }
        chains[name] = nil
        chains[new] = chain
        order = order.map { $0 == name ? new : $0 }
        for place in Array(chains.keys) { renameJumps(from: name, to: new, in: place) }
        guard let old = baseChains.removeValue(forKey: name) else { return }
        baseChains[new] = old
        for place in Array(baseChains.keys) { renameJumps(from: name, to: new, inBase: place) }
        renames.append(LineEdit(edit: chainEdit(.newChain, name, newName: new), line: line))
    }

    private mutating func renameJumps(from name: String, to new: String, in chain: String) {
        guard var rules = chains[chain]?.rules else { return }
        for index in rules.indices where rules[index].body.jumpTargets.contains(name) {
            let old = rules[index]
            rules[index] = rule(old.body.renamingChains([name: new]), old.line)
            rules[index].counters = old.counters
        }
        chains[chain]?.rules = rules
    }

    private mutating func renameJumps(from name: String, to new: String, inBase chain: String) {
        guard let rules = baseChains[chain]?.rules else { return }
        for index in rules.indices where rules[index].body.jumpTargets.contains(name) {
            baseChains[chain]?.rules[index].body = rules[index].body.renamingChains([name: new])
        }
    }

    // MARK: Looking

    /// The table as it will be so far.
    var listing: TableListing {
        TableListing(
            family: builtin.family, name: builtin.name,
            chains: chains.keys.sorted().compactMap { listing(of: $0) })
    }

    private func listing(of name: String) -> ChainListing? {
        guard let chain = chains[name] else { return nil }
        var listing =
            baseChains[name]
            ?? ChainListing(
                name: name, body: builtin.chain(name)?.body(policy: .accept) ?? ChainBody())
        listing.name = name
        if let policy = chain.policy { listing.body.policy = policy }
        if let counters = chain.counters { listing.counters = counters }
        if let rules = chain.rules { listing.rules = rules.map { RuleListing(body: $0.body) } }
        if zeroed.contains(where: { $0 == nil || $0 == name }) {
            listing.counters = nil
            listing.rules = listing.rules.map { RuleListing(body: $0.body.withoutState) }
        }
        return listing
    }

    private mutating func edit(
        _ command: CompatCommand, _ new: [Rule]
    ) throws(CompatError) {
        let name = command.chain ?? ""
        if chains[name] == nil, builtin.chain(name) != nil,
            command.operation == .append || command.operation == .insert
        {
            set(Chain(rules: []), name)
        }
        try checkTargets(new)
        guard var rules = rules(of: name) else {
            let finds = command.operation == .delete && command.number == nil
            throw finds || command.operation == .check ? .noRule : .noChain
        }
        chains[name]?.rules = nil  // so that changing them does not copy them
        try RestoreTable.change(&rules, command, new)
        chains[name]?.rules = rules
    }

    private static func change(
        _ rules: inout [Rule], _ command: CompatCommand, _ new: [Rule]
    ) throws(CompatError) {
        let index = command.number.map { Int($0) - 1 }
        switch command.operation {
        case .append: rules += new
        case .insert:
            guard (index ?? 0) <= rules.count else { throw tooBig("insertion") }
            for rule in new { rules.insert(rule, at: index ?? 0) }
        case .replace:
            guard let index, index < rules.count else { throw tooBig("replacement") }
            rules.replaceSubrange(index...index, with: new)
        case .delete:
            guard let index else { return try deleteEqual(&rules, new) }
            guard index < rules.count else { throw tooBig("deletion") }
            rules.remove(at: index)
        default:
            let keys = Set(rules.map(\.key))
            guard new.allSatisfy({ keys.contains($0.key) }) else { throw .noRule }
        }
    }

    private static func deleteEqual(
        _ rules: inout [Rule], _ unwanted: [Rule]
    ) throws(CompatError) {
        for rule in unwanted {
            guard let index = rules.firstIndex(where: { $0.key == rule.key }) else {
                throw .noRule
            }
            rules.remove(at: index)
        }
    }

    private static func tooBig(_ what: String) -> CompatError {
        CompatError(.failed, "Index of \(what) too big")
    }

    // MARK: The difference

    /// The edits that turn the table into what it is to be: nothing that stays the same is touched.
    ///
    /// - Throws: a line whose rule jumps to a chain that there will not be.
    mutating func edits() throws(CompatError) -> [LineEdit] {
        let gone = baseChains.keys.filter { chains[$0] == nil }.sorted()
        if chains.isEmpty { return base == nil ? [] : [LineEdit(edit: tableDeletion)] }
        var edits: [LineEdit] = []
        if base == nil { edits.append(LineEdit(edit: builtin.creation)) }
        edits += renames
        for name in order where baseChains[name] == nil { edits.append(creation(of: name)) }
        for name in chains.keys.sorted() {
            if let edit = policyChange(of: name) { edits.append(edit) }
        }
        for name in chains.keys.sorted() where chains[name]?.rules != nil {
            edits += try ruleEdits(of: name)
        }
        for name in gone where !(baseChains[name]?.rules.isEmpty ?? true) {
            edits.append(LineEdit(edit: flushing(name)))
        }
        return edits
            + gone.map { LineEdit(edit: chainEdit(.deleteChain, $0), line: deletions[$0]) }
    }

    private var tableDeletion: Edit {
        Edit(
            type: .deleteTable,
            message: .table(TableMessage(family: builtin.family, name: builtin.name)), done: "")
    }

    private func chainEdit(
        _ type: MessageType, _ name: String, flags: MessageFlags = [],
        newName: String? = nil, body: ChainBody = ChainBody(), counters: CounterExpression? = nil
    ) -> Edit {
        Edit(
            type: type, flags: flags,
            message: .chain(
                ChainMessage(
                    family: builtin.family, table: builtin.name, name: name, newName: newName,
                    body: body, counters: counters)),
            done: "")
    }

    private func creation(of name: String) -> LineEdit {
        let chain = chains[name]
        let body = builtin.chain(name)?.body(policy: chain?.policy) ?? ChainBody()
        return LineEdit(
            edit: chainEdit(
                .newChain, name, flags: .create, body: body, counters: chain?.counters),
            line: chain?.line)
    }

    private func policyChange(of name: String) -> LineEdit? {
        guard let chain = chains[name], let old = baseChains[name] else { return nil }
        let policy = chain.policy == old.body.policy ? nil : chain.policy
        let counters = chain.counters == old.counters ? nil : chain.counters
        guard policy != nil || counters != nil else { return nil }
        return LineEdit(
            edit: chainEdit(
                .newChain, name, body: ChainBody(policy: policy), counters: counters),
            line: chain.line)
    }

    private func chainEdits(_ chain: String) -> ChainEdits {
        ChainEdits(family: builtin.family, table: builtin.name, chain: chain)
    }

    private func flushing(_ chain: String) -> Edit {
        chainEdits(chain).flush
    }

    private mutating func ruleEdits(of name: String) throws(CompatError) -> [LineEdit] {
        var new = chains[name]?.rules ?? []
        if let policy = chains[name]?.bridgePolicy.flatMap(BridgePolicy.rule(named:)) {
            new.append(rule(policy, chains[name]?.line))
        }
        let old = baseChains[name]?.rules ?? []
        try checkTargets(new)
        if new.isEmpty { return old.isEmpty ? [] : [LineEdit(edit: flushing(name))] }
        let oldKeys = old.map { rule($0.body, nil).key }
        let plan = ListPlan(from: oldKeys, to: new.map(\.key))
        let edits = chainEdits(name).edits(of: plan, ids: { old[$0].id }) {
            (.body(new[$0].body), nil)
        }
        return edits.map { LineEdit(edit: $0.edit, line: $0.new.flatMap { new[$0].line }) }
            + recounts(of: name, old, new, plan)
    }

    /// Rules that stay but are to count from something else: each makes place for its like.
    private func recounts(
        of name: String, _ old: [RuleListing], _ new: [Rule], _ plan: ListPlan
    ) -> [LineEdit] {
        plan.pairs.flatMap { pair -> [LineEdit] in
            let (before, after) = (old[pair.old], new[pair.new])
            guard let counters = after.counters, counters != before.counters else { return [] }
            return chainEdits(name).renewal(of: before.id, as: (.body(after.body), nil))
                .map { LineEdit(edit: $0, line: after.line) }
        }
    }

    private func checkTargets(_ rules: [Rule]) throws(CompatError) {
        for rule in rules where rule.line != nil {
            for target in rule.body.jumpTargets where chains[target] == nil {
                if builtin.chain(target) != nil { continue }
                throw CompatError.noTarget(target).at(line: rule.line)
            }
        }
    }
}
