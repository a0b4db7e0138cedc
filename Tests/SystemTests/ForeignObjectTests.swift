import Glibc
import NetlinkProto
import TestSupport
import Testing

/// What other programs do to sets, elements and stateful objects, and what can be done about it.
@Suite struct ForeignObjectTests {
    /// A daemon with a table that nft made from these lines, taken over as `policy` says.
    private func adopted(
        _ policy: TableWatch.Policy, _ lines: [String]
    ) throws -> (daemon: Daemon, client: ControlClient) {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try daemon.nft(lines.joined(separator: "\n"))
        try adopt(client, policy)
        return (daemon, client)
    }

    private func adopt(_ client: ControlClient, _ policy: TableWatch.Policy) throws {
        _ = try client.ask(
            .adoptTable,
            TableRequest(family: Family.ip.rawValue, table: "t", policy: policy.rawValue))
    }

    private func drift(_ client: ControlClient) throws -> Int {
        try client.list(.checkKernel, CheckRequest()).count
    }

    // MARK: What the kernel cannot change

    /// A set, an object of each of three types, and what names them: rules and map elements.
    private static let held = [
        "add table ip t", "add chain ip t c", "add set ip t s { type ipv4_addr; }",
        "add element ip t s { 10.0.0.1, 10.0.0.2 }",
        "add limit ip t l { rate 5/second; }", "add counter ip t n",
        "add map ip t m { type ipv4_addr : limit; }", "add element ip t m { 10.0.0.9 : \"l\" }",
        "add rule ip t c ip saddr @s counter drop", "add rule ip t c limit name \"l\" accept",
        "add rule ip t c limit name ip saddr map @m accept", "add rule ip t c counter name n",
    ]

    /// The set gets another key, the limit another rate; all that names them is made again.
    private static let remade = [
        "flush chain ip t c", "delete map ip t m", "delete set ip t s", "delete limit ip t l",
        "add limit ip t l { rate 50/second; }", "add set ip t s { type inet_service; }",
        "add element ip t s { 22 }",
        "add map ip t m { type ipv4_addr : limit; }", "add element ip t m { 10.0.0.9 : \"l\" }",
        "add rule ip t c tcp dport @s counter drop", "add rule ip t c limit name \"l\" accept",
        "add rule ip t c limit name ip saddr map @m accept", "add rule ip t c counter name n",
    ]

    @Test func aSetWithAnotherKeyIsRolledBack() throws {
        let (daemon, client) = try adopted(.observed, Self.held)
        let before = try daemon.listing("ip t")
        try daemon.stop()
        try daemon.nft(Self.remade.joined(separator: "\n"))
        let after = try daemon.listing("ip t")
        try daemon.start()
        let again = try daemon.connect()
        _ = client
        #expect(try again.versions().count == 2)
        try again.rollback(to: 1)
        #expect(try daemon.listing("ip t") == before)
        #expect(try drift(again) == 0)
        try again.rollback(to: 2)
        #expect(try daemon.listing("ip t") == after)
        #expect(try drift(again) == 0)
    }

    @Test func aLimitAloneIsRolledBackWithAllThatNamesIt() throws {
        // Rules and map elements that name it stay as they are; the kernel has to let go of it nevertheless.
        let (daemon, _) = try adopted(.observed, Self.held)
        let before = try daemon.listing("ip t")
        try daemon.stop()
        try daemon.nft(
            Self.remade.filter { !$0.contains("set ip t s") && !$0.contains("element ip t s") }
                .map {
                    $0.replacing("tcp dport @s", with: "ip saddr @s")
                }.joined(separator: "\n"))
        try daemon.start()
        let client = try daemon.connect()
        try client.rollback(to: 1)
        #expect(try daemon.listing("ip t") == before)
        #expect(try drift(client) == 0)
    }

    @Test func anEnforcedSetThatGotAnotherKeyIsPutBackAtStart() throws {
        let (daemon, _) = try adopted(.enforced, Self.held)
        let before = try daemon.listing("ip t")
        try daemon.stop()
        try daemon.nft(Self.remade.joined(separator: "\n"))
        try daemon.start()
        #expect(try daemon.listing("ip t") == before)
        #expect(try drift(daemon.connect()) == 0)
    }

    @Test func anotherTimeoutIsNoReasonToMakeASetAgain() throws {
        let (daemon, _) = try adopted(
            .observed,
            [
                "add table ip t", "add set ip t s { type ipv4_addr; timeout 1h; }",
                "add element ip t s { 10.0.0.1 }",
            ])
        try daemon.stop()
        try daemon.nft("add set ip t s { type ipv4_addr; timeout 2h; }")
        try daemon.start()
        let client = try daemon.connect()
        #expect(try client.versions().count == 2)
        try client.rollback(to: 1)
        let text = try daemon.run("nft", "list", "table", "ip", "t")
        #expect(text.contains("timeout 1h"))
        // What is in it, and expires, is still there.
        #expect(text.contains("10.0.0.1"))
    }

    // MARK: Size

    @Test func elementsOfAnySizeAreRolledBackAndLoaded() throws {
        let comment = String(repeating: "x", count: 125)
        let elements = (0..<500).map { number in
            "2001:db8::\(String(number, radix: 16)) . \(number + 1) comment \"\(comment)\" : 2001:db8::1 . 80"
        }
        let daemon = try Daemon()
        let client = try daemon.connect()
        try daemon.nft(
            "add table ip t",
            "add map ip t m { type ipv6_addr . inet_service : ipv6_addr . inet_service; }",
            "add element ip t m { \(elements.joined(separator: ", ")) }")
        try adopt(client, .enforced)
        let before = try daemon.listing("ip t")
        try daemon.nft("flush map ip t m")
        try client.attempts(1)
        #expect(try daemon.listing("ip t") == before)
        // As after a reboot.
        try daemon.stop()
        try daemon.nft("flush ruleset")
        try daemon.start()
        #expect(try daemon.listing("ip t") == before)
    }

    // MARK: Sets that packets write to

    private static let blocked = [
        "add table ip t", "add set ip t block { type ipv4_addr; size 65535; flags dynamic; }",
        "add element ip t block { 10.0.0.1, 10.0.0.2 }",
        "add chain ip t c { type filter hook output priority 0; }",
        "add rule ip t c ip daddr 127.0.0.5 add @block { ip daddr }",
    ]

    @Test func whatPeoplePutIntoADynamicSetIsUndone() throws {
        let (daemon, client) = try adopted(.enforced, Self.blocked)
        let before = try daemon.listing("ip t")
        try daemon.nft("add element ip t block { 10.0.0.9 }")
        try client.attempts(1)
        #expect(try daemon.listing("ip t") == before)
        try daemon.nft("delete element ip t block { 10.0.0.1 }")
        try client.attempts(2)
        #expect(try daemon.listing("ip t") == before)
        try daemon.nft("delete table ip t")
        try client.attempts(3)
        #expect(try daemon.listing("ip t") == before)
        try daemon.stop()
        try daemon.nft("flush ruleset")
        try daemon.start()
        #expect(try daemon.listing("ip t") == before)
        #expect(try drift(daemon.connect()) == 0)
    }

    @Test func whatPacketsPutThereIsTheirs() throws {
        let (daemon, client) = try adopted(.enforced, Self.blocked)
        try daemon.run("ping", "-c", "1", "-W", "5", "127.0.0.5")
        let after = try daemon.listing("ip t")
        #expect(after.contains("127.0.0.5"))
        #expect(try drift(client) == 0)
        // A start that has to compare leaves it there.
        try daemon.stop()
        try daemon.nft("add table ip other")
        try daemon.start()
        #expect(try daemon.listing("ip t") == after)
        #expect(try drift(daemon.connect()) == 0)
    }

    // MARK: Names

    @Test func objectsOfOneNameAndDifferentTypes() throws {
        let (daemon, client) = try adopted(.observed, ["add table ip t", "add chain ip t c"])
        let follower = try Follower(daemon)
        try daemon.nft(
            "add counter ip t o", "add quota ip t o { 10 mbytes }",
            "add rule ip t c counter name o", "add rule ip t c quota name \"o\" drop")
        try follower.next()
        #expect(follower.versions.last?.changeCount == 4)
        let both = try daemon.listing("ip t")
        #expect(try drift(client) == 0)
        try daemon.nft("flush chain ip t c", "delete quota ip t o")
        try follower.next()
        #expect(try drift(client) == 0)
        try client.rollback(to: 2)
        #expect(try daemon.listing("ip t") == both)
        #expect(try drift(client) == 0)
        try daemon.stop()
        try daemon.nft("add rule ip t c drop")
        try daemon.start()
        let again = try daemon.connect()
        #expect(try again.ruleset().tables["ip t"]?["c"]?.rules.count == 3)
        #expect(try drift(again) == 0)
    }

    // MARK: Order

    @Test func aRuleInThePlaceOfADeletedOneStandsWhereTheKernelHasIt() throws {
        let (daemon, client) = try adopted(
            .observed,
            ["add table ip t", "add chain ip t c"]
                + (1...3).map { "add rule ip t c ip saddr 10.0.0.\($0)" })
        let follower = try Follower(daemon)
        var handles = try daemon.kernel().chains["ip t c"]?.rules.map(\.handle) ?? []
        try daemon.nft(
            "delete rule ip t c handle \(handles[0])",
            "add rule ip t c position \(handles[0]) ip saddr 10.0.1.1")
        try follower.next()
        #expect(try stored(client) == kernel(daemon))
        handles = try daemon.kernel().chains["ip t c"]?.rules.map(\.handle) ?? []
        try daemon.nft(
            "delete rule ip t c handle \(handles[2])",
            "insert rule ip t c position \(handles[2]) ip saddr 10.0.1.2")
        try follower.next()
        #expect(try stored(client) == kernel(daemon))
        #expect(try kernel(daemon).count == 3)
        #expect(follower.versions.allSatisfy { $0.process == "nft" })
    }

    /// The store's rules by their addresses.
    private func stored(_ client: ControlClient) throws -> [String] {
        try client.ruleset().tables["ip t"]?["c"]?.rules.map { rule -> String in
            for case .compare(let comparison) in rule.body.expressions {
                return comparison.value.map(String.init).joined(separator: ".")
            }
            return ""
        } ?? []
    }

    private func kernel(_ daemon: Daemon) throws -> [String] {
        try daemon.kernel().chains["ip t c"]?.rules.map { rule in
            rule.text.split(separator: " ").first { $0.hasPrefix("10.") }.map(String.init) ?? ""
        } ?? []
    }
}
