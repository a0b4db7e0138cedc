import IPTables
import NetlinkProto
import RuleSyntax

/// Chains and rules as `iptables -L` and `-S` print them.
struct IPTablesListing {
    let rules: IPTablesRules
    let command: CompatCommand
    /// Whether the rules are those of arptables.
    var isARP = false

    private var showsCounters: Bool { command.verbosity > 0 }

    // MARK: -S

    /// `-P` and `-N` of all chains, then their rules.
    func ruleLines(_ chains: [ChainListing]) -> String {
        var text = ""
        if command.number == nil {
            for chain in chains { text += declaration(chain) + "\n" }
        }
        for chain in chains {
            for (_, rule) in selected(chain) { text += line(rule, chain.name) + "\n" }
        }
        return text
    }

    private func declaration(_ chain: ChainListing) -> String {
        guard let policy = chain.policyName else { return "-N \(chain.name)" }
        let counters = chain.policyCounters
        let text = " -c \(counters.packets) \(counters.bytes)"
        return "-P \(chain.name) \(policy)" + (showsCounters ? text : "")
    }

    private func line(_ rule: RuleListing, _ chain: String) -> String {
        if isARP { return "-A \(chain) " + rules.text(rule.body) }
        let text = rules.text(rule.body, counters: showsCounters ? rule.counters : nil)
        return "-A \(chain)" + (text.isEmpty ? "" : " " + text)
    }

    private func selected(_ chain: ChainListing) -> [(number: Int, rule: RuleListing)] {
        let rules = chain.rules.enumerated().map { (number: $0 + 1, rule: $1) }
        guard let number = command.number else { return rules }
        return rules.filter { $0.number == Int(number) }
    }

    // MARK: -L

    /// The chains with their headers, an empty line between them; one rule without any.
    func table(_ chains: [ChainListing], references: [String: Int]) -> String {
        chains.map { chain in
            var text = ""
            if command.number == nil {
                let title = chain.title(
                    references, counters: showsCounters, isExact: command.isExact)
                text += title + "\n" + header + "\n"
            }
            for (number, rule) in selected(chain) { text += row(rule, number) + "\n" }
            return text
        }.joined(separator: "\n")
    }

    private var header: String {
        var text = command.hasLineNumbers ? "num  " : ""
        if showsCounters { text += command.isExact ? "    pkts      bytes " : " pkts bytes " }
        text += Padding.left("target", 9) + "  prot opt "
        if showsCounters { text += "in     out     " }
        return text + Padding.left("source", 19) + "  " + Padding.left("destination", 19) + " "
    }

    private func row(_ rule: RuleListing, _ number: Int) -> String {
        let columns = rules.columns(
            rule.body, numeric: command.isNumeric, exact: command.isExact)
        var text = command.hasLineNumbers ? Padding.left("\(number)", 4) + " " : ""
        if showsCounters {
            text += count(rule.counters.packets) + count(rule.counters.bytes)
        }
        text += Padding.left(columns.target, 9) + " "
        text += Padding.left(columns.transport, 5) + " " + columns.options + " "
        if showsCounters {
            text += interface(columns.input) + interface(columns.output) + " "
        }
        return text + address(columns.source) + address(columns.destination) + columns.extra
    }

    private func interface(_ name: String) -> String { " " + Padding.left(name, 6) }

    /// An address, with a blank or the mark of its inversion in front.
    private func address(_ text: String) -> String { Padding.left(text, 20) + " " }

    private func count(_ number: UInt64) -> String {
        command.isExact ? Padding.right("\(number)", 8) + " " : Padding.shortened(number) + " "
    }
}

/// Text of a fixed width.
enum Padding {
    /// The text with blanks behind it, up to a width.
    static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.unicodeScalars.count))
    }

    /// The text with blanks in front of it, up to a width.
    static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.unicodeScalars.count)) + text
    }

    /// A number in five columns: above 99,999 in thousands, and so on, rounded at each step as iptables does it.
    static func shortened(_ number: UInt64) -> String {
        if number <= 99_999 { return right("\(number)", 5) }
        var rest = number
        for unit in ["K", "M", "G", "T"] {
            // Wraps as the original does, which shows for the largest numbers.
            rest = (rest &+ 500) / 1000
            if rest <= 9999 || unit == "T" { return right("\(rest)", 4) + unit }
        }
        return ""
    }
}
