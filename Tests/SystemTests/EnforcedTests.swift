import NetlinkProto
import TestSupport
import Testing

/// Tables that others may touch, but not change.
@Suite struct EnforcedTests {
    private func enforced() throws -> (daemon: Daemon, client: ControlClient) {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try client.commit {
            $0.family = .ip
            $0.addTable(watch: TableWatch(.enforced))
            $0.addChain("c", hook: Hook(number: 3, priority: 0), type: "filter")
            for number in 1...5 {
                $0.append(.longer(than: UInt32(number), comment: "r\(number)"), to: "c")
            }
        }
        return (daemon, client)
    }

    @Test func whatOthersDoIsUndoneAndAudited() throws {
        let (daemon, client) = try enforced()
        try daemon.run("ping", "-c", "1", "-W", "5", "127.0.0.1")
        let before = try daemon.kernel()
        let untouched = Array(before.lines("ip t c").dropFirst())
        let handle = try #require(before.chains["ip t c"]?.rules[0].handle)
        var attempt = 0
        for lines in [
            "add rule ip t c drop", "insert rule ip t c drop",
            "delete rule ip t c handle \(handle)", "add chain ip t more { accept; }",
            "chain ip t c { policy drop; }", "add set ip t s { type ipv4_addr; }",
        ] {
            let pid = try daemon.nft(lines)
            attempt += 1
            let entry = try #require(client.attempts(attempt).first)
            #expect(entry.process == "nft")
            #expect(entry.pid == pid)
            #expect(entry.outcome == "refused")
            #expect(try daemon.kernel().outline == before.outline, "\(lines)")
            // Rules that nobody touched keep handles and counters.
            #expect(try Array(daemon.kernel().lines("ip t c").dropFirst()) == untouched, "\(lines)")
        }
        #expect(try client.versions().count == 1)
        #expect(try client.list(.checkKernel, CheckRequest()).isEmpty)
        #expect(try client.auditProblems() == [])
    }

    @Test func aDeletedTableComesBack() throws {
        let (daemon, client) = try enforced()
        let before = try daemon.kernel()
        try daemon.nft("flush ruleset")
        try client.attempts(1)
        #expect(try daemon.kernel().outline == before.outline)
        try daemon.nft("delete table ip t", "add table ip t", "add chain ip t x")
        try client.attempts(2)
        #expect(try daemon.kernel().outline == before.outline)
        // It can be edited on, with the handles of the rules that were made anew.
        let ids = try client.ruleset().tables["ip t"]?["c"]?.rules.map(\.id) ?? []
        try client.commit {
            $0.family = .ip
            $0.delete(ids[1], from: "c")
        }
        #expect(try daemon.kernel().outline == client.ruleset().outline)
    }

    @Test func everythingInATableIsPutBack() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try daemon.nft(
            "add table ip t", "add chain ip t c", "add chain ip t d",
            "add set ip t s { type ipv4_addr; flags interval; }",
            "add element ip t s { 10.0.0.0/8, 192.0.2.1-192.0.2.9 }",
            "add map ip t m { type inet_service : verdict; }",
            "add element ip t m { 22 : jump d, 80 : accept }", "add counter ip t n",
            "add rule ip t c ip saddr @s tcp dport vmap @m counter name n",
            "add rule ip t c tcp dport { 1, 2 } drop", "add rule ip t d numgen inc mod 3 0 accept")
        _ = try client.ask(
            .adoptTable, TableRequest(family: Family.ip.rawValue, table: "t", policy: 2))
        let before = try daemon.listing("ip t")
        var count = 0
        for lines in [
            "flush set ip t s", "delete element ip t m { 22 }", "flush chain ip t c",
            "flush ruleset",
            "rename chain ip t d e",
        ] {
            try daemon.nft(lines)
            count += 1
            try client.attempts(count)
            #expect(try daemon.listing("ip t") == before, "\(lines)")
        }
    }

    @Test func extensionsOfIPTablesArePutBack() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        for words in [
            [
                "-A", "INPUT", "-p", "tcp", "-m", "string", "--string", "x", "--algo", "bm", "-j",
                "DROP",
            ],
            ["-A", "INPUT", "-p", "udp", "-m", "multiport", "--dports", "1,2", "-j", "ACCEPT"],
            ["-A", "INPUT", "-m", "comment", "--comment", "hello", "-j", "REJECT"],
        ] {
            let result = try daemon.namespace.run { try ChildProcess("iptables-nft", words).wait() }
            #expect(result.status == 0, "\(result.errors)")
        }
        _ = try client.ask(
            .adoptTable, TableRequest(family: Family.ip.rawValue, table: "filter", policy: 2))
        let before = try daemon.run("iptables-nft", "-S")
        try daemon.run("iptables-nft", "-F")
        try client.attempts(1)
        #expect(try daemon.run("iptables-nft", "-S") == before)
    }

    @Test func whatIsDoneWhileTheDaemonIsDownIsUndone() throws {
        let (daemon, _) = try enforced()
        let before = try daemon.kernel()
        try daemon.stop()
        try daemon.nft("insert rule ip t c drop", "add chain ip t more")
        try daemon.start()
        #expect(try daemon.kernel().outline == before.outline)
        #expect(try daemon.connect().audit(AuditRequest(action: "repair")).count == 1)
    }

    @Test func observedAndEnforcedTablesInOneCommitAreToldApart() throws {
        let (daemon, client) = try enforced()
        let follower = try Follower(daemon)
        try client.commit {
            $0.family = .ip
            $0.table = "seen"
            $0.addTable(watch: TableWatch(.observed))
            $0.addChain("c")
        }
        try follower.next()
        try daemon.nft("add rule ip seen c accept", "add rule ip t c accept")
        #expect(try follower.next().changeCount == 1)
        try client.attempts(1)
        #expect(try daemon.kernel().chains["ip t c"]?.rules.count == 5)
        #expect(try daemon.kernel().chains["ip seen c"]?.rules.count == 1)
    }
}
