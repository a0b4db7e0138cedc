import Glibc
import NetlinkProto
import TestSupport
import Testing

/// Names that one object frees and another takes in the same version.
@Suite struct RenameTests {
    /// Three chains with jumps to each and a rule in each that has counted something.
    private func site() throws -> (Daemon, ControlClient) {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try client.commit {
            $0.addTable()
            $0.addChain("in", hook: Hook(number: 1, priority: 0), type: "filter")
            for (number, name) in ["a", "b", "c"].enumerated() {
                $0.addChain(name)
                $0.append(.counting(UInt64(number) + 70, comment: "of \(name)"), to: name)
                $0.append(.tcp(port: UInt16(number)), to: name)
                $0.append(.jump(to: name, comment: "to \(name)"), to: "in")
            }
        }
        return (daemon, client)
    }

    /// Store and kernel agree, and each chain has the rule that counted.
    private func expectAgreement(
        _ daemon: Daemon, _ client: ControlClient, _ chains: [String: String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let kernel = try daemon.kernel()
        #expect(try client.ruleset().outline == kernel.outline, sourceLocation: sourceLocation)
        let counted = ["a": 70, "b": 71, "c": 72]
        for (name, origin) in chains {
            let rule = try #require(
                kernel.chains["inet t \(name)"]?.rules.first, sourceLocation: sourceLocation)
            #expect(rule.comment == "of \(origin)", sourceLocation: sourceLocation)
            #expect(
                rule.text.contains("packets \(counted[origin] ?? 0) "), "\(rule.text)",
                sourceLocation: sourceLocation)
            // Whoever jumped to it still does.
            let jump = kernel.chains["inet t in"]?.rules.first { $0.comment == "to \(origin)" }
            #expect(jump?.target == name, sourceLocation: sourceLocation)
        }
        #expect(try client.auditProblems() == [], sourceLocation: sourceLocation)
    }

    @Test func twoChainsChangeTheirNames() throws {
        let (daemon, client) = try site()
        let before = try daemon.kernel()
        try client.commit {
            $0.rename("a", to: "x")
            $0.rename("b", to: "a")
            $0.rename("x", to: "b")
        }
        try expectAgreement(daemon, client, ["a": "b", "b": "a", "c": "c"])
        // What has nothing to do with it stays where it is.
        #expect(try daemon.kernel().lines("inet t c") == before.lines("inet t c"))
        try client.rollback(to: 1)
        try expectAgreement(daemon, client, ["a": "a", "b": "b", "c": "c"])
        #expect(try daemon.kernel().outline == before.outline)
        try client.rollback(to: 2)
        try expectAgreement(daemon, client, ["a": "b", "b": "a", "c": "c"])
    }

    @Test func aNameGoesFromOneToTheNext() throws {
        let (daemon, client) = try site()
        let handles = try daemon.kernel().chains["inet t a"]?.rules.map(\.handle)
        // c gets a new name, b that of c, a that of b; and a new chain that of a.
        try client.commit {
            $0.rename("c", to: "d")
            $0.rename("b", to: "c")
            $0.rename("a", to: "b")
        }
        try expectAgreement(daemon, client, ["d": "c", "c": "b", "b": "a"])
        // Nobody takes the name of a, so it is only renamed.
        #expect(try daemon.kernel().chains["inet t b"]?.rules.map(\.handle) == handles)
        try client.commit {
            $0.rename("b", to: "e")
            $0.addChain("b")
            $0.append(.jump(to: "b", comment: "to the new b"), to: "in")
        }
        try expectAgreement(daemon, client, ["d": "c", "c": "b", "e": "a"])
        #expect(try daemon.kernel().chains["inet t b"]?.rules == [])
        for version: UInt64 in [1, 3, 2, 3, 1] { try client.rollback(to: version) }
        try expectAgreement(daemon, client, ["a": "a", "b": "b", "c": "c"])
    }

    @Test func aDeletedChainsNameIsTakenByARename() throws {
        let (daemon, client) = try site()
        let handles = try daemon.kernel().chains["inet t b"]?.rules.map(\.handle)
        let jump = try #require(
            try daemon.kernel().chains["inet t in"]?.rules.first { $0.comment == "to a" }?.id)
        try client.commit {
            $0.delete(jump, from: "in")
            $0.flush("a")
            $0.deleteChain("a")
            $0.rename("b", to: "a")
        }
        try expectAgreement(daemon, client, ["a": "b", "c": "c"])
        #expect(try daemon.kernel().chains["inet t a"]?.rules.map(\.handle) == handles)
        try client.rollback(to: 1)
        let kernel = try daemon.kernel()
        #expect(try client.ruleset().outline == kernel.outline)
        try client.rollback(to: 2)
        try expectAgreement(daemon, client, ["a": "b", "c": "c"])
    }

    /// Base chains too, and after a kill in between.
    @Test func baseChainsChangeTheirNames() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try client.commit {
            $0.addTable()
            $0.addChain("x", hook: Hook(number: 1, priority: 0), type: "filter", policy: .drop)
            $0.addChain("y", hook: Hook(number: 3, priority: 5), type: "filter")
            $0.append(.tcp(port: 1, comment: "x"), to: "x")
            $0.append(.tcp(port: 2, comment: "y"), to: "y")
        }
        try client.commit {
            $0.rename("x", to: "z")
            $0.rename("y", to: "x")
            $0.rename("z", to: "y")
        }
        let kernel = try daemon.kernel()
        #expect(
            kernel.chains["inet t y"]?.hook.contains("hook input priority filter; policy drop")
                == true)
        #expect(kernel.chains["inet t x"]?.hook.contains("hook output priority filter + 5") == true)
        #expect(kernel.chains["inet t y"]?.rules.map(\.comment) == ["x"])
        #expect(try client.ruleset().outline == kernel.outline)
        try daemon.stop(SIGKILL)
        try daemon.start()
        #expect(try daemon.kernel().outline == kernel.outline)
        #expect(try daemon.connect().status()?.notice == [])
    }

    @Test func tablesAreDeletedAndMadeAnewUnderTheirNames() throws {
        let (daemon, client) = try site()
        try client.commit {
            $0.deleteTable()
            $0.addTable()
            $0.addChain("a", hook: Hook(number: 1, priority: 0), type: "filter")
            $0.append(.tcp(port: 5), to: "a")
        }
        let kernel = try daemon.kernel()
        #expect(kernel.outline.keys.sorted() == ["inet t a"])
        #expect(try client.ruleset().outline == kernel.outline)
        try client.rollback(to: 1)
        #expect(try client.ruleset().outline == daemon.kernel().outline)
        try client.rollback(to: 2)
        #expect(try daemon.kernel().outline == kernel.outline)
    }

    /// The elements of a map that lead to a chain follow it, whether they change or not.
    @Test func elementsLeadToTheChainOfTheirName() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try client.commit {
            $0.addTable(watch: TableWatch(.observed))
            $0.addChain("a")
            $0.addChain("b")
        }
        for line in [
            "add map inet t m { type inet_service : verdict ; }",
            "add element inet t m { 1 : jump a, 2 : jump b }",
            "add rule inet t a tcp dport 1 drop",
        ] { try daemon.run("nft", line) }
        try eventually("the kernel has the new rules") {
            try daemon.run("nft", "list", "ruleset").contains("dport 1 drop")
        }
        let before = try daemon.run("nft", "-s", "list", "table", "inet", "t")
        #expect(try client.list(.checkKernel, CheckRequest()).isEmpty, "in sync")
        let base = try #require(try client.versions().first?.version)
        try client.commit {
            $0.flush("a")
            $0.rename("a", to: "x")
            $0.rename("b", to: "a")
            $0.rename("x", to: "b")
        }
        #expect(try client.list(.checkKernel, CheckRequest()).isEmpty, "in sync")
        try client.rollback(to: base)
        #expect(try client.list(.checkKernel, CheckRequest()).isEmpty, "in sync")
        #expect(try daemon.run("nft", "-s", "list", "table", "inet", "t") == before)
    }
}

extension RuleBody {
    /// A rule that has counted, and does nothing else.
    fileprivate static func counting(_ packets: UInt64, comment: String) -> RuleBody {
        .single(
            .counter(CounterExpression(bytes: packets * 100, packets: packets)), comment: comment)
    }
}
