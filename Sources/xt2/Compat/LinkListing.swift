import IPTables
import NetlinkProto
import RuleSyntax

/// Chains and rules as `arptables -L` prints them.
struct ARPListing {
    let rules: IPTablesRules
    let command: CompatCommand

    private var showsCounters: Bool { command.verbosity > 0 }

    /// The chains with their headers, an empty line between them; one rule without any.
    func table(_ chains: [ChainListing], references: [String: Int]) -> String {
        chains.map { chain in
            var text = ""
            if command.number == nil {
                text +=
                    chain.title(references, counters: showsCounters, isExact: command.isExact)
                    + "\n"
            }
            for (index, rule) in chain.rules.enumerated() {
                if let number = command.number, Int(number) != index + 1 { continue }
                text += line(rule, index + 1) + "\n"
            }
            return text
        }.joined(separator: "\n")
    }

    private func line(_ rule: RuleListing, _ number: Int) -> String {
        var text = command.hasLineNumbers ? "\(number) " : ""
        // Interfaces are shown with the counters only.
        text += rules.columns(rule.body, numeric: command.isNumeric, exact: showsCounters).extra
        guard showsCounters else { return text }
        return text + " , pcnt=" + count(rule.counters.packets) + "-- bcnt="
            + count(rule.counters.bytes)
    }

    private func count(_ number: UInt64) -> String {
        if command.isExact { return "\(number) " }
        return String(Padding.shortened(number).drop { $0 == " " }) + " "
    }
}

/// Chains and rules as `ebtables -L` prints them.
struct BridgeListing {
    let rules: IPTablesRules
    let command: CompatCommand

    /// The table's name, then the chains.
    func table(_ chains: [ChainListing]) -> String {
        "Bridge table: \(command.table)\n"
            + chains.map { "\n" + title($0) + "\n" + lines($0) }.joined()
    }

    private func title(_ chain: ChainListing) -> String {
        let count = chain.withoutPolicyRule.count
        return
            "Bridge chain: \(chain.name), entries: \(count), policy: \(chain.policyName ?? "RETURN")"
    }

    private func lines(_ chain: ChainListing) -> String {
        chain.withoutPolicyRule.enumerated().map { index, rule in
            var text = command.hasLineNumbers ? "\(index + 1) " : ""
            text += rules.text(rule.body)
            if command.showsCounters {
                text += " , pcnt = \(rule.counters.packets) -- bcnt = \(rule.counters.bytes)"
            }
            return text + "\n"
        }.joined()
    }
}
