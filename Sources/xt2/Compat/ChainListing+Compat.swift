import IPTables
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

    /// What is said in front of a table with base chains that iptables does not know; empty if there are none.
    func notice(_ listing: TableListing?) -> String {
        let isOdd = listing?.chains.contains { listed in
            guard let hook = listed.body.hook else { return false }
            return chain(listed.name)?.body().hook != hook
        }
        guard isOdd ?? false else { return "" }
        return
            "# Table `\(name)' contains incompatible base-chains, use 'nft' tool to list them.\n"
    }
}

extension ChainListing {
    /// The policy's name; nil for chains that have none.
    var policyName: String? {
        body.hook == nil ? nil : body.policy == .drop ? "DROP" : "ACCEPT"
    }

    /// The line above its rules in what `-L` prints: its policy, or how many rules jump to it.
    func title(_ references: [String: Int], counters shown: Bool, isExact: Bool) -> String {
        guard let policy = policyName else {
            return "Chain \(name) (\(references[name] ?? 0) references)"
        }
        return "Chain \(name) (policy \(policy)\(shown ? " " + counted(isExact) : ""))"
    }

    private func counted(_ isExact: Bool) -> String {
        func text(_ number: UInt64) -> String {
            isExact ? "\(number)" : String(Padding.shortened(number).drop { $0 == " " })
        }
        return "\(text(policyCounters.packets)) packets, \(text(policyCounters.bytes)) bytes"
    }

    /// What its policy has counted.
    var policyCounters: CounterExpression { counters ?? CounterExpression() }
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

    /// What its first counter has.
    var firstCounter: CounterExpression? {
        for expression in expressions {
            if case .counter(let counter) = expression { return counter }
        }
        return nil
    }

    /// The same rule with these values in its first counter.
    func counting(_ counters: CounterExpression) -> RuleBody {
        var body = self
        for (index, expression) in expressions.enumerated() {
            guard case .counter = expression else { continue }
            body.expressions[index] = .counter(counters)
            break
        }
        return body
    }
}

extension RuleListing {
    /// What the rule has counted.
    var counters: CounterExpression {
        CounterExpression(bytes: counter?.bytes ?? 0, packets: counter?.packets ?? 0)
    }
}

extension IPTablesRules {
    /// The rule as `-S` prints it, with `-c PACKETS BYTES` in front of its target if counters are given.
    func text(_ body: RuleBody, counters: CounterExpression?) -> String {
        let text = text(body)
        guard let counters else { return text }
        let option = "-c \(counters.packets) \(counters.bytes)"
        // The target is the end of the text, and what the matches say does not hold a target's name behind -j unquoted.
        for mark in ["-j ", "-g "] {
            if text.hasPrefix(mark) { return option + " " + text }
            if let place = text.firstRange(of: " " + mark) {
                return text[..<place.lowerBound] + " " + option + text[place.lowerBound...]
            }
        }
        return text.isEmpty ? option : text + " " + option
    }
}
