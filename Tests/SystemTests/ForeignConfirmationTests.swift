import Glibc
import NetlinkProto
import TestSupport
import Testing

/// What other programs do to observed tables while a version waits for its confirmation: the revert loses none of it.
@Suite struct ForeignConfirmationTests {
    /// Version 1: the observed table `ip t` with a rule in the chain `c` and an empty chain `d`.
    private func observed() throws -> (daemon: Daemon, client: ControlClient, rule: UInt64) {
        let daemon = try Daemon()
        let client = try daemon.connect()
        let reply = try client.commit {
            $0.family = .ip
            $0.addTable(watch: TableWatch(.observed))
            $0.addChain("c")
            $0.addChain("d")
            $0.append(.longer(than: 1, comment: "first"), to: "c")
        }
        return (daemon, client, try #require(reply.ids.first))
    }

    private func comments(_ client: ControlClient, _ chain: String) throws -> [String?] {
        try client.ruleset().tables["ip t"]?[chain]?.rules.map(\.comment) ?? []
    }

    /// Store and kernel agree, and both are whole.
    private func expectSound(_ daemon: Daemon, _ client: ControlClient) throws {
        #expect(try client.list(.checkKernel, CheckRequest()).isEmpty)
        // Rules that nft made carry no id in the kernel.
        func withoutIDs(_ outline: [String: [String]]) -> [String: [String]] {
            outline.mapValues { lines in lines.map { String($0.drop { $0.isNumber }) } }
        }
        #expect(try withoutIDs(daemon.kernel().outline) == withoutIDs(client.ruleset().outline))
        #expect(try client.auditProblems() == [])
    }

    @Test func whatOthersAddStays() throws {
        let (daemon, client, _) = try observed()
        try client.commit(BatchOptions(confirm: 2)) {
            $0.family = .ip
            $0.append(.longer(than: 2, comment: "mine"), to: "c")
        }
        try daemon.nft(
            "add rule ip t c counter comment \"theirs\"", "add rule ip t d accept comment \"more\"")
        // Version 3 is theirs, 4 the revert.
        try client.waitForHead(4)
        #expect(try comments(client, "c") == ["first", "theirs"])
        #expect(try comments(client, "d") == ["more"])
        let kinds = try client.versions().prefix(2).map(\.kind)
        #expect(
            kinds == [VersionMessageKind.revert.rawValue, VersionMessageKind.foreign.rawValue])
        try expectSound(daemon, client)
    }

    @Test func whatBothTouchedGoesBackAndTheRestStays() throws {
        let (daemon, client, rule) = try observed()
        try client.commit(BatchOptions(confirm: 2)) {
            $0.family = .ip
            $0.replace(rule, in: "c", with: .longer(than: 2, comment: "mine"))
            $0.addChain("new")
        }
        let handle = try #require(daemon.kernel().chains["ip t c"]?.rules.first?.handle)
        try daemon.nft(
            "delete rule ip t c handle \(handle)", "add rule ip t c accept comment \"theirs\"",
            "add rule ip t new accept")
        try client.waitForHead(4)
        #expect(try comments(client, "c") == ["first", "theirs"])
        #expect(try client.ruleset().tables["ip t"]?["new"] == nil)
        // What went with the chain is in the history.
        #expect(try client.ruleset(3).tables["ip t"]?["new"]?.rules.count == 1)
        try expectSound(daemon, client)
    }

    @Test func whereItDoesNotFitAllOfItGoesAndStaysInTheHistory() throws {
        let (daemon, client, _) = try observed()
        try client.commit(BatchOptions(confirm: 2)) {
            $0.family = .ip
            $0.addChain("new")
        }
        try daemon.nft("add rule ip t d jump new")
        try client.waitForHead(4)
        #expect(try client.ruleset() == client.ruleset(1))
        #expect(try client.ruleset(3).tables["ip t"]?["d"]?.rules.count == 1)
        try expectSound(daemon, client)
    }

    @Test func whatIsDoneWhileTheDaemonIsDownStays() throws {
        let (daemon, client, _) = try observed()
        try client.commit(BatchOptions(confirm: 3_600)) {
            $0.family = .ip
            $0.append(.longer(than: 2, comment: "mine"), to: "c")
        }
        try daemon.stop(SIGKILL)
        try daemon.nft("add rule ip t c counter comment \"theirs\"")
        try Command.check(
            "sqlite3", daemon.database,
            "UPDATE confirmation SET deadline = 1000000, boot_deadline = 0 WHERE state = 'open'")
        try daemon.start()
        let again = try daemon.connect()
        try again.waitForHead(4)
        #expect(try comments(again, "c") == ["first", "theirs"])
        #expect(try again.versions().first?.kind == VersionMessageKind.revert.rawValue)
        try expectSound(daemon, again)
    }

    @Test func confirmingKeepsBoth() throws {
        let (daemon, client, _) = try observed()
        let follower = try Follower(daemon)
        try client.commit(BatchOptions(confirm: 3_600)) {
            $0.family = .ip
            $0.append(.longer(than: 2, comment: "mine"), to: "c")
        }
        try daemon.nft("add rule ip t c counter comment \"theirs\"")
        try follower.wait(for: 3)
        _ = try client.ask(.confirm, ConfirmRequest(version: 2))
        #expect(try comments(client, "c") == ["first", "mine", "theirs"])
        #expect(try client.status()?.unconfirmed == nil)
        // Taking a table over builds on the version that waits, so that has to be confirmed first.
        try client.commit(BatchOptions(confirm: 3_600)) {
            $0.family = .ip
            $0.addChain("e")
        }
        let refused = try refusal {
            try client.ask(
                .releaseTable, TableRequest(family: Family.ip.rawValue, table: "t"))
        }
        #expect(refused?.errno == EBUSY)
    }

    @Test func aRollbackThatLetGoOfATableIsTakenBack() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try client.commit { $0.addTable() }
        try daemon.nft("add table ip t { chain c { counter accept; }; }")
        _ = try client.ask(
            .adoptTable, TableRequest(family: Family.ip.rawValue, table: "t", policy: 1))
        let before = try daemon.run("nft", "-a", "list", "table", "ip", "t")
        _ = try client.ask(.rollback, RollbackRequest(version: 1, confirm: 1))
        #expect(try client.ruleset().tables["ip t"] == nil)
        // 3 is the rollback, 4 the table as it was found, 5 the revert.
        try eventually("nothing is unconfirmed") { try client.status()?.unconfirmed == nil }
        #expect(try client.ruleset() == client.ruleset(2))
        #expect(try daemon.run("nft", "-a", "list", "table", "ip", "t") == before)
        try expectSound(daemon, client)
    }
}
