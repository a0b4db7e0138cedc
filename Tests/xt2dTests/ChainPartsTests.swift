import NetlinkProto
import RuleStore
import TestSupport
import Testing

@testable import xt2d

/// Which chains are split, and by which messages.
@Suite struct ChainPartsTests {
    /// The messages for new rules in chain `name`, but for the rules themselves.
    private func lines(
        _ bench: Workbench, _ handles: RuleHandles = RuleHandles(), to name: String,
        ownership: TableBody.Flags = [.owner, .persist], _ bodies: [RuleBody]
    ) throws -> [String] {
        var bench = bench
        let old = bench.ruleset
        let changes = try bench.commit { script in
            for body in bodies { script.append(body, to: name) }
        }
        let batch = try Layout.batch(
            from: old, to: bench.ruleset, changes: changes, handles: handles, graph: bench.graph,
            plan: BatchPlan(
                generation: GenerationID(rawValue: 5),
                marker: Marker(uuid: Array(0..<16), version: VersionID(rawValue: 3)),
                replacesMarker: true, adoptsMarkerTable: false, ownership: ownership))
        let all = batch.parts.values.reduce(0) { $0 + $1.count }
        return try KernelLines.of(batch.bytes).dropFirst(2).dropLast(2)
            .filter { $0.contains("_xt2.") && !$0.hasPrefix("NEWRULE _xt2.") }
            + ["\(all) in parts"]
    }

    private let many = [RuleBody](repeating: .tcp(port: 1), count: 3_000)

    @Test func whatIsMoreThanAPartGoesIntoParts() throws {
        let jumps = (1...2).map { number in
            let id = ChainPart(number: UInt16(number)).jump(in: ObjectID(rawValue: 1))
            return "NEWRULE side id \(id?.description ?? "") jump _xt2.\(number) append"
        }
        #expect(
            try lines(Workbench.usual(), to: "side", many) == [
                "NEWCHAIN _xt2.1 new", jumps[0], "NEWCHAIN _xt2.2 new", jumps[1],
                "1976 in parts",
            ])
        #expect(
            try lines(Workbench.usual(), to: "side", Array(many.prefix(1_024))) == ["0 in parts"])
    }

    @Test func rulesThatMayLeaveStandInTheChain() throws {
        // The chain has two rules more that return; behind each it goes on with rules of its own.
        var bodies = Array(many.prefix(1_100))
        bodies.insert(.tcp(port: 1, .return), at: 1_050)
        bodies.append(.tcp(port: 1, .return))
        #expect(try lines(Workbench.usual(), to: "side", bodies).last == "26 in parts")
    }

    /// Where others may write, where the kernel knows no ownership, and where it follows no jumps, or no more of them.
    @Test func someChainsStayWhole() throws {
        #expect(
            try lines(Workbench.usual(), to: "side", ownership: [], many) == ["0 in parts"])
        var watched = Workbench()
        try watched.commit {
            $0.addTable(watch: TableWatch(.observed))
            $0.addChain("c")
        }
        #expect(try lines(watched, to: "c", many) == ["0 in parts"])
        for (depth, isSplit) in [(7, true), (8, false), (14, false)] {
            var deep = try Workbench.usual()
            try deep.commit { script in
                for level in 1...depth { script.addChain("c\(level)") }
                script.append(.jump(to: "c1"), to: "input")
                for level in 1..<depth {
                    script.append(.jump(to: "c\(level + 1)"), to: "c\(level)")
                }
            }
            // A chain on the way, and the one at its end.
            for name in ["side", "c\(depth)"] {
                let split = try lines(deep, to: name, many) != ["0 in parts"]
                #expect(split == (isSplit || name == "side"), "\(name) of \(depth)")
            }
        }
    }

    /// The kernel takes a chain that belongs to a rule away with that rule.
    @Test func rulesWithAChainOfTheirOwnStandInTheChain() throws {
        var ruleset = try Workbench.usual().ruleset
        let table = try #require(ruleset.table(family: Family.inet.rawValue, name: "t"))
        let side = try #require(ruleset.child(of: table.id, kind: .chain, name: "side"))
        let bound = StoredObject(
            id: ObjectID(rawValue: 900), kind: .chain, parent: table.id, name: "__chain1",
            body: try ChainBody(flags: 4).encoded())
        try ruleset.apply(.add(bound))
        let parts = ChainParts(
            old: ruleset, new: ruleset, handles: RuleHandles(), graph: ChainGraph(),
            ownership: [.owner, .persist])
        for (chain, isOwn) in [("side", false), ("__chain1", true)] {
            let rule = StoredObject(
                id: ObjectID(rawValue: 901), kind: .rule, parent: side.id,
                body: try RuleBody.jump(to: chain).encoded())
            #expect(parts.isOwn(rule) == isOwn, "\(chain)")
        }
    }
}
