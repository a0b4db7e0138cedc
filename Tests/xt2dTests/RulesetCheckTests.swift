import Glibc
import NetlinkProto
import RuleStore
import TestSupport
import Testing

@testable import xt2d

/// What the kernel would find only by walking all rules: loops, depth, hooks.
@Suite struct RulesetCheckTests {
    // MARK: Jumps

    @Test func targetsMustBeThere() throws {
        let bench = try Workbench.usual()
        #expect(bench.errno { $0.append(.jump(to: "nowhere"), to: "input") } == ENOENT)
        #expect(bench.errno { $0.append(.jump(to: "input"), to: "side") } == EOPNOTSUPP)
        #expect(bench.errno { $0.append(.verdict(.goto("side")), to: "input") } == 0)
        // The chain may come later in the same batch.
        #expect(
            bench.errno {
                $0.append(.jump(to: "late"), to: "input")
                $0.addChain("late")
            } == 0)
    }

    @Test func loopsAreNamed() throws {
        var bench = try Workbench.usual()
        #expect(bench.errno { $0.append(.jump(to: "side"), to: "side") } == EMLINK)
        try bench.commit {
            for name in ["a", "b", "c"] { $0.addChain(name) }
            $0.append(.jump(to: "b"), to: "a")
            $0.append(.verdict(.goto("c")), to: "b")
        }
        let refusal = try #require(bench.refusal { $0.append(.jump(to: "a"), to: "c") })
        #expect(refusal.errno == EMLINK)
        #expect(refusal.message.contains("c -> a -> b -> c"))
        // Without the middle of the way there is no loop.
        let middle = bench.ids("b")[0]
        #expect(
            bench.errno {
                $0.delete(middle, from: "b")
                $0.append(.jump(to: "a"), to: "c")
            } == 0)
    }

    /// Chains c1 … cN, each jumping to the next, and a jump from `input` to c1.
    private func ladder(_ count: Int) -> (inout EditScript) -> Void {
        { script in
            for number in 1...count { script.addChain("c\(number)") }
            for number in 1..<count { script.append(.jump(to: "c\(number + 1)"), to: "c\(number)") }
            script.append(.jump(to: "c1"), to: "input")
        }
    }

    @Test func fifteenJumpsFollowEachOther() throws {
        let bench = try Workbench.usual()
        #expect(bench.errno(ladder(15)) == 0)
        #expect(bench.errno(ladder(16)) == EMLINK)
        #expect(bench.errno(ladder(40)) == EMLINK)
    }

    /// A way into a loop is as deep as one likes to count; the loop is what has to be told, whichever jump is looked at first.
    @Test func aLoopFurtherDownIsNotTakenForDepth() throws {
        let bench = try Workbench.usual()
        let jumps = [("input", "a"), ("a", "b"), ("b", "c"), ("c", "b")]
        for order in [jumps, jumps.reversed(), [jumps[2], jumps[0], jumps[3], jumps[1]]] {
            let refusal = try #require(
                bench.refusal { script in
                    for name in ["a", "b", "c"] { script.addChain(name) }
                    for (chain, target) in order { script.append(.jump(to: target), to: chain) }
                })
            #expect(refusal.errno == EMLINK)
            #expect(
                refusal.message.contains("b -> c -> b") || refusal.message.contains("c -> b -> c"),
                "\(refusal.message)")
        }
    }

    @Test func depthCountsFromEachSideOfANewJump() throws {
        var bench = try Workbench.usual()
        try bench.commit(ladder(8))
        try bench.commit { script in
            for number in 1...8 { script.addChain("d\(number)") }
            for number in 1..<8 { script.append(.jump(to: "d\(number + 1)"), to: "d\(number)") }
        }
        // 7 jumps lead to c7, 7 from d1 on; with the new one that makes 15.
        #expect(bench.errno { $0.append(.jump(to: "d1"), to: "c7") } == 0)
        #expect(bench.errno { $0.append(.jump(to: "d1"), to: "c8") } == EMLINK)
    }

    @Test func chainsThatNothingReachesMayBeAnyDepth() throws {
        var bench = try Workbench.usual()
        try bench.commit { script in
            for number in 1...30 { script.addChain("d\(number)") }
            for number in 1..<30 { script.append(.jump(to: "d\(number + 1)"), to: "d\(number)") }
        }
        #expect(bench.errno { $0.append(.jump(to: "d1"), to: "input") } == EMLINK)
        #expect(bench.errno { $0.append(.jump(to: "d20"), to: "input") } == 0)
    }

    @Test func aChainInUseStays() throws {
        var bench = try Workbench.usual()
        try bench.commit { $0.append(.jump(to: "side"), to: "input") }
        let jump = bench.ids("input")[0]
        let refusal = try #require(bench.refusal { $0.deleteChain("side") })
        #expect(refusal.errno == EBUSY)
        #expect(refusal.message.contains("input"))
        #expect(
            bench.errno {
                $0.deleteChain("side")
                $0.delete(jump, from: "input")
            } == 0)
        #expect(
            bench.errno {
                $0.replace(jump, in: "input", with: .tcp(port: 1))
                $0.deleteChain("side")
            } == 0)
    }

    @Test func aChainInUseMadeAnewTakesTheJumpsOver() throws {
        var bench = try Workbench.usual()
        try bench.commit { $0.append(.jump(to: "side"), to: "input") }
        #expect(
            bench.errno {
                $0.deleteChain("side")
                $0.addChain("side")
            } == 0)
        #expect(
            bench.errno {
                $0.deleteChain("side")
                $0.addChain("side", hook: Hook(number: 1, priority: 0))
            } == EOPNOTSUPP)
    }

    // MARK: Hooks

    private static let masquerade = RuleBody.single(.masquerade(MasqueradeExpression()))
    private static let reject = RuleBody.single(.reject(RejectExpression(type: .tcpReset)))

    private func bench(_ type: String, _ hook: UInt32, _ priority: Int32 = 0) throws -> Workbench {
        var bench = try Workbench.usual()
        try bench.commit {
            $0.addChain("base", hook: Hook(number: hook, priority: priority), type: type)
        }
        return bench
    }

    @Test(arguments: [
        ("nat", 4, true), ("nat", 0, false), ("nat", 1, false), ("nat", 3, false),
        ("filter", 4, false),
    ])
    func masqueradeWantsNatPostrouting(_ type: String, _ hook: UInt32, _ works: Bool) throws {
        let bench = try bench(type, hook, 100)
        #expect(bench.errno { $0.append(Self.masquerade, to: "base") } == (works ? 0 : EOPNOTSUPP))
        // The same through a jump, whichever comes first.
        #expect(
            bench.errno {
                $0.append(Self.masquerade, to: "side")
                $0.append(.jump(to: "side"), to: "base")
            } == (works ? 0 : EOPNOTSUPP))
        var reached = bench
        try reached.commit { $0.append(.jump(to: "side"), to: "base") }
        #expect(
            reached.errno { $0.append(Self.masquerade, to: "side") } == (works ? 0 : EOPNOTSUPP))
        var demanding = bench
        try demanding.commit {
            $0.addChain("middle")
            $0.append(.jump(to: "side"), to: "middle")
            $0.append(Self.masquerade, to: "side")
        }
        #expect(
            demanding.errno { $0.append(.jump(to: "middle"), to: "base") }
                == (works ? 0 : EOPNOTSUPP))
    }

    @Test(arguments: [(0, true), (1, true), (2, true), (3, true), (4, false)] as [(UInt32, Bool)])
    func rejectWantsAnythingButPostrouting(_ hook: UInt32, _ works: Bool) throws {
        let bench = try bench("filter", hook)
        #expect(bench.errno { $0.append(Self.reject, to: "base") } == (works ? 0 : EOPNOTSUPP))
    }

    @Test func demandsEndWithTheRuleThatMadeThem() throws {
        var bench = try bench("filter", 4)
        try bench.commit { $0.append(Self.reject, to: "side") }
        let rule = bench.ids("side")[0]
        #expect(bench.errno { $0.append(.jump(to: "side"), to: "base") } == EOPNOTSUPP)
        #expect(
            bench.errno {
                $0.append(.jump(to: "side"), to: "base")
                $0.delete(rule, from: "side")
            } == 0)
        try bench.commit { $0.replace(rule, in: "side", with: .tcp(port: 1)) }
        #expect(bench.errno { $0.append(.jump(to: "side"), to: "base") } == 0)
    }

    // MARK: The graph

    @Test func theGraphKeptRuleByRuleEqualsOneMadeAnew() throws {
        var random = SeededGenerator()
        var bench = try Workbench.usual()
        let names = (0..<5).map { "g\($0)" }
        try bench.commit { script in names.forEach { script.addChain($0) } }
        for _ in 0..<300 {
            let from = Int.random(in: 0..<4, using: &random)
            let chain = names[from]
            let ids = bench.ids(chain)
            // Jumps only lead to later chains, so there are no loops.
            let body: RuleBody =
                random.oneIn(3)
                ? .tcp(port: 9) : .jump(to: names[Int.random(in: from + 1..<5, using: &random)])
            try bench.commit { script in
                switch Int.random(in: 0..<4, using: &random) {
                case 0 where !ids.isEmpty: script.delete(ids[0], from: chain)
                case 1 where !ids.isEmpty: script.replace(ids[0], in: chain, with: body)
                case 2 where ids.count > 6: script.flush(chain)
                default: script.append(body, to: chain)
                }
            }
            let fresh = ChainGraph(bench.ruleset)
            for table in bench.ruleset.tables {
                for chain in bench.ruleset.children(of: table.id, kind: .chain) {
                    #expect(
                        bench.graph.facts(of: chain.id).targets
                            == fresh.facts(of: chain.id).targets)
                    #expect(
                        Set(bench.graph.sources(ofTarget: chain))
                            == Set(fresh.sources(ofTarget: chain)))
                }
            }
        }
    }
}
