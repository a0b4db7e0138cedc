import Foundation
import Glibc
import NetlinkProto
import TestSupport
import Testing

/// Other programs that change nf_tables: beside xt2, against it, and while it is down.
@Suite struct ForeignTests {
    private func loaded() throws -> (daemon: Daemon, client: ControlClient, ids: [UInt64]) {
        let daemon = try Daemon()
        let client = try daemon.connect()
        let ids = try client.commit {
            $0.addTable()
            $0.addChain("in", hook: Hook(number: 1, priority: 0), type: "filter")
            $0.addChain("side")
            for number in 1...5 {
                $0.append(.tcp(port: UInt16(number), comment: "r\(number)"), to: "in")
            }
            $0.append(.jump(to: "side", comment: "jump"), to: "in")
            $0.append(.tcp(port: 9, .accept, comment: "s"), to: "side")
        }.ids
        return (daemon, client, ids)
    }

    // MARK: Beside

    @Test func commitsOfOthersInBetweenLoseNothing() throws {
        let traced = try TracedDaemon()
        let daemon = traced.daemon
        let client = try daemon.connect()
        try client.commit {
            $0.addTable()
            $0.addChain("c")
        }
        // One commit a line, thousands of them, until it is stopped.
        let lines = String(
            repeating: "add rule ip theirs c counter\nflush chain ip theirs c\n", count: 50_000)
        let other = try daemon.namespace.run {
            try ChildProcess(
                "nft", ["-i"], input: "add table ip theirs\nadd chain ip theirs c\n" + lines)
        }
        defer {
            other.signal(SIGKILL)
            _ = other.wait()
        }
        var expected: [UInt64] = []
        let batches = try traced.batches {
            for number in 0..<200 {
                let reply = try client.commit {
                    $0.append(.tcp(port: UInt16(number)), to: "c")
                }
                expected += try reply.ids
            }
        }
        #expect(try client.versions().count == 201)
        #expect(try client.ruleset().tables["inet t"]?["c"]?.rules.map(\.id) == expected)
        // More batches than versions: some met another generation and were planned again.
        print("200 versions took \(batches.count) batches")
        #expect(batches.count > 200, "the other program has not been in between")
        other.signal(SIGKILL)
        #expect(try daemon.kernel().ids("inet t c") == expected)
    }

    // MARK: Against

    @Test func ownedTablesAreClosedToOthers() throws {
        let (daemon, _, _) = try loaded()
        let before = try daemon.kernel()
        for line in [
            "add rule inet t in accept", "flush chain inet t in", "delete table inet t",
            "flush table inet t", "delete table inet xt2", "add chain inet t more",
        ] {
            let result = try daemon.namespace.run { try Command.run("nft", line) }
            #expect(result.status != 0)
            #expect(result.errors.contains("Operation not permitted"), "\(line): \(result.errors)")
        }
        try daemon.run("nft", "flush", "ruleset")
        #expect(try daemon.kernel().chains == before.chains)
    }

    @Test func aTableOfTheSameNameIsNotTakenOver() throws {
        let (daemon, client, _) = try loaded()
        try daemon.run("nft", "add table ip theirs { chain c { counter; }; }")
        let refused = try #require(
            try refusal {
                try client.commit {
                    $0.family = .ip
                    $0.table = "theirs"
                    $0.addTable()
                }
            })
        #expect(refused.errno == EEXIST)
        #expect(refused.message.contains("ip theirs"))
        #expect(try daemon.kernel().chains["ip theirs c"]?.rules.count == 1)
        #expect(try client.versions().count == 1)
        #expect(try client.audit().first?.outcome == "failed")
    }

    // MARK: While it is down

    /// Stops the daemon, lets nft do something, starts it, and expects all to be as before.
    private func expectRepair(_ lines: String..., sourceLocation: SourceLocation = #_sourceLocation)
        throws
    {
        let (daemon, _, _) = try loaded()
        let before = try daemon.kernel()
        try daemon.stop()
        try daemon.run("nft", "-f", "-", input: lines.joined(separator: "\n") + "\n")
        #expect(try daemon.kernel().outline != before.outline, sourceLocation: sourceLocation)
        try daemon.start()
        let after = try daemon.kernel()
        #expect(after.outline == before.outline, sourceLocation: sourceLocation)
        let client = try daemon.connect()
        #expect(try client.ruleset().outline == before.outline, sourceLocation: sourceLocation)
        let repair = try client.audit(AuditRequest(action: "repair"))
        #expect(repair.count == 1, sourceLocation: sourceLocation)
        #expect(
            try client.status()?.notice.contains { $0.contains("repaired") } == true,
            sourceLocation: sourceLocation)
        // It works on, with the handles that it has found.
        try client.commit {
            $0.insert(.tcp(port: 99), into: "in", at: 2)
            $0.flush("side")
            $0.rename("side", to: "renamed")
        }
        #expect(
            try daemon.kernel().outline == client.ruleset().outline, sourceLocation: sourceLocation)
        #expect(try client.auditProblems() == [], sourceLocation: sourceLocation)
    }

    @Test func addedRulesAreRemoved() throws {
        try expectRepair(
            "insert rule inet t in accept comment \"theirs\"",
            "add rule inet t side tcp dport 77 accept")
    }

    @Test func deletedRulesComeBack() throws {
        let (daemon, _, _) = try loaded()
        let handle = try #require(daemon.kernel().chains["inet t in"]?.rules[2].handle)
        try expectRepair("delete rule inet t in handle \(handle)")
    }

    @Test func movedRulesGoBack() throws {
        let (daemon, _, _) = try loaded()
        let rules = try #require(daemon.kernel().chains["inet t in"]?.rules)
        // nft keeps no userdata but the comment, so what it inserts again is a rule of its own.
        try expectRepair(
            "delete rule inet t in handle \(rules[0].handle)",
            "add rule inet t in tcp dport 1 counter drop comment \"r1\"")
    }

    @Test func replacedRulesAreReplacedBack() throws {
        let (daemon, _, _) = try loaded()
        let rules = try #require(daemon.kernel().chains["inet t in"]?.rules)
        try expectRepair("replace rule inet t in handle \(rules[1].handle) accept")
    }

    @Test func aFlushedTableIsFilledAgain() throws {
        try expectRepair("flush table inet t")
    }

    @Test func aDeletedTableComesBack() throws {
        try expectRepair("delete table inet t")
    }

    @Test func addedAndDeletedChains() throws {
        try expectRepair(
            "add chain inet t theirs", "add rule inet t theirs tcp dport 1 drop",
            "add rule inet t in jump theirs")
        try expectRepair("flush table inet t", "delete chain inet t side")
    }

    @Test func anotherPolicyOrHook() throws {
        try expectRepair("add chain inet t in { policy drop; }")
        try expectRepair(
            "flush chain inet t in", "delete chain inet t in",
            "add chain inet t in { type filter hook forward priority 0; }")
    }

    @Test func aRenamedChain() throws {
        try expectRepair("rename chain inet t side other")
    }

    @Test func rulesWithSets() throws {
        try expectRepair(
            "add set inet t blocked { type ipv4_addr; }",
            "insert rule inet t in ip saddr @blocked drop",
            "insert rule inet t side tcp dport { 1, 2, 3 } drop")
    }

    @Test func nothingHappensWhenNothingHappened() throws {
        let (daemon, _, _) = try loaded()
        let before = try daemon.kernel()
        try daemon.restart()
        #expect(try daemon.kernel().chains == before.chains, "handles and counters too")
        let client = try daemon.connect()
        #expect(try client.audit(AuditRequest(action: "repair")).isEmpty)
        try daemon.stop()
        try daemon.run("nft", "add table ip theirs")
        try daemon.start()
        #expect(try daemon.connect().audit(AuditRequest(action: "repair")).isEmpty)
        #expect(try daemon.kernel().chains == before.chains)
    }

    // MARK: Another kernel

    @Test func anEmptyKernelIsLoaded() throws {
        let (daemon, _, _) = try loaded()
        let before = try daemon.kernel()
        try daemon.stop()
        let second = try Daemon(directory: daemon.directory)
        #expect(try second.kernel().outline == before.outline)
        #expect(try second.kernel().markedVersion == 1)
        let client = try second.connect()
        #expect(try client.audit().first?.action == "load")
        #expect(try client.versions().count == 1)
        try client.commit { $0.rename("side", to: "other") }
        #expect(try second.kernel().outline == client.ruleset().outline)
    }

    /// Expects that a daemon does not start, and that the kernel is left as it was.
    private func expectNoStart(
        _ namespace: Namespace, _ directory: TemporaryDirectory, _ words: [String]
    ) throws {
        let before = try namespace.run { try Command.check("nft", "-a", "list", "ruleset") }
        do {
            _ = try Daemon(in: namespace, directory: directory)
            Issue.record("the daemon must not start")
        } catch let error as DaemonEnded {
            #expect(error.result.status == 1)
            for word in words { #expect(error.result.errors.contains(word), "\(error)") }
        }
        let after = try namespace.run { try Command.check("nft", "-a", "list", "ruleset") }
        #expect(after == before)
    }

    @Test func aPlainTableInTheWayIsLeftAlone() throws {
        let (daemon, _, _) = try loaded()
        try daemon.stop()
        let namespace = try Namespace()
        _ = try namespace.run {
            try Command.check("nft", "add table inet t { chain c { counter; }; }")
        }
        try expectNoStart(namespace, daemon.directory, ["inet t", "nft delete table"])
        _ = try namespace.run { try Command.check("nft", "delete table inet t") }
        _ = try Daemon(in: namespace, directory: daemon.directory)
    }

    @Test func aPlainTableUnderTheDaemonsOwnNameIsLeftAlone() throws {
        let namespace = try Namespace()
        _ = try namespace.run {
            try Command.check("nft", "add table inet xt2 { chain c { counter; }; }")
        }
        try expectNoStart(namespace, try TemporaryDirectory(), ["inet xt2", "nft delete table"])
    }

    @Test func anotherStoresMarkerIsRefused() throws {
        let (daemon, _, _) = try loaded()
        try daemon.stop()
        try expectNoStart(
            daemon.namespace, try TemporaryDirectory(),
            ["another store", "nft delete table inet xt2"])
        try daemon.start()
        #expect(try daemon.connect().audit(AuditRequest(action: "repair")).isEmpty)
    }

    @Test func aSecondDaemonInTheSameNamespaceIsRefused() throws {
        let (daemon, client, _) = try loaded()
        try expectNoStart(daemon.namespace, try TemporaryDirectory(), ["another store"])
        try client.commit { $0.append(.tcp(port: 50), to: "in") }
    }
}
