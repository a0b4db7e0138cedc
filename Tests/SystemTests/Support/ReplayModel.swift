import NetlinkProto
import TestSupport

/// What edits come to, worked out on plain lists; it shares no code with the daemon.
///
/// Each step writes the message for the daemon and does the same to its own ruleset. A new rule has a provisional id until
/// the daemon tells the real one.
struct ReplayModel {
    var ruleset = PlainRuleset()
    private(set) var script = EditScript()
    private var random: SeededGenerator

    private static let names = ["a", "b", "c", "d"]
    private static let leaves = ["leaf0", "leaf1", "leaf2"]
    private static let tables: [(Family, String)] = [(.inet, "t0"), (.inet, "t1"), (.ip, "t0")]
    private static let provisional: UInt64 = 1 << 40
    private static let firstSequence: UInt32 = 1 << 20

    init(random: SeededGenerator) {
        self.random = random
    }

    /// Writes a batch of a few random steps; the messages are in ``script``.
    mutating func makeBatch() {
        script = EditScript(firstSequence: ReplayModel.firstSequence)
        let count = random.oneIn(4) ? Int.random(in: 2...6, using: &random) : 1
        while script.messages.count < count { step() }
    }

    /// Puts the ids that the daemon gave in place of the provisional ones.
    mutating func settle(_ reply: Reply) throws {
        var ids: [UInt64: UInt64] = [:]
        for message in reply.messages where message.header.type == .newRule {
            let id = try message.read { try RuleMessage($0).handle?.rawValue ?? 0 }
            ids[ReplayModel.provisional + UInt64(message.header.sequence.rawValue)] = id
        }
        for (table, chains) in ruleset.tables {
            for (name, chain) in chains {
                ruleset.tables[table]?[name]?.rules = chain.rules.map {
                    PlainRuleset.Rule(id: ids[$0.id] ?? $0.id, body: $0.body)
                }
            }
        }
    }

    // MARK: Choosing

    private mutating func step() {
        let (family, table) = ReplayModel.tables[Int.random(in: 0..<3, using: &random)]
        script.family = family
        script.table = table
        let key = "\(family.name) \(table)"
        guard let chains = ruleset.tables[key] else {
            script.addTable()
            ruleset.tables[key] = [:]
            return
        }
        if random.oneIn(600) {
            script.deleteTable()
            ruleset.tables[key] = nil
            return
        }
        if chains.isEmpty || random.oneIn(20) { return addChain(key) }
        let name = chains.keys.sorted()[Int.random(in: 0..<chains.count, using: &random)]
        if random.oneIn(10) { changeChain(key, name) } else { changeRules(key, name) }
    }

    private mutating func addChain(_ key: String) {
        let isLeaf = random.oneIn(2)
        let names = isLeaf ? ReplayModel.leaves : ReplayModel.names
        let name = names[Int.random(in: 0..<names.count, using: &random)]
        guard ruleset.tables[key]?[name] == nil else { return }
        guard !isLeaf, random.oneIn(2) else {
            script.addChain(name)
            ruleset.tables[key]?[name] = PlainRuleset.Chain()
            return
        }
        let hook = Hook(number: 1, priority: Int32.random(in: -5...5, using: &random))
        script.addChain(name, hook: hook, type: "filter", policy: .accept)
        ruleset.tables[key]?[name] = PlainRuleset.Chain(hook: hook, policy: .accept)
    }

    // MARK: Chains

    private mutating func changeChain(_ key: String, _ name: String) {
        guard let chain = ruleset.tables[key]?[name] else { return }
        switch Int.random(in: 0..<4, using: &random) {
        case 0 where chain.hook != nil:
            let policy: ChainPolicy = random.oneIn(2) ? .drop : .accept
            script.setPolicy(policy, of: name)
            ruleset.tables[key]?[name]?.policy = policy
        case 1: rename(key, name, chain)
        case 2 where chain.rules.isEmpty && !isTarget(name, key):
            script.deleteChain(name)
            ruleset.tables[key]?[name] = nil
        case 3 where random.oneIn(10):
            script.flushTable()
            for name in ruleset.tables[key, default: [:]].keys {
                ruleset.tables[key]?[name]?.rules = []
            }
        default:
            guard random.oneIn(4) else { return }
            script.flush(name)
            ruleset.tables[key]?[name]?.rules = []
        }
    }

    private func isTarget(_ name: String, _ key: String) -> Bool {
        ruleset.tables[key, default: [:]].values.flatMap(\.rules).contains { $0.target == name }
    }

    private mutating func rename(_ key: String, _ name: String, _ chain: PlainRuleset.Chain) {
        // Leaves stay leaves, so that jumps, which only lead there, never make a loop.
        let names = name.hasPrefix("leaf") ? ReplayModel.leaves : ReplayModel.names
        let newName = names[Int.random(in: 0..<names.count, using: &random)]
        guard var chains = ruleset.tables[key], chains[newName] == nil else { return }
        script.rename(name, to: newName)
        chains[name] = nil
        chains[newName] = chain
        ruleset.tables[key] = chains.mapValues { chain in
            var chain = chain
            chain.rules = chain.rules.map { rule in
                guard rule.target == name else { return rule }
                return PlainRuleset.Rule(id: rule.id, body: rule.body.jumping(to: newName))
            }
            return chain
        }
    }

    // MARK: Rules

    private mutating func body(_ key: String, _ name: String) -> RuleBody {
        let leaves = ruleset.tables[key, default: [:]].keys.filter { $0.hasPrefix("leaf") }.sorted()
        let comment = random.oneIn(2) ? "c\(Int.random(in: 0..<4, using: &random))" : nil
        if !name.hasPrefix("leaf"), !leaves.isEmpty, random.oneIn(3) {
            return .jump(
                to: leaves[Int.random(in: 0..<leaves.count, using: &random)], comment: comment)
        }
        return .tcp(port: UInt16.random(in: 1...4, using: &random), comment: comment)
    }

    private mutating func changeRules(_ key: String, _ name: String) {
        guard var rules = ruleset.tables[key]?[name]?.rules else { return }
        let index = rules.isEmpty ? 0 : Int.random(in: 0..<rules.count, using: &random)
        let known =
            rules.isEmpty || rules[index].id >= ReplayModel.provisional ? nil : rules[index].id
        let limit = rules.count > 40 ? 4 : 10
        switch (Int.random(in: 0..<limit, using: &random), known) {
        case (0, let id?):
            script.delete(id, from: name)
            rules.remove(at: index)
        case (1, .some):
            script.delete(at: UInt32(index), from: name)
            rules.remove(at: index)
        case (2, .some):
            let body = rules[index].body
            script.delete(body, from: name)
            rules.removeFirst { $0.body == body }
        case (3, let id?):
            rules[index].body = body(key, name)
            script.replace(id, in: name, with: rules[index].body)
        case (4, let id?):
            let body = body(key, name)
            script.insert(body, into: name, before: id)
            rules.insert(added(body), at: index)
        case (5, let id?):
            let body = body(key, name)
            script.append(body, to: name, behind: id)
            rules.insert(added(body), at: index + 1)
        case (6, _):
            let place = Int.random(in: 0...rules.count, using: &random)
            let body = body(key, name)
            script.insert(body, into: name, at: UInt32(place))
            rules.insert(added(body), at: place)
        case (7, _):
            let body = body(key, name)
            script.insert(body, into: name)
            rules.insert(added(body), at: 0)
        default:
            let body = body(key, name)
            script.append(body, to: name)
            rules.append(added(body))
        }
        ruleset.tables[key]?[name]?.rules = rules
    }

    /// The rule that the last message makes.
    private func added(_ body: RuleBody) -> PlainRuleset.Rule {
        PlainRuleset.Rule(
            id: ReplayModel.provisional + UInt64(script.lastSequence.rawValue), body: body)
    }
}

extension Array {
    fileprivate mutating func removeFirst(where matches: (Element) -> Bool) {
        if let index = firstIndex(where: matches) { remove(at: index) }
    }
}

extension RuleBody {
    /// The same rule with another target.
    fileprivate func jumping(to chain: String) -> RuleBody {
        var body = self
        body.expressions = expressions.map { expression in
            guard case .immediate(var immediate) = expression else { return expression }
            immediate.data = .verdict(.jump(chain))
            return .immediate(immediate)
        }
        return body
    }
}
