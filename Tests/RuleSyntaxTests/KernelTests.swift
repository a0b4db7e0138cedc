import NetlinkProto
import RuleSyntax
import TestSupport
import Testing

/// Rules in the real kernel, in namespaces of their own: what nft shows of ours, and what comes back.
@Suite struct KernelTests {
    static let families = Family.all

    private static func declare(_ family: Family) throws {
        var script = "add table \(family.name) t\n"
        for chain in NFTPair.chains(family) { script += "add chain \(family.name) t \(chain)\n" }
        try Command.check("nft", "-f", "-", input: script)
    }

    private static func bodies(
        _ pairs: [NFTPair], _ family: Family
    ) throws -> [String: [(pair: NFTPair, body: RuleBody)]] {
        var bodies: [String: [(pair: NFTPair, body: RuleBody)]] = [:]
        for pair in pairs {
            let context = RuleContext(family: family, table: "t", chain: pair.chain)
            let body = try RuleText.parse(line: pair.rule, context: context).body
            bodies[pair.chain, default: []].append((pair, body))
        }
        return bodies
    }

    /// The rules that `nft` lists, without the braces around them.
    private static func listing(_ family: Family, _ chain: String, _ options: String...) throws
        -> [String]
    {
        let text = try Command.check("nft", "-nn", "list", "chain", family.name, "t", chain)
        return text.split(separator: "\n").map { String($0.drop { $0 == "\t" || $0 == " " }) }
            .filter { !$0.hasSuffix("{") && $0 != "}" && !$0.hasPrefix("type ") }
    }

    /// The expressions that the kernel holds, rule by rule, as nft decodes them.
    private static func expressions(_ family: Family, _ chain: String) throws -> [String] {
        let text = try Command.check(
            "nft", "-nn", "--debug=netlink", "list", "chain", family.name, "t", chain)
        var rules: [String] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("\(family.name) t \(chain) ") {
                rules.append("")
            } else if line.hasPrefix("  ["), !rules.isEmpty {
                // Sets have numbers that depend on what was there before.
                rules[rules.count - 1] +=
                    line.split(separator: " ")
                    .map { $0.hasPrefix("__set") ? "__set" : $0 }.joined(separator: " ") + "\n"
            }
        }
        return rules
    }

    @Test(arguments: families)
    func nftShowsTheRuleThatItWouldHaveMade(_ family: Family) throws {
        let pairs = NFTPair.all(family)
        let ours = try Namespace()
        let theirs = try Namespace()
        for (chain, rules) in try KernelTests.bodies(pairs, family) {
            let bodies = rules.map(\.body)
            let (listed, loaded) = try ours.run {
                if try Command.run("nft", "list", "table", family.name, "t").status != 0 {
                    try KernelTests.declare(family)
                }
                try KernelRules(family: family, table: "t").append(bodies, to: chain)
                return (
                    try KernelTests.listing(family, chain),
                    try KernelTests.expressions(family, chain)
                )
            }
            let script = rules.map { "add rule \(family.name) t \(chain) \($0.pair.nft)\n" }
            let (expected, made) = try theirs.run {
                if try Command.run("nft", "list", "table", family.name, "t").status != 0 {
                    try KernelTests.declare(family)
                }
                try Command.check("nft", "-f", "-", input: script.joined())
                return (
                    try KernelTests.listing(family, chain),
                    try KernelTests.expressions(family, chain)
                )
            }
            #expect(listed.count == rules.count && expected.count == rules.count)
            for (index, rule) in rules.enumerated() where index < min(listed.count, expected.count)
            {
                #expect(
                    listed[index] == expected[index], "\(family.name): \(rule.pair.rule)")
                #expect(
                    loaded[index] == made[index], "\(family.name): \(rule.pair.rule)")
            }
        }
    }

    @Test(arguments: families)
    func whatTheKernelGivesBackIsTheSameRule(_ family: Family) throws {
        let lines = NFTPair.all(family) + KernelTests.compat(family)
        let namespace = try Namespace()
        try namespace.run { try KernelTests.declare(family) }
        for (chain, rules) in try KernelTests.bodies(lines, family) {
            let bodies = rules.map(\.body)
            let dumped = try namespace.run {
                let kernel = try KernelRules(family: family, table: "t")
                for (index, body) in bodies.enumerated() {
                    do {
                        try kernel.append([body], to: chain)
                    } catch {
                        throw CommandFailure("\(rules[index].pair.rule): \(error)")
                    }
                }
                return try kernel.rules(of: chain)
            }
            #expect(dumped.count == rules.count)
            for (rule, back) in zip(rules, dumped) {
                let text = RuleText.print(rule.body, family: family)
                #expect(back.withoutState == rule.body, "\(family.name): \(rule.pair.rule)")
                #expect(RuleText.print(back, family: family) == text)
            }
        }
    }

    private static let onlyOneFamily = [
        NFTPair("-j CONNMARK --save-mark --nfmask 0xff --ctmask 0xff", "", in: "pre"),
        NFTPair("-j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xff", "", in: "pre"),
        NFTPair("-m owner --socket-exists", "", in: "output"),
        NFTPair("-m owner ! --socket-exists", "", in: "output"),
    ]

    /// Rules for which nft has no text.
    private static func compat(_ family: Family) -> [NFTPair] {
        guard [.ip, .ip6, .inet].contains(family) else { return [] }
        return [
            NFTPair("-j NFQUEUE --queue-num 3", ""),
            NFTPair("-j NFQUEUE --queue-balance 3:5 --queue-bypass --queue-cpu-fanout", ""),
            NFTPair("-j QUEUE", ""),
            NFTPair("-m conntrack --ctorigdstport 80", ""),
        ] + (family == .inet ? [] : onlyOneFamily)
    }
}
