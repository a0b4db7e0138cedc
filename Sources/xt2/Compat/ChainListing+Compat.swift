import NetlinkProto
import RuleSyntax

extension BuiltinTable {
    /// The chains as iptables shows them: the built-in ones by hook, whether they are there or not, then the others by name.
    func shown(_ listing: TableListing?) -> [ChainListing] {
        let there = listing?.chains ?? []
        let builtin = chains.map { chain in
            there.first { $0.name == chain.name }
                ?? ChainListing(name: chain.name, body: chain.body(policy: .accept))
        }
        let others = there.filter { chain($0.name) == nil && $0.body.hook == nil }
        return builtin + others.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }
}

extension ChainListing {
    /// The policy's name; nil for chains that have none.
    var policyName: String? {
        body.hook == nil ? nil : body.policy == .drop ? "DROP" : "ACCEPT"
    }
}

extension TableListing {
    /// How many rules jump to each chain.
    var references: [String: Int] {
        var references: [String: Int] = [:]
        for rule in chains.lazy.flatMap(\.rules) {
            for target in rule.body.jumpTargets { references[target, default: 0] += 1 }
        }
        return references
    }
}

extension RuleBody {
    /// The chains that the rule jumps or goes to.
    var jumpTargets: [String] {
        expressions.compactMap { expression in
            guard case .immediate(let immediate) = expression,
                case .verdict(let verdict) = immediate.data
            else { return nil }
            return verdict.chain
        }
    }

    /// The same rule with these values in its first counter.
    func counting(_ counters: IPTablesCommand.Counters?) -> RuleBody {
        guard let counters else { return self }
        var body = self
        for (index, expression) in expressions.enumerated() {
            guard case .counter = expression else { continue }
            body.expressions[index] = .counter(
                CounterExpression(bytes: counters.bytes, packets: counters.packets))
            break
        }
        return body
    }
}

extension RuleListing {
    /// What the rule has counted.
    var counters: IPTablesCommand.Counters {
        IPTablesCommand.Counters(packets: counter?.packets ?? 0, bytes: counter?.bytes ?? 0)
    }
}
