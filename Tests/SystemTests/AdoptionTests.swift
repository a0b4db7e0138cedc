import Glibc
import NetlinkProto
import TestSupport
import Testing

/// Taking over tables that others made, letting them go, and looking whether all is as it should be.
@Suite struct AdoptionTests {
    private func adopt(
        _ client: ControlClient, _ table: String, _ policy: UInt8, family: Family = .ip
    ) throws -> Reply {
        try client.ask(
            .adoptTable, TableRequest(family: family.rawValue, table: table, policy: policy))
    }

    private func release(
        _ client: ControlClient, _ table: String, family: Family = .ip
    ) throws -> Reply {
        try client.ask(.releaseTable, TableRequest(family: family.rawValue, table: table))
    }

    private static let table = [
        "add table ip t", "add chain ip t c { type filter hook output priority 0; policy accept; }",
        "add chain ip t d", "add rule ip t c counter jump d",
        "add rule ip t c ip daddr { 127.0.0.1, 127.0.0.2 } counter",
        "add rule ip t d counter comment \"d\"",
    ].joined(separator: "\n")

    @Test func handlesAndCountersStayAsTheyAre() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try daemon.nft(Self.table)
        try daemon.run("ping", "-c", "2", "-W", "5", "127.0.0.1")
        let before = try daemon.run("nft", "-a", "list", "table", "ip", "t")
        #expect(before.contains("packets"))
        let reply = try adopt(client, "t", 1)
        #expect(try reply.version?.changeCount == 6)
        #expect(try daemon.run("nft", "-a", "list", "table", "ip", "t") == before)
        let rules = try client.ruleset().tables["ip t"]?["c"]?.rules.count
        #expect(rules == 2)
        #expect(try client.list(.checkKernel, CheckRequest()).isEmpty)
        // Its rules can be edited by their ids.
        let id = try #require(client.ruleset().tables["ip t"]?["d"]?.rules.first?.id)
        try client.commit {
            $0.family = .ip
            $0.delete(id, from: "d")
        }
        #expect(try daemon.kernel().chains["ip t d"]?.rules.isEmpty == true)
        #expect(try daemon.kernel().lines("ip t c").count == 2)
        _ = try release(client, "t")
        #expect(try client.ruleset().tables["ip t"] == nil)
        #expect(try daemon.kernel().chains["ip t c"]?.rules.count == 2)
        #expect(try client.auditProblems() == [])
    }

    /// Rules that say the same are told apart by their order alone; to look at all of them for each would take minutes.
    @Test func manyEqualRulesStayTheSame() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        let count = 4_000
        let rules = String(repeating: "add rule ip t c counter accept\n", count: count)
        try daemon.nft("add table ip t\nadd chain ip t c\n" + rules)
        _ = try adopt(client, "t", 1)
        let before = try #require(client.ruleset().tables["ip t"]?["c"]?.rules.map(\.id))
        #expect(before.count == count)
        try daemon.stop()
        try daemon.nft("flush chain ip t c\n" + rules + rules)
        try daemon.start()
        let again = try daemon.connect()
        let after = try #require(again.ruleset().tables["ip t"]?["c"]?.rules.map(\.id))
        #expect(after.count == 2 * count)
        #expect(Array(after.prefix(count)) == before)
        #expect(try again.versions().first?.changeCount == UInt32(count))
        #expect(try again.list(.checkKernel, CheckRequest()).isEmpty)
    }

    @Test func aRollbackToBeforeLeavesTheTableInTheKernel() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try client.commit { $0.addTable() }
        try daemon.nft(Self.table)
        _ = try adopt(client, "t", 1)
        let before = try daemon.run("nft", "-a", "list", "table", "ip", "t")
        try client.rollback(to: 1)
        #expect(try daemon.run("nft", "-a", "list", "table", "ip", "t") == before)
        #expect(try client.ruleset().tables["ip t"] == nil)
        // Back again, it is taken over as it is.
        try client.rollback(to: 2)
        #expect(try daemon.run("nft", "-a", "list", "table", "ip", "t") == before)
        #expect(try client.ruleset() == client.ruleset(2))
        #expect(try client.list(.checkKernel, CheckRequest()).isEmpty)
    }

    @Test func whatWasChangedMeanwhileIsInTheHistoryBeforeItGoes() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try client.commit { $0.addTable() }
        try daemon.nft(Self.table)
        _ = try adopt(client, "t", 1)
        let before = try daemon.listing("ip t")
        try client.rollback(to: 1)
        try daemon.nft("add rule ip t c drop comment \"meanwhile\"", "add chain ip t extra")
        let changed = try daemon.listing("ip t")
        try client.rollback(to: 2)
        #expect(try daemon.listing("ip t") == before)
        // 1 table, 2 adopted, 3 rolled back, 4 as it was found, 5 rolled back.
        let versions = try client.versions()
        #expect(versions.map(\.version) == [5, 4, 3, 2, 1])
        #expect(versions[1].kind == VersionMessageKind.foreign.rawValue)
        try client.rollback(to: 4)
        #expect(try daemon.listing("ip t") == changed)
        #expect(try client.list(.checkKernel, CheckRequest()).isEmpty)
        // It is watched again.
        let follower = try Follower(daemon)
        try daemon.nft("flush chain ip t c")
        #expect(try follower.next().process == "nft")
        #expect(try client.auditProblems() == [])
    }

    @Test func anOwnedTableThatWasReleasedComesBack() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try client.commit {
            $0.addTable()
            $0.addChain("c")
            $0.append(.tcp(port: 22), to: "c")
        }
        for restarts in [false, true] {
            let version = try #require(client.status()?.head)
            let before = try daemon.kernel()
            _ = try release(client, "t", family: .inet)
            if restarts { try daemon.restart() }
            let again = try daemon.connect()
            try again.rollback(to: version)
            #expect(try daemon.kernel().lines("inet t c") == before.lines("inet t c"))
            #expect(try again.list(.checkKernel, CheckRequest()).isEmpty)
            let result = try daemon.namespace.run {
                try Command.run("nft", "add rule inet t c drop")
            }
            #expect(result.errors.contains("Operation not permitted"), "restarted: \(restarts)")
        }
    }

    @Test func onlyWhoMayEditMayDoThis() throws {
        let daemon = try Daemon.configured(
            "[socket]\nmode = 0666\n[access]\nread = 1001\nedit = 1002\n")
        try daemon.nft(Self.table)
        let name = TableRequest(family: Family.ip.rawValue, table: "t", policy: 1)
        let reader = try daemon.connect(uid: 1001)
        #expect(try refusal { try reader.ask(.adoptTable, name) }?.errno == EPERM)
        let editor = try daemon.connect(uid: 1002)
        #expect(try refusal { try editor.ask(.adoptTable, name) } == nil)
        #expect(try refusal { try reader.ask(.releaseTable, name) }?.errno == EPERM)
        #expect(
            try refusal { try reader.list(.checkKernel, CheckRequest(fix: true)) }?.errno == EPERM)
        #expect(try reader.list(.checkKernel, CheckRequest()).isEmpty)
        // One who may not read is told of no version.
        #expect(try refusal { try editor.ask(.followVersions) }?.errno == EPERM)
        let denied = try daemon.connect().audit(AuditRequest(uid: 1001))
        #expect(denied.map(\.action).sorted() == ["adopt", "check --fix", "release"])
        #expect(denied.allSatisfy { $0.outcome == "refused" })
    }

    @Test func policiesChangeWhereTheKernelAllowsIt() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try daemon.nft(Self.table)
        // The kernel makes no table owned that is there.
        let reply = try adopt(client, "t", 0)
        #expect(reply.note.contains("enforced instead"))
        #expect(try adopt(client, "t", 1).version != nil)
        #expect(try adopt(client, "t", 1).version == nil)
        #expect(try refusal { try adopt(client, "t", 0) }?.errno == EOPNOTSUPP)
        try client.commit { $0.addTable() }
        #expect(try refusal { try adopt(client, "t", 1, family: .inet) }?.errno == EOPNOTSUPP)
        #expect(try refusal { try adopt(client, "absent", 1) }?.errno == ENOENT)
        #expect(try refusal { try adopt(client, "xt2", 1, family: .inet) }?.errno == EPERM)
        #expect(try refusal { try release(client, "absent") }?.errno == ENOENT)
    }

    @Test func anOrphanOfAnotherDaemonBecomesOwned() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try client.commit {
            $0.addTable(); $0.addChain("c")
        }
        _ = try client.ask(
            .releaseTable, TableRequest(family: Family.inet.rawValue, table: "t"))
        try daemon.restart()
        let again = try daemon.connect()
        try daemon.nft("add rule inet t c accept")
        #expect(try adopt(again, "t", 0, family: .inet).note.isEmpty)
        let result = try daemon.namespace.run { try Command.run("nft", "add rule inet t c drop") }
        #expect(result.errors.contains("Operation not permitted"))
        #expect(try again.ruleset().tables["inet t"]?["c"]?.rules.count == 1)
    }

    @Test func checkFindsWhatNobodyTold() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        let follower = try Follower(daemon)
        // Packets put elements into a set that is not marked as dynamic; the kernel tells nobody.
        try daemon.nft(
            "add table ip t", "add set ip t s { type ipv4_addr; }")
        try daemon.nft(
            "add chain ip t c { type filter hook output priority 0; }",
            "add rule ip t c add @s { ip daddr }")
        _ = try adopt(client, "t", 1)
        try follower.next()
        #expect(try client.list(.checkKernel, CheckRequest()).isEmpty)
        try daemon.run("ping", "-c", "1", "-W", "5", "127.0.0.1")
        let drift = try client.list(.checkKernel, CheckRequest())
            .map { try $0.read { try ChangeMessage($0) } }
        #expect(drift.map(\.kind) == [ObjectMessageKind.element.rawValue])
        #expect(drift.first?.before == nil)
        #expect(try client.versions().count == 1)
        // Others may write to an observed table, so the kernel is right.
        _ = try client.list(.checkKernel, CheckRequest(fix: true))
        #expect(try follower.next().kind == VersionMessageKind.foreign.rawValue)
        #expect(try client.list(.checkKernel, CheckRequest()).isEmpty)
        // In an enforced table the store is.
        _ = try adopt(client, "t", 2)
        try daemon.run("ping", "-c", "1", "-W", "5", "127.0.0.2")
        #expect(try client.list(.checkKernel, CheckRequest()).count == 1)
        _ = try client.list(.checkKernel, CheckRequest(fix: true))
        #expect(try client.list(.checkKernel, CheckRequest()).isEmpty)
        #expect(try client.audit(AuditRequest(action: "check --fix")).count == 2)
        #expect(try client.auditProblems() == [])
    }

    @Test func oneWhoDoesNotReadLosesItsPlace() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        let slow = try daemon.connect()
        try slow.begin(.followVersions)
        _ = try slow.status()
        try client.commit {
            $0.addTable()
            $0.addChain("c")
        }
        // The reason makes each message large, so that the socket is full soon.
        let options = BatchOptions(reason: String(repeating: "x", count: 4_000))
        for number in 0..<1_400 {
            try client.commit(options) { $0.append(.tcp(port: UInt16(number)), to: "c") }
        }
        var errors: [Int32] = []
        while errors.isEmpty {
            let message = try slow.receive()
            if message.header.type == .error {
                errors.append(try message.read { try Acknowledgement($0) }.errno)
            }
        }
        #expect(errors == [ENOBUFS])
        #expect(try client.versions().count == 1_401)
    }
}
