import Foundation
import Glibc
import NetlinkProto
import TestSupport
import Testing

/// Sets, elements, stateful objects and flowtables in the save format, and in what `xt2 apply` compares; nft is the judge.
@Suite struct SavedObjectTests {
    private static let tables = [
        "add table inet t", "add counter inet t hits",
        "add quota inet t plenty { over 10 mbytes; }",
        "add limit inet t slow { rate 5/minute; }",
        "add set inet t block { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.0.2.1 comment \"one\" }; }",
        "add map inet t doors { type inet_service : verdict; }", "add chain inet t side",
        "add chain inet t c { type filter hook input priority 0; }",
        "add element inet t doors { 22 : jump side, 23 : drop }",
        "add rule inet t c ip saddr @block counter drop", "add rule inet t c tcp dport vmap @doors",
        "add rule inet t c tcp dport 80 counter name \"hits\" quota name \"plenty\" accept",
        "add rule inet t c counter name tcp dport map { 1 : \"hits\", 2 : \"hits\" }",
        "add rule inet t c tcp dport 25 jump { ip saddr 10.0.0.1 accept; drop; }",
    ].joined(separator: "\n")

    private func imported() throws -> (daemon: Daemon, client: ControlClient) {
        let daemon = try Daemon()
        try daemon.nft(Self.tables)
        try daemon.xt2("import kernel")
        return (daemon, try daemon.connect())
    }

    private func apply(_ text: String, _ daemon: Daemon) throws -> String {
        try daemon.xt2("apply --force -", input: text)
    }

    @Test func whatIsSavedMakesTheSameElsewhere() throws {
        let (daemon, _) = try imported()
        let listing = try daemon.listing("inet t")
        let saved = try daemon.xt2("save")
        #expect(try apply(saved, daemon).hasPrefix("nothing to change"))
        let other = try Daemon()
        #expect(try apply(saved, other).hasPrefix("version 1: "))
        #expect(try other.listing("inet t") == listing)
        #expect(try other.xt2("check") == "in sync\n")
        #expect(try other.xt2("save") == saved)
        #expect(try apply(saved, other).hasPrefix("nothing to change"))
        // As its own, too: others cannot write to it then.
        let third = try Daemon()
        let owned = saved.replacing("--policy observed", with: "--policy owned")
        #expect(try apply(owned, third).hasPrefix("version 1: "))
        #expect(
            try third.listing("inet t").replacing(#/\n\tflags owner.*/#, with: "")
                .replacing(#/ # progname.*/#, with: "") == listing)
        #expect(try third.xt2("check") == "in sync\n")
        try third.restart()
        #expect(try third.xt2("check") == "in sync\n")
        // The same lines are a batch.
        let fourth = try Daemon()
        try fourth.xt2("batch -", input: saved)
        #expect(try fourth.listing("inet t") == listing)
        #expect(try fourth.xt2("save") == saved)
    }

    @Test func eachIsDeletedByItsName() throws {
        let daemon = try Daemon()
        try daemon.nft(
            "add table inet t", "add set inet t block { type ipv4_addr; }",
            "add set inet t other { type ipv4_addr; }", "add counter inet t hits")
        try daemon.xt2("import kernel")
        try daemon.xt2("delete set inet t block")
        try daemon.xt2("delete object -m why inet t hits")
        try daemon.xt2("batch -", input: "delete set inet t other\n")
        let listing = try daemon.run("nft", "list", "table", "inet", "t")
        #expect(listing == "table inet t {\n}\n")
        #expect(try daemon.xt2("log").contains("why"))
    }

    @Test func everythingThatNFTMakesIsSaved() throws {
        let daemon = try Daemon()
        let other = try Daemon()
        for daemon in [daemon, other] {
            try daemon.run("ip", "link", "add", "d0", "type", "veth", "peer", "name", "d1")
        }
        let tests = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent()
        try daemon.nft(
            try String(
                contentsOf: tests.appendingPathComponent("Fixtures/nft/everything.nft"),
                encoding: .utf8))
        try daemon.xt2("import kernel")
        let saved = try daemon.xt2("save")
        #expect(try apply(saved, daemon).hasPrefix("nothing to change"))
        #expect(try apply(saved, other).hasPrefix("version 1: "))
        for table in ["inet shop", "ip other", "ip6 other", "arp a", "bridge b", "netdev n"] {
            #expect(try other.listing(table) == daemon.listing(table))
        }
        #expect(try other.xt2("check") == "in sync\n")
        #expect(try other.xt2("save") == saved)
    }

    @Test func onlyWhatDiffersIsTouched() throws {
        let (daemon, client) = try imported()
        let follower = try Follower(daemon)
        let before = try daemon.listing("inet t")
        let handles = try daemon.run("nft", "-a", "list", "chain", "inet", "t", "c")
        let saved = try daemon.xt2("save")
        try daemon.nft(
            "delete element inet t block { 192.0.2.1 }",
            "add element inet t block { 172.16.0.0/12 }",
            "delete element inet t doors { 23 }", "add element inet t doors { 23 : accept }",
            "add counter inet t more")
        try follower.wait(for: 2)
        let plan = try daemon.xt2("apply --dry-run -", input: saved)
        #expect(plan.contains("+0 -1 ~0 sets and objects, +2 -2 ~1 elements"), "\(plan)")
        let said = try apply(saved, daemon)
        #expect(said.hasPrefix("version 3: "), "\(said)")
        #expect(try daemon.listing("inet t") == before)
        #expect(try daemon.run("nft", "-a", "list", "chain", "inet", "t", "c") == handles)
        // A set with another key is another set; rules that look things up in it go over to it.
        let others = saved.split(separator: "\n").filter { !$0.contains(" inet t block") }
        let wider = "add set --attributes "
        #expect(saved.contains(wider))
        let without = others.filter { !$0.contains("lookup reg 1 in set block") }
            .joined(separator: "\n")
        #expect(try apply(without, daemon).contains("sets and objects"))
        #expect(try !daemon.listing("inet t").contains("set block"))
        #expect(try client.list(.checkKernel, CheckRequest()).isEmpty)
        #expect(try apply(saved, daemon).hasPrefix("version 5: "))
        #expect(try daemon.listing("inet t") == before)
        try client.rollback(to: 4)
        try client.rollback(to: 5)
        #expect(try daemon.listing("inet t") == before)
        #expect(try client.list(.checkKernel, CheckRequest()).isEmpty)
        #expect(try client.auditProblems() == [])
    }

    @Test func refusalsNameWhatIsWrong() throws {
        let (daemon, _) = try imported()
        let saved = try daemon.xt2("save")
        let version = try daemon.connect().versions().count
        func fails(_ text: String, _ words: String) throws {
            let result = try daemon.tool("apply --force -", input: text)
            #expect(result.status != 0 && result.errors.contains(words), "\(result)")
        }
        let lines = saved.split(separator: "\n").map(String.init)
        let set = try #require(lines.firstIndex { $0.hasPrefix("add set") })
        var broken = lines
        broken[set] = "add set --attributes 0800 inet t block"
        try fails(broken.joined(separator: "\n"), "standard input:\(set + 1)")
        broken[set] = "add set inet t block"
        try fails(broken.joined(separator: "\n"), "--attributes is missing")
        broken[set] = lines[set] + "\n" + lines[set]
        try fails(broken.joined(separator: "\n"), "is there already")
        let gone = lines.filter { !$0.contains(" inet t block") || $0.hasPrefix("append") }
        try fails(
            gone.joined(separator: "\n"),
            "set block of table inet t: a rule or a map still names it")
        let other = try Daemon()
        let refused = try other.tool("apply -", input: gone.joined(separator: "\n"))
        #expect(refused.errors.contains("names the set block"), "\(refused)")
        try fails("add element --attributes 00 inet t block\n", "there is no table")
        // Elements that expire are state.
        let client = try daemon.connect()
        let errno = try refusal {
            try client.commit { script in
                var element = SetElement(key: [192, 0, 2, 9])
                element.timeoutMilliseconds = 1_000
                script.add(.newSetElement, [.request, .create]) { header, writer in
                    SetElementMessage(
                        family: .inet, table: "t", set: "block", elements: [element]
                    ).write(header, to: &writer)
                }
            }
        }?.errno
        #expect(errno == EOPNOTSUPP)
        #expect(try client.versions().count == version)
        #expect(try daemon.xt2("check") == "in sync\n")
    }

    @Test func candidatesHoldThem() throws {
        let (daemon, client) = try imported()
        let before = try daemon.listing("inet t")
        let id = try daemon.xt2("begin").trimmingCharacters(in: .newlines)
        try daemon.xt2("delete table --tx \(id) inet t")
        try daemon.restart()
        try daemon.xt2("commit \(id)")
        #expect(try daemon.listing("inet t").isEmpty)
        try daemon.connect().rollback(to: 1)
        #expect(try daemon.listing("inet t") == before)
        #expect(try daemon.xt2("check") == "in sync\n")
        withExtendedLifetime(client) {}
    }
}
