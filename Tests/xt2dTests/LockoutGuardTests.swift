import NetlinkProto
import RuleStore
import TestSupport
import Testing

@testable import xt2d

/// What the guard says about a change.
@Suite struct LockoutGuardTests {
    private static let name =
        "your SSH connection from 203.0.113.9 port 50022 to 192.0.2.1 port 22"

    @Test func aCutIsNamed() throws {
        var bench = try GuardBench.usual()
        #expect(
            try bench.verdict(["inet f input -p udp -j DROP", "inet f input -i eth0 -j DROP"])
                == "This would cut \(Self.name): the new rule at position 2 of chain inet f input drops its packets."
        )
        bench = try GuardBench.usual()
        #expect(
            try bench.verdict(["policy inet f input drop"])
                == "This would cut \(Self.name): no rule accepts its packets, and the policy of chain inet f input is drop."
        )
        bench = try GuardBench.usual(policy: .drop)
        try bench.apply(["inet f input -p tcp --dport 22 -j ACCEPT", "inet f input -j DROP"])
        #expect(
            try bench.verdict(["delete inet f input 0"])
                == "This would cut \(Self.name): rule 4, at position 1 of chain inet f input, drops its packets."
        )
        bench = try GuardBench.usual()
        #expect(
            try bench.verdict([
                "chain inet f output filter 3 0 accept", "inet f output -p tcp -j DROP",
            ])
                == "This would cut \(Self.name): the new rule at position 1 of chain inet f output drops its answers."
        )
    }

    @Test func aConnectionThatGoesOnButCannotBeginAnew() throws {
        var bench = try GuardBench.usual(policy: .drop)
        try bench.apply([
            "inet f input -m conntrack --ctstate ESTABLISHED -j ACCEPT",
            "inet f input -p tcp --dport 22 -j ACCEPT",
        ])
        #expect(
            try bench.verdict(["delete inet f input 1"])
                == "This would let \(Self.name) go on, but no new one like it begin: no rule accepts its packets, and the policy of chain inet f input is drop."
        )
    }

    @Test func whatCannotBeToldIsSaid() throws {
        var bench = try GuardBench.usual()
        #expect(
            try bench.verdict(["inet f input -m limit --limit 1/s -j DROP"])
                == "Whether \(Self.name) still gets through cannot be told: the new rule at position 1 of chain inet f input depends on limit."
        )
        #expect(
            try bench.verdict(["inet f input -m limit --limit 2/s -j DROP"]) == nil,
            "that could not be told before either")
        bench = try GuardBench.usual()
        let below =
            "Whether \(Self.name) still gets through cannot be told: chain bridge b forward depends on frames below IP, which are not looked at."
        #expect(
            try bench.verdict([
                "table bridge b", "chain bridge b forward filter 2 0 accept",
                "bridge b forward -i left -j DROP",
            ]) == below)
        #expect(try bench.verdict(["table arp a", "chain arp a input filter 0 0 drop"]) != nil)
        bench.connection = GuardBench.connection("tcp 2001:db8::9 50022 2001:db8::1 22")
        #expect(try bench.verdict(["policy arp a input accept"]) == nil, "ARP is of IPv4")
    }

    @Test func whatWasCutBeforeIsNotGuarded() throws {
        var bench = try GuardBench.usual(policy: .drop)
        #expect(try bench.verdict(["insert inet f input -p tcp --dport 22 -j DROP"]) == nil)
        #expect(try bench.verdict(["table inet g", "chain inet g input filter 1 0 drop"]) == nil)
    }

    @Test func whatEndsTheSameIsNoChange() throws {
        var bench = try GuardBench.usual(policy: .drop)
        try bench.apply(["inet f input -p tcp --dport 22 -j ACCEPT"])
        for lines in [
            ["inet f input -j DROP"],
            ["insert inet f input -p tcp -j ACCEPT", "delete inet f input 1"],
            ["chain inet f web", "inet f web -j DROP"],
            ["table ip6 h", "chain ip6 h input filter 1 0 drop"],
            ["insert inet f input -p tcp -j web", "delete inet f web 0"],
            ["chain inet f forward filter 2 0 drop"],
        ] { #expect(try bench.verdict(lines) == nil, "\(lines)") }
    }

    // MARK: What it reads

    /// Which tables a change of these lines has to be looked at for.
    private func tables(_ bench: GuardBench, _ lines: [String]) throws -> [String] {
        var after = bench
        let changes = try after.apply(lines)
        let relevance = ChangeRelevance(before: bench.bench.ruleset, after: after.bench.ruleset)
        let found = GuardedPacket.Kind.allCases.flatMap { kind in
            relevance.tables(
                of: changes, for: GuardedPacket(kind, of: bench.connection, GuardBench.host))
        }
        return Set(found).sorted().compactMap { after.bench.ruleset.object($0)?.title }
    }

    @Test func changesAboutOtherPacketsNeedNoWalk() throws {
        var bench = try GuardBench.usual()
        try bench.apply(["table ip6 six", "chain ip6 six input filter 1 0 accept"])
        for rule in [
            "inet f input -s 198.51.100.7 -j DROP", "inet f input -p udp -j DROP",
            "insert inet f input -p tcp --dport 80 -m limit --limit 1/s -j ACCEPT",
            "inet f input -p tcp --dport 80", "inet f input -i lo -j DROP",
            "inet f input -p tcp -m comment --comment x", "ip6 six input -j DROP",
            "chain inet f web", "table inet other",
        ] { #expect(try tables(bench, [rule]) == [], "\(rule)") }
        for rule in [
            "inet f input -j DROP", "inet f input -p tcp --dport 22 -j ACCEPT",
            "inet f input -m limit --limit 1/s -j ACCEPT",
            "inet f input -p tcp -j MARK --set-mark 1",
            "inet f input -m conntrack --ctstate NEW -j DROP", "policy inet f input drop",
            "chain inet f output filter 3 0 drop",
        ] { #expect(try tables(bench, [rule]) == ["inet f"], "\(rule)") }
        // A mark or a state that other rules may have given it holds for both.
        #expect(try tables(bench, ["inet f input -m mark --mark 9 -j DROP"]) == ["inet f"])
    }
}
