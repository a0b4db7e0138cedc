import IPTables
import NetlinkProto
import RuleSyntax
import TestSupport
import Testing

/// iptables-nft and this code, given the same generated lines, side by side in namespaces of their own.
@Suite struct DifferentialTests {
    /// Lines of each grammar; the whole is some 1,400.
    private static let linesOfEach = 5

    static let families: [Family] = [.ip, .ip6]

    private static func lines(
        _ group: LineTable.Group, _ family: Family, seed: UInt64
    ) -> [String] {
        var grammar = LineGrammar(seed: seed, isIPv6: family == .ip6)
        let program = family == .ip ? "iptables" : "ip6tables"
        return (group.templates[program] ?? []).flatMap { template in
            (0..<linesOfEach).map { _ in grammar.line(template) }
        }
    }

    @Test(arguments: 0..<9, families)
    func theSameLinesAreTheSameRules(_ index: Int, _ family: Family) throws {
        let groups = try LineTable.groups()
        #expect(groups.count == 9)
        let group = groups[index]
        let seed = SeededGenerator().seed &+ UInt64(index)
        let lines = DifferentialTests.lines(group, family, seed: seed)
        let real = try Namespace().run {
            try Bench(family: family, table: group.table, chain: group.chain).byIPTables(lines)
        }
        let ours = try Namespace().run {
            try Bench(family: family, table: group.table, chain: group.chain).byOurs(lines)
        }
        for line in lines.indices where (real.refused[line] == nil) != (ours.refused[line] == nil) {
            Issue.record(
                "\(lines[line]): iptables: \(real.refused[line] ?? "taken"), ours: \(ours.refused[line] ?? "taken")"
            )
        }
        #expect(
            real.refused.count * 4 < lines.count,
            "most lines should be good: \(real.refused.values)")
        #expect(ours.bodies.count == real.bodies.count)
        for (our, their) in zip(ours.bodies, real.bodies) where our != their {
            Issue.record("\(their)\n\(our)")
        }
        #expect(ours.saved == real.saved)
        #expect(ours.native == real.native)
        try checkTexts(of: real, group, family)
    }

    /// The texts that this code writes for iptables' rules, and its own language, there and back.
    private func checkTexts(
        of real: Bench.Outcome, _ group: LineTable.Group, _ family: Family
    ) throws {
        try Namespace().run {
            let bench = try Bench(family: family, table: group.table, chain: group.chain)
            #expect(real.bodies.map(bench.saved) == real.saved)
            #expect(real.bodies.map(bench.listed) == real.listed)
            for body in real.bodies {
                #expect(bench.rules.canSay(body))
                let text = bench.saved(body)
                // iptables itself cannot read back what libxt_rateest writes.
                if text.contains("-m rateest") { continue }
                // Reading a text gives a rule of the same text. Not always of the same bytes: masks may have more of them set.
                let again = try bench.parse(bench.rules.words(body))
                #expect(again.map(bench.saved) == [text])
            }
            let extensions = LibraryExtensions(revisions: kernelRevisions)
            try RuleText.using(extensions) {
                for body in real.bodies {
                    let words = RuleText.words(body, family: family)
                    let again = try RuleText.parse(words, context: RuleContext(family: family)).body
                    #expect(again.canonical == body.canonical, "\(words)")
                }
            }
        }
    }
}

extension SeededGenerator {
    /// Numbers from `XT2_SEED`, or the same for all who ask in one run.
    fileprivate init() { self.init(seed: SeededGenerator.common) }

    private static let common = SeededGenerator(for: "DifferentialTests").seed
}
