import Foundation
import Glibc
import NetlinkProto
import TestSupport
import Testing

/// `xt2 import kernel`: tables of all that nft and iptables-nft make, with nft as the judge.
@Suite struct KernelImportTests {
    /// A daemon in a namespace that has the devices d0 and d1, and something of everything in its tables.
    private func everything() throws -> Daemon {
        let daemon = try Daemon()
        try daemon.run("ip", "link", "add", "d0", "type", "veth", "peer", "name", "d1")
        try daemon.nft(try Self.fixture())
        for words in Self.iptables {
            let line = words.split(separator: " ").map(String.init)
            let result = try daemon.namespace.run { try ChildProcess("sh", ["-c", words]).wait() }
            guard result.status == 0 else { throw CommandFailure("\(line): \(result.errors)") }
        }
        return daemon
    }

    private static func fixture() throws -> String {
        let tests = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent()
        return try String(
            contentsOf: tests.appendingPathComponent("Fixtures/nft/everything.nft"), encoding: .utf8
        )
    }

    private static let iptables = [
        "iptables-nft -A INPUT -p tcp -m multiport --dports 22,80 -m comment --comment 'a word' -j ACCEPT",
        "iptables-nft -A INPUT -m hashlimit --hashlimit-name x --hashlimit-above 5/min -j DROP",
        "iptables-nft -A INPUT -m recent --name r --set -m string --string abc --algo bm -j LOG --log-prefix 's '",
        "iptables-nft -A FORWARD -p tcp --syn -m connlimit --connlimit-above 3 -j REJECT --reject-with tcp-reset",
        "iptables-nft -t nat -A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE --random",
        "iptables-nft -t mangle -A PREROUTING -p tcp -j TCPMSS --set-mss 1400 2>/dev/null || iptables-nft -t mangle -A PREROUTING -j MARK --set-mark 7",
        "ip6tables-nft -A INPUT -m rt --rt-type 0 -j DROP",
    ]

    /// What the kernel has, the daemon's own table aside: as JSON, with all handles and counters.
    private func kernel(_ daemon: Daemon, _ options: String...) throws -> String {
        let words = options + ["list", "ruleset"]
        let result = try daemon.namespace.run { try ChildProcess("nft", words).wait() }
        guard result.status == 0 else { throw CommandFailure("nft: \(result.errors)") }
        return Self.withoutOwnTable(result.output)
    }

    private static func withoutOwnTable(_ text: String) -> String {
        var isOwn = false
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
            if line.hasPrefix("table ") { isOwn = line.hasPrefix("table inet xt2 ") }
            return !isOwn
        }
        return lines.joined(separator: "\n").trimmingCharacters(in: .newlines)
    }

    /// All tables without state; elements of sets in an order of their own.
    private func plain(_ daemon: Daemon) throws -> String {
        SortedBraces.sorted(try kernel(daemon, "-s"))
    }

    @Test func nothingThatPacketsMeetIsTouched() throws {
        let daemon = try everything()
        try daemon.run("ping", "-c", "3", "-i", "0.01", "127.0.0.1")
        let before = try kernel(daemon, "-a")
        #expect(before.contains("iifname \"lo\" counter packets 17 bytes 1620"))
        let plan = try daemon.xt2("import kernel --dry-run --stat")
        #expect(plan.contains("nothing was changed"), "\(plan)")
        #expect(try daemon.connect().versions().isEmpty)
        #expect(try kernel(daemon, "-a") == before)
        let said = try daemon.xt2("import kernel -m found")
        #expect(said.hasPrefix("version 1: the kernel's tables imported ("), "\(said)")
        #expect(try kernel(daemon, "-a") == before)
        #expect(try daemon.xt2("check") == "in sync\n")
        // What rules have counted is shown, although they do not carry xt2's ids.
        #expect(try daemon.xt2("list --counters inet shop in").contains("17   1620"))
        try daemon.restart()
        #expect(try kernel(daemon, "-a") == before)
        #expect(try daemon.xt2("check") == "in sync\n")
        #expect(try daemon.connect().versions().count == 1)
        // All is there already.
        #expect(try daemon.xt2("import kernel").contains("in the ruleset already"))
        #expect(try daemon.connect().versions().count == 1)
    }

    @Test func aKernelThatHasLostEverythingGetsItBack() throws {
        let daemon = try everything()
        try daemon.xt2("import kernel")
        let before = try plain(daemon)
        try daemon.stop()
        try daemon.run("nft", "flush", "ruleset")
        #expect(try kernel(daemon).isEmpty)
        try daemon.start()
        #expect(try plain(daemon) == before)
        #expect(try daemon.xt2("check") == "in sync\n")
    }

    @Test func whatIsDoneAfterwardsIsRolledBack() throws {
        let daemon = try everything()
        try daemon.xt2("import kernel")
        let client = try daemon.connect()
        let before = try daemon.listing("inet shop")
        let other = try daemon.listing("ip filter")
        try daemon.xt2("insert inet shop in -s 10.4.4.4 -j DROP")
        try daemon.xt2("flush ip filter INPUT")
        let follower = try Follower(daemon)
        let jump = try daemon.run("nft", "-a", "list", "chain", "inet", "shop", "in")
            .split(separator: "\n").first { $0.hasPrefix("\t\t} # handle ") }
        let handle = try #require(jump?.split(separator: " ").last)
        try daemon.nft(
            "delete rule inet shop in handle \(handle)", "flush set inet shop block",
            "delete element inet shop doors { 25 }", "add element inet shop ports { 8443 }",
            "flush chain inet shop guard", "delete synproxy inet shop web",
            "delete chain inet shop late")
        try follower.wait(for: 4)
        #expect(try daemon.xt2("check") == "in sync\n")
        #expect(try daemon.listing("inet shop") != before)
        try client.rollback(to: 1)
        #expect(try daemon.listing("inet shop") == before)
        #expect(try daemon.listing("ip filter") == other)
        #expect(try daemon.xt2("check") == "in sync\n")
        #expect(try client.ruleset() == client.ruleset(1))
        #expect(try client.auditProblems() == [])
    }

    @Test func oneTableAndItsPolicy() throws {
        let daemon = try everything()
        let client = try daemon.connect()
        let said = try daemon.xt2("import kernel --policy enforced ip other")
        #expect(said.hasPrefix("version 1: table ip other imported ("), "\(said)")
        #expect(try client.ruleset().tables.keys.sorted() == ["ip other"])
        let before = try daemon.listing("ip other")
        try daemon.nft("flush chain ip other pre")
        try eventually("the table is put back") { try daemon.listing("ip other") == before }
        // The others follow; what is there is passed over and keeps its policy.
        let note = try daemon.xt2("import kernel")
        #expect(note.contains("Passed over, in the ruleset already: ip other."), "\(note)")
        #expect(try client.ruleset().tables.count == 10)
        #expect(try client.audit(AuditRequest(action: "import")).count == 2)
    }

    @Test func refusals() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try daemon.nft("add table ip t")
        func errno(_ family: Family, _ table: String, policy: UInt8? = nil) throws -> Int32? {
            try refusal {
                try client.ask(
                    .importTables,
                    ImportRequest(family: family.rawValue, table: table, policy: policy))
            }?.errno
        }
        #expect(try errno(.ip, "absent") == ENOENT)
        #expect(try errno(.inet, "xt2") == EPERM)
        #expect(try errno(.ip, "t", policy: 0) == EINVAL)
        #expect(try errno(.ip, "t", policy: 9) == EINVAL)
        #expect(try client.versions().isEmpty)
        // A table that a running process owns cannot be brought back by anybody else.
        let owner = try ForeignOwner(daemon.namespace, table: "ip theirs")
        #expect(try errno(.ip, "theirs") == EPERM)
        let reply = try client.ask(.importTables, ImportRequest())
        #expect(reply.note == "Passed over, owned by another process: ip theirs.")
        #expect(try client.ruleset().tables.keys.sorted() == ["ip t"])
        #expect(try errno(.ip, "t") == nil)
        #expect(try client.versions().count == 1)
        withExtendedLifetime(owner) {}
        let result = try daemon.tool("import kernel --policy owned ip t")
        #expect(result.status == 1)
        #expect(result.errors.contains("observed or enforced"), "\(result.errors)")
    }

    @Test func objectsOfOneNameAreNotTakenForOneAnother() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try daemon.nft(
            "add table ip t", "add counter ip t x", "add quota ip t x { over 1 mbytes; }")
        let listing = try daemon.listing("ip t")
        try daemon.xt2("import kernel")
        let follower = try Follower(daemon)
        try daemon.nft("delete quota ip t x", "add chain ip t c")
        #expect(try follower.next().changeCount == 2)
        #expect(try daemon.xt2("check") == "in sync\n")
        try client.rollback(to: 1)
        #expect(try daemon.listing("ip t") == listing)
        try daemon.restart()
        #expect(try daemon.xt2("check") == "in sync\n")
        #expect(try daemon.listing("ip t") == listing)
    }

    @Test func whoeverWritesMeanwhileLosesNothing() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        for round in 1...5 {
            try daemon.nft("add table ip t\(round)", "add chain ip t\(round) c")
            let lines = (0..<400).map {
                "nft add rule ip t\(round) c ip saddr 10.0.0.\($0 % 250) drop"
            }
            let writer = try daemon.namespace.run {
                try ChildProcess("sh", ["-c", lines.joined(separator: "\n")])
            }
            try eventually("the writer has made some rules") {
                try daemon.kernel().lines("ip t\(round) c").count >= 20 * round
            }
            try client.ask(.importTables, ImportRequest())
            #expect(writer.wait().status == 0)
            try eventually("all of its rules are in the ruleset") {
                try client.ruleset().tables["ip t\(round)"]?["c"]?.rules.count == 400
            }
            #expect(try client.list(.checkKernel, CheckRequest()).isEmpty)
        }
        #expect(try client.auditProblems() == [])
    }

    @Test func anAnonymousSetOfAnySize() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        let addresses = (0..<60_000).map { "10.\($0 / 250 / 250).\($0 / 250 % 250).\($0 % 250)" }
        let ranges = (0..<6_000).map { "\($0 * 5)-\($0 * 5 + 2)" }
        try daemon.nft(
            "add table ip t", "add chain ip t c { type filter hook input priority 0; }",
            "add rule ip t c ip saddr { \(addresses.joined(separator: ", ")) } drop",
            "add rule ip t c tcp dport { \(ranges.joined(separator: ", ")) } accept",
            "add rule ip t c ip saddr . tcp dport { 10.0.0.1 . 22 } accept comment \"small\"")
        let before = try daemon.listing("ip t")
        try daemon.xt2("import kernel")
        #expect(try daemon.xt2("check") == "in sync\n")
        let sizes = try client.ruleset().tables["ip t"]?["c"]?.rules.map {
            $0.body.sets.first?.elements.count
        }
        #expect(sizes == [60_000, 12_000, 1])
        #expect(try daemon.xt2("show 1").contains("0a00eff9"))
        #expect(try daemon.xt2("blame ip t c").split(separator: "\n").count == 3)
        try daemon.xt2("flush ip t c")
        try client.rollback(to: 1)
        #expect(try daemon.listing("ip t") == before)
        // One that nft replaces is taken in from the kernel's events.
        let follower = try Follower(daemon)
        try daemon.nft(
            "add rule ip t c ip daddr { \(addresses.dropFirst().joined(separator: ", ")) } drop")
        #expect(try follower.next().version == 4)
        #expect(try daemon.xt2("check") == "in sync\n")
        let listing = try daemon.listing("ip t")
        try daemon.stop()
        try daemon.run("nft", "flush", "ruleset")
        try daemon.start()
        #expect(try daemon.listing("ip t") == listing)
        #expect(try daemon.xt2("check") == "in sync\n")
    }

    @Test func chainsThatBelongToRulesGoWithThem() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try daemon.nft(
            "add table ip t", "add chain ip t c { type filter hook input priority 0; }",
            "add rule ip t c tcp dport 22 jump { ip saddr 10.0.0.1 accept; tcp sport { 7, 8 } counter drop; drop; }",
            "add rule ip t c tcp dport 23 goto { accept; }")
        let before = try daemon.listing("ip t")
        #expect(before.contains("ip saddr 10.0.0.1 accept"))
        try daemon.xt2("import kernel")
        let follower = try Follower(daemon)
        // nft deletes one, and the kernel says nothing of its chains.
        let handle = try #require(try daemon.kernel().chains["ip t c"]?.rules.first?.handle)
        try daemon.nft("delete rule ip t c handle \(handle)")
        try follower.next()
        #expect(try client.list(.checkKernel, CheckRequest()).isEmpty)
        #expect(try client.ruleset().tables["ip t"]?.count == 2)
        // xt2 deletes the other.
        try daemon.xt2("flush ip t c")
        #expect(try client.list(.checkKernel, CheckRequest()).isEmpty)
        #expect(try client.ruleset().tables["ip t"]?.count == 1)
        try client.rollback(to: 1)
        #expect(try daemon.listing("ip t") == before)
        #expect(try client.list(.checkKernel, CheckRequest()).isEmpty)
        // A replaced rule lets go of its chain.
        let id = try #require(client.ruleset().tables["ip t"]?["c"]?.rules.last?.id)
        try daemon.xt2("replace --id \(id) ip t c -j ACCEPT")
        #expect(try client.list(.checkKernel, CheckRequest()).isEmpty)
        try client.rollback(to: 1)
        #expect(try daemon.listing("ip t") == before)
        try daemon.xt2("delete table ip t")
        #expect(try daemon.listing("ip t").isEmpty)
        try client.rollback(to: 1)
        #expect(try daemon.listing("ip t") == before)
        #expect(try client.list(.checkKernel, CheckRequest()).isEmpty)
    }
}
