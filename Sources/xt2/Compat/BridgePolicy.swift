import NetlinkProto
import RuleSyntax

/// The policy of a chain that a user of ebtables made: a rule at the chain's end, told from others by its userdata.
///
/// - Source: iptables 1.8.9, `iptables/nft.c`, `UDATA_TYPE_EBTABLES_POLICY`.
enum BridgePolicy {
    /// Type 1, four bytes: 1 in the byte order of the machine.
    private static let mark: [UInt8] =
        [1, 4] + withUnsafeBytes(of: UInt32(1)) { Array($0) }

    /// The rule.
    static func rule(_ verdict: Verdict) -> RuleBody {
        RuleBody(
            expressions: [
                .counter(CounterExpression()),
                .immediate(ImmediateExpression(destination: .verdict, data: .verdict(verdict))),
            ], userData: mark)
    }

    /// The rule for a policy's name; nil for a name that is none.
    static func rule(named name: String) -> RuleBody? {
        switch name {
        case "ACCEPT": rule(.accept)
        case "DROP": rule(.drop)
        case "RETURN": rule(.return)
        default: nil
        }
    }

    /// Whether a rule is a chain's policy.
    static func isPolicy(_ body: RuleBody) -> Bool { body.userData.starts(with: mark) }

    /// The policy's name.
    static func name(_ body: RuleBody) -> String? {
        for expression in body.expressions {
            guard case .immediate(let immediate) = expression,
                case .verdict(let verdict) = immediate.data
            else { continue }
            switch verdict {
            case .accept: return "ACCEPT"
            case .drop: return "DROP"
            case .return: return "RETURN"
            default: return nil
            }
        }
        return nil
    }
}

extension ChainListing {
    /// The rule that is the chain's policy.
    var policyRule: RuleListing? {
        rules.last.flatMap { BridgePolicy.isPolicy($0.body) ? $0 : nil }
    }

    /// The other rules.
    var withoutPolicyRule: ArraySlice<RuleListing> {
        policyRule == nil ? rules[...] : rules.dropLast()
    }
}

/// Commands about chains that a user of ebtables made.
extension CommandRun {
    /// Whether the command is about such a chain, so that its policy needs care, or about a range of rules.
    var isAboutBridgeChain: Bool {
        guard name.family == .bridge else { return false }
        return command.lastNumber != nil
            || (command.chain.map { builtin.chain($0) == nil } ?? true)
    }

    /// The edits of a command that adds, deletes or checks rules of a chain.
    ///
    /// - Throws: numbers that there are no rules for.
    func bridgeEdits(_ chain: ChainListing) throws(CompatError) -> [Edit] {
        let rules = Array(chain.withoutPolicyRule)
        switch command.operation {
        case .append, .insert: return try additions(rules, before: chain.policyRule)
        case .delete:
            guard let first = command.number else {
                return try command.bodies.map { body throws(CompatError) in
                    let found = rules.first { $0.body.canonical == body.canonical }
                    guard let found else { throw .noRule }
                    return deletion(of: found, in: chain.name)
                }
            }
            guard Int(first) <= rules.count else { throw CompatRule.tooBig(.delete) }
            let last = min(Int(command.lastNumber ?? first), rules.count)
            return rules[(Int(first) - 1)..<last].map { deletion(of: $0, in: chain.name) }
        case .flush, .deleteChain:
            return rules.map { deletion(of: $0, in: chain.name) }
        default: return []
        }
    }

    private func additions(
        _ rules: [RuleListing], before policy: RuleListing?
    ) throws(CompatError) -> [Edit] {
        var next = policy
        if command.operation == .insert, let number = command.number {
            guard Int(number) <= rules.count + 1 else { throw CompatRule.tooBig(.insert) }
            if Int(number) <= rules.count { next = rules[Int(number) - 1] }
        }
        return command.bodies.map { body in
            var message = ruleMessage(body)
            message.position = next?.id.map { Handle($0) }
            return Edit(
                type: .newRule, flags: next == nil ? [.create, .append] : .create,
                message: .rule(message), done: "")
        }
    }

    private func ruleMessage(_ body: RuleBody) -> RuleMessage {
        RuleMessage(
            family: builtin.family, table: builtin.name, chain: command.chain, body: body)
    }

    func deletion(of rule: RuleListing, in chain: String) -> Edit {
        Edit(
            type: .deleteRule,
            message: .rule(
                RuleMessage(
                    family: builtin.family, table: builtin.name, chain: chain,
                    handle: rule.id.map { Handle($0) })), done: "")
    }

    /// The edits that give a chain its policy.
    ///
    /// - Throws: a name that is no policy's.
    func policyEdits(
        _ word: String, of chain: String, instead old: RuleListing?
    ) throws(CompatError) -> [Edit] {
        guard let body = BridgePolicy.rule(named: word) else {
            throw CompatError(.usage, "Unknown policy '\(word)'")
        }
        var message = RuleMessage(
            family: builtin.family, table: builtin.name, chain: chain, body: body)
        message.handle = old?.id.map { Handle($0) }
        return [
            Edit(
                type: .newRule, flags: old == nil ? [.create, .append] : .replace,
                message: .rule(message), done: "")
        ]
    }
}
