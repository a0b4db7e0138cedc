import Foundation
import Glibc
import NetlinkProto
import TestSupport
import Testing

/// Tables that others may change: what they do becomes history.
@Suite struct ObservedTests {
    /// A daemon with an observed table `ip t` that has the chain `c`.
    private func observed(
        _ daemon: Daemon? = nil
    ) throws -> (daemon: Daemon, client: ControlClient, follower: Follower) {
        let daemon = try daemon ?? Daemon()
        let client = try daemon.connect()
        let follower = try Follower(daemon)
        try client.commit {
            $0.family = .ip
            $0.addTable(watch: TableWatch(.observed))
            $0.addChain("c")
        }
        try follower.next()
        return (daemon, client, follower)
    }

    @Test func aChangeByNFTBecomesAVersion() throws {
        let (daemon, client, follower) = try observed()
        let pid = try daemon.nft("add rule ip t c counter packets 5 bytes 50 accept")
        let version = try follower.next()
        #expect(version.version == 2)
        #expect(version.kind == VersionMessageKind.foreign.rawValue)
        #expect(version.process == "nft")
        #expect(version.pid == pid)
        // Looked up while it runs; when it has ended already, it is not known, and nothing else is claimed.
        #expect(version.uid == getuid() || version.uid == .max)
        let rules = try client.ruleset().tables["ip t"]?["c"]?.rules
        #expect(rules?.count == 1)
        let changes = try client.list(.getDiff, DiffRequest(to: 2))
            .map { try $0.read { try ChangeMessage($0) } }
        #expect(changes.map(\.name) == ["c"])
        let entry = try #require(client.audit(AuditRequest(action: "foreign")).first)
        #expect(entry.process == "nft")
        #expect(entry.version == 2)
        #expect(entry.scope == "ip t c")
        #expect(try client.auditProblems() == [])
    }

    @Test func eachProcessHasItsOwnVersion() throws {
        let (daemon, client, follower) = try observed()
        try daemon.nft("add table ip filter")
        _ = try client.ask(
            .adoptTable,
            TableRequest(family: Family.ip.rawValue, table: "filter", policy: 1))
        try follower.next()
        let first = try daemon.nft("add rule ip t c accept", "add rule ip t c drop")
        try daemon.run("iptables-nft", "-A", "INPUT", "-p", "tcp", "--dport", "22", "-j", "ACCEPT")
        let second = try daemon.nft("flush chain ip t c")
        let versions = try [follower.next(), follower.next(), follower.next()]
        #expect(versions.map(\.process) == ["nft", "iptables-nft", "nft"])
        #expect([versions[0].pid, versions[2].pid] == [first, second])
        #expect(versions.map(\.changeCount) == [2, 2, 2])
    }

    @Test func commitsOfOthersElsewhereMakeNoVersion() throws {
        let (daemon, client, follower) = try observed()
        try daemon.nft("add table ip other { chain c { accept; }; }", "add table inet t")
        try daemon.nft("add rule ip t c accept")
        #expect(try follower.next().version == 2)
        #expect(try client.versions().count == 2)
    }

    @Test func theOrderOfTheKernelIsKept() throws {
        let (daemon, client, follower) = try observed()
        // Inserts in one batch stand in front of each other, and the kernel names neighbours that it has not told of.
        try daemon.nft(
            "insert rule ip t c ip saddr 10.0.0.1", "insert rule ip t c ip saddr 10.0.0.2",
            "add rule ip t c ip saddr 10.0.0.3", "insert rule ip t c ip saddr 10.0.0.4",
            "add rule ip t c ip saddr 10.0.0.5", "insert rule ip t c ip saddr 10.0.0.6")
        try follower.next()
        let handles = try daemon.kernel().chains["ip t c"]?.rules.map(\.handle) ?? []
        try daemon.nft(
            "insert rule ip t c handle \(handles[2]) ip saddr 10.0.1.1",
            "insert rule ip t c handle \(handles[2]) ip saddr 10.0.1.2",
            "add rule ip t c handle \(handles[2]) ip saddr 10.0.1.3",
            "add rule ip t c handle \(handles[2]) ip saddr 10.0.1.4",
            "delete rule ip t c handle \(handles[3])",
            "replace rule ip t c handle \(handles[0]) ip saddr 10.0.1.5",
            "replace rule ip t c handle \(handles[5]) ip saddr 10.0.1.6")
        try follower.next()
        try expectSameOrder(daemon, client)
        let ids = try client.ruleset().tables["ip t"]?["c"]?.rules.map(\.id) ?? []
        // A rule that is replaced is the same rule.
        let before = try client.ruleset(2).tables["ip t"]?["c"]?.rules.map(\.id) ?? []
        #expect([ids.first, ids.last] == [before.first, before.last])
    }

    /// The store's rules stand as the kernel's do, by the last byte of their addresses.
    private func expectSameOrder(_ daemon: Daemon, _ client: ControlClient) throws {
        let stored = try client.ruleset().tables["ip t"]?["c"]?.rules.map { rule -> String in
            for case .compare(let comparison) in rule.body.expressions {
                return comparison.value.map(String.init).joined(separator: ".")
            }
            return ""
        }
        let kernel = try daemon.kernel().chains["ip t c"]?.rules.map { rule in
            rule.text.split(separator: " ").first { $0.hasPrefix("10.") }.map(String.init) ?? ""
        }
        #expect(stored == kernel)
        #expect(stored?.isEmpty == false)
    }

    @Test func anythingThatNFTCanDoIsRolledBackByteForByte() throws {
        let (daemon, client, follower) = try observed()
        var generator = SeededGenerator()
        var script = ForeignScript()
        var version = UInt64(1)
        var listings = [1: try daemon.listing("ip t")]
        let steps = Soak.count(40, 300)
        while listings.count < steps {
            let lines = script.next(&generator)
            let before = try daemon.listing("ip t")
            guard (try? daemon.nft(lines.joined(separator: "\n"))) != nil else {
                script.revert()
                continue
            }
            let after = try daemon.listing("ip t")
            if before == after { continue }
            version += 1
            try follower.wait(for: version)
            #expect(follower.versions.last?.process == "nft", "\(generator.seed) \(lines)")
            listings[Int(version)] = after
            #expect(
                try drift(client) == [], "\(generator.seed) after \(lines.joined(separator: "; "))")
        }
        for _ in 0..<steps {
            let wanted = Int.random(in: 1...Int(version), using: &generator)
            try client.rollback(to: UInt64(wanted))
            #expect(
                try daemon.listing("ip t") == listings[wanted],
                "\(generator.seed): rolled back to version \(wanted)")
            #expect(try drift(client) == [])
        }
        #expect(try client.auditProblems() == [])
    }

    /// What `check` finds.
    private func drift(_ client: ControlClient) throws -> [String] {
        try client.list(.checkKernel, CheckRequest()).map { message in
            try message.read { view in
                let change = try ChangeMessage(view)
                return "\(change.kind) \(change.name) \(change.before ?? []) \(change.after ?? [])"
            }
        }
    }

    @Test func whatIsDoneWhileTheDaemonIsDownBecomesAVersion() throws {
        let (daemon, _, first) = try observed()
        for host in 1...2 {
            try daemon.nft("add rule ip t c ip saddr 10.0.0.\(host) accept")
            try first.next()
        }
        try daemon.stop()
        try daemon.nft(
            "insert rule ip t c ip saddr 10.0.0.3 drop", "add set ip t s { type ipv4_addr; }",
            "add element ip t s { 10.1.1.1 }", "add rule ip t c ip daddr @s drop")
        let listing = try daemon.listing("ip t")
        try daemon.start()
        let client = try daemon.connect()
        let last = try #require(client.versions().first)
        #expect(last.kind == VersionMessageKind.foreign.rawValue)
        #expect(last.process.isEmpty)
        #expect(last.uid == .max)
        #expect(last.reason.contains("not watching"))
        #expect(last.changeCount == 4)
        #expect(try daemon.listing("ip t") == listing)
        #expect(try drift(client) == [])
        // It listens again.
        let follower = try Follower(daemon)
        try daemon.nft("flush chain ip t c")
        #expect(try follower.next().process == "nft")
        try client.rollback(to: last.version)
        #expect(try daemon.listing("ip t") == listing)
    }

    @Test func aTableThatOthersMakeAgainIsWatchedAgain() throws {
        let (daemon, client, follower) = try observed()
        try daemon.nft("flush ruleset")
        try follower.next()
        #expect(try client.ruleset().tables["ip t"] == nil)
        try daemon.restart()
        let other = try Follower(daemon)
        try daemon.nft("add table ip t { chain d { accept; }; }")
        #expect(try other.next().process == "nft")
        #expect(try daemon.connect().ruleset().tables["ip t"]?["d"]?.rules.count == 1)
    }

    @Test func anOverrunIsMadeUpForByReading() throws {
        // In a user namespace of its own it cannot raise its buffer above net.core.rmem_max.
        let (daemon, client, follower) = try observed(Daemon(prefix: ["unshare", "-Urn"]))
        func nft(_ lines: [String]) throws {
            let enter = [
                "-t", "\(daemon.pid)", "-U", "-n", "--preserve-credentials", "nft", "-f", "-",
            ]
            let result = try ChildProcess(
                "nsenter", enter, input: lines.joined(separator: "\n") + "\n"
            ).wait()
            guard result.status == 0 else { throw CommandFailure(result.errors) }
        }
        try nft(["add rule ip t c ip saddr 10.0.0.1 accept"])
        #expect(try follower.next().process == "nft")
        // Stopped, it cannot read; what does not fit into its buffer is lost.
        daemon.signal(SIGSTOP)
        let rules = (0..<48_000).map {
            "add rule ip t c ip saddr 10.9.\($0 / 250).\($0 % 250) drop"
        }
        for part in stride(from: 0, to: rules.count, by: 1_000) {
            try nft(Array(rules[part..<part + 1_000]))
        }
        daemon.signal(SIGCONT)
        while try client.ruleset().tables["ip t"]?["c"]?.rules.count != 48_001 {
            try follower.next()
        }
        #expect(follower.versions.contains { $0.reason.contains("not watching") })
        #expect(try drift(client) == [])
        try client.commit {
            $0.family = .ip
            $0.addChain("d")
        }
        try follower.next()
        try nft(["add rule ip t c accept"])
        #expect(try follower.next().process == "nft")
        // Nobody has waited for what was lost.
        #expect(try !daemon.stop().errors.contains("has not told"))
    }

    @Test func kill9LosesNoForeignVersion() throws {
        let (daemon, _, follower) = try observed()
        for number in 0..<20 {
            try daemon.nft("add rule ip t c ip saddr 10.0.0.\(number) accept")
        }
        try follower.wait(for: 10)
        try daemon.stop(SIGKILL)
        try daemon.start()
        let client = try daemon.connect()
        let versions = try client.versions()
        #expect(versions.filter { $0.process == "nft" }.count >= 9)
        #expect(try client.ruleset().tables["ip t"]?["c"]?.rules.count == 20)
        #expect(try drift(client) == [])
        #expect(try client.auditProblems() == [])
    }
}
