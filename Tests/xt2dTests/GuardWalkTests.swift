import NetlinkProto
import RuleStore
import TestSupport
import Testing

@testable import xt2d

/// What becomes of the packets of a connection, rule by rule.
@Suite struct GuardWalkTests {
    private static let accept22 = "inet f input -p tcp --dport 22 -j ACCEPT"

    @Test func anEmptyRulesetLetsAllThrough() {
        for kind in GuardedPacket.Kind.allCases { #expect(GuardBench().outcome(kind) == "passes") }
    }

    /// Rules of an input chain, its policy, and what becomes of an open connection, of its answers and of a new one.
    @Test(arguments: [
        ([], "accept", "passes passes passes"),
        ([], "drop", "cut passes cut"),
        (["-p tcp --dport 22 -j ACCEPT"], "drop", "passes passes passes"),
        (["-p tcp --dport 23 -j ACCEPT"], "drop", "cut passes cut"),
        (["-p udp --dport 22 -j ACCEPT"], "drop", "cut passes cut"),
        (["-p tcp --sport 50022 -j ACCEPT"], "drop", "passes passes passes"),
        (["-p tcp --dport 20:24 -j ACCEPT"], "drop", "passes passes passes"),
        (["-p tcp ! --dport 20:24 -j ACCEPT"], "drop", "cut passes cut"),
        (["-p tcp -m multiport --dports 21,22,80 -j ACCEPT"], "drop", "passes passes passes"),
        (["-p tcp -m multiport --dports 21,80:90 -j ACCEPT"], "drop", "cut passes cut"),
        (["-s 203.0.113.0/24 -j DROP"], "accept", "cut passes cut"),
        (["-s 203.0.113.128/25 -j DROP"], "accept", "passes passes passes"),
        (["! -s 203.0.113.9 -j DROP"], "accept", "passes passes passes"),
        (["-m iprange --src-range 203.0.113.1-203.0.113.9 -j DROP"], "accept", "cut passes cut"),
        (["-d 192.0.2.1 -j DROP"], "accept", "cut passes cut"),
        (["-s 2001:db8::/32 -j DROP"], "accept", "passes passes passes"),
        (["-i eth0 -j DROP"], "accept", "cut passes cut"),
        (["-i eth+ -j DROP"], "accept", "cut passes cut"),
        (["-i eth1 -j DROP"], "accept", "passes passes passes"),
        (["-i lo -j ACCEPT"], "drop", "cut passes cut"),
        (["-p tcp -j REJECT"], "accept", "cut passes cut"),
        (["-p tcp --syn -j DROP"], "accept", "passes passes cut"),
        // Connection tracking: what is open goes on, what is new does not begin.
        (["-m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT"], "drop", "passes passes cut"),
        (["-m conntrack --ctstate NEW -j DROP"], "accept", "passes passes cut"),
        (["-m conntrack --ctstate INVALID -j DROP"], "accept", "passes passes passes"),
        (
            [
                "-m conntrack --ctstate ESTABLISHED -j ACCEPT",
                "-m conntrack --ctstate NEW -p tcp --dport 22 -j ACCEPT",
            ], "drop", "passes passes passes"
        ),
        // The first that decides does.
        (["-p tcp -j ACCEPT", "-j DROP"], "accept", "passes passes passes"),
        (["-j DROP", "-p tcp -j ACCEPT"], "accept", "cut passes cut"),
        (["-j RETURN", "-j ACCEPT"], "drop", "cut passes cut"),
        // What only counts, writes a log or marks decides nothing.
        (["-p tcp", "-j LOG", "-j MARK --set-mark 1"], "drop", "cut passes cut"),
        // A mark that was set is known; one that came with the packet is not.
        (
            ["-p tcp -j MARK --set-mark 7", "-m mark --mark 7 -j ACCEPT"], "drop",
            "passes passes passes"
        ),
        (["-m mark --mark 7 -j DROP"], "accept", "unclear passes unclear"),
        (
            ["-p tcp --dport 9 -j MARK --set-mark 7", "-m mark --mark 7 -j DROP"], "accept",
            "unclear passes unclear"
        ),
        // What depends on time, load or what else happened.
        (["-m limit --limit 1/s -j ACCEPT"], "drop", "unclear passes unclear"),
        (["-m limit --limit 1/s -j DROP"], "accept", "unclear passes unclear"),
        (["-m limit --limit 1/s -j ACCEPT", "-p tcp -j ACCEPT"], "drop", "passes passes passes"),
        (["-p tcp --dport 9 -m limit --limit 1/s -j DROP"], "accept", "passes passes passes"),
        (["-m length --length 0:100 -j DROP"], "accept", "unclear passes unclear"),
    ])
    func anInputChain(rules: [String], policy: String, expected: String) throws {
        var bench = try GuardBench.usual(policy: policy == "drop" ? .drop : .accept)
        try bench.apply(rules.map { "inet f input \($0)" })
        let outcomes = GuardedPacket.Kind.allCases.map { bench.outcome($0) }
        #expect(outcomes.joined(separator: " ") == expected)
    }

    @Test func whoIsToBlameIsNamed() throws {
        var bench = try GuardBench.usual()
        let made = try bench.apply(["inet f input -p udp -j DROP", "inet f input -j DROP"])
        #expect(bench.passage(.established) == .cut(.rule(made[1].id)))
        var closed = try GuardBench.usual(policy: .drop)
        #expect(closed.passage(.first) == .cut(.policy(ObjectID(rawValue: 2))))
        let limit = try closed.apply(["inet f input -m limit --limit 1/s -j ACCEPT"])
        #expect(
            closed.passage(.first)
                == .unclear(Doubt(decider: .rule(limit[0].id), reason: "limit")))
    }

    // MARK: Chains

    @Test(arguments: [
        // A jump comes back; what the chain did not decide, the rest does.
        (["web"], ["inet f web -p tcp --dport 80 -j ACCEPT", "inet f input -j web"], "cut"),
        (["web"], ["inet f web -p tcp --dport 22 -j ACCEPT", "inet f input -j web"], "passes"),
        (
            ["web"],
            [
                "inet f web -p tcp --dport 80 -j ACCEPT", "inet f input -j web",
                "inet f input -j ACCEPT",
            ], "passes"
        ),
        // A goto does not: its end is that of the chain that went there.
        (
            ["web"],
            [
                "inet f web -p tcp --dport 80 -j ACCEPT", "inet f input -g web",
                "inet f input -j ACCEPT",
            ], "cut"
        ),
        (["web"], ["inet f web -p tcp --dport 22 -j ACCEPT", "inet f input -g web"], "passes"),
        // Out of a chain that was jumped to, a goto's end goes back behind the jump.
        (
            ["a", "b"],
            [
                "inet f b -p udp -j DROP", "inet f a -g b", "inet f a -j DROP",
                "inet f input -j a", "inet f input -j ACCEPT",
            ], "passes"
        ),
        (["a"], ["inet f a -j RETURN", "inet f a -j ACCEPT", "inet f input -j a"], "cut"),
        // Not taken: the condition in front of the jump does not hold.
        (["a"], ["inet f a -j ACCEPT", "inet f input -p udp -j a"], "cut"),
        // Whether it is taken cannot be told, and does not matter where both ways end alike.
        (
            ["a"],
            [
                "inet f a -j ACCEPT", "inet f input -m limit --limit 1/s -j a",
                "inet f input -j ACCEPT",
            ], "passes"
        ),
        (["a"], ["inet f a -j ACCEPT", "inet f input -m limit --limit 1/s -j a"], "unclear"),
        (["a"], ["inet f a -j DROP", "inet f input -m limit --limit 1/s -j a"], "cut"),
        // A mark that a chain sets is known behind it.
        (
            ["a"],
            [
                "inet f a -j MARK --set-mark 3", "inet f input -j a",
                "inet f input -m mark --mark 3 -j ACCEPT",
            ], "passes"
        ),
        // A chain that is gone through twice, with another mark the second time.
        (
            ["a"],
            [
                "inet f a -m mark --mark 3 -j ACCEPT", "inet f input -j MARK --set-mark 1",
                "inet f input -j a", "inet f input -j MARK --set-mark 3", "inet f input -j a",
            ], "passes"
        ),
    ])
    func jumps(chains: [String], lines: [String], expected: String) throws {
        var bench = try GuardBench.usual(policy: .drop)
        try bench.apply(chains.map { "chain inet f \($0)" } + lines)
        for kind in [GuardedPacket.Kind.established, .first] {
            #expect(bench.outcome(kind) == expected)
        }
    }

    /// Each level jumps twice to the next: a walk without memory would take 2^15 steps, one with it 15.
    @Test func chainsAreWalkedOnce() throws {
        var bench = try GuardBench.usual(policy: .drop)
        var lines = (1...15).map { "chain inet f c\($0)" }
        for level in 1..<15 {
            lines += ["inet f c\(level) -j c\(level + 1)", "inet f c\(level) -j c\(level + 1)"]
        }
        lines += Array(repeating: "inet f c15 -p udp -j DROP", count: 400)
        try bench.apply(lines + ["inet f input -j c1"])
        #expect(bench.outcome(.first) == "cut")
    }

    @Test func allBaseChainsHaveToAccept() throws {
        var bench = GuardBench()
        try bench.apply([
            "table inet f", "table ip g", "table ip6 h",
            "chain inet f early filter 1 -10 accept", "chain ip g late filter 1 10 accept",
            "chain ip6 h other filter 1 0 drop", "chain inet f out filter 3 0 accept",
            "chain inet f forward filter 2 0 drop", "inet f early -j ACCEPT",
        ])
        #expect(bench.outcome(.established) == "passes", "other families and hooks do not count")
        try bench.apply(["ip g late -p tcp -j DROP"])
        #expect(bench.outcome(.established) == "cut", "to be accepted by one is not enough")
        try bench.apply(["delete ip g late 0", "inet f out -p tcp --sport 22 -j DROP"])
        #expect(bench.outcome(.established) == "passes")
        #expect(bench.outcome(.reply) == "cut", "the answers have a way of their own")
    }

    @Test func whatAnEarlierChainDidIsKnownInALaterOne() throws {
        for (first, second, expected) in [(-10, 10, "cut"), (10, -10, "unclear")] {
            var bench = GuardBench()
            try bench.apply([
                "table inet f", "chain inet f a filter 1 \(first) accept",
                "chain inet f b filter 1 \(second) accept", "inet f a -j MARK --set-mark 5",
                "inet f b -m mark --mark 5 -j DROP",
            ])
            #expect(bench.outcome(.established) == expected, "by priority, not by name or age")
        }
    }

    @Test func beforeConnectionTrackingThereIsNoState() throws {
        for (priority, expected) in [(-300, "passes"), (-150, "cut")] {
            var bench = GuardBench()
            try bench.apply([
                "table inet f", "chain inet f pre filter 0 \(priority) accept",
                "inet f pre -m conntrack --ctstate ESTABLISHED -j DROP",
            ])
            #expect(bench.outcome(.established) == expected)
        }
        var untracked = GuardBench()
        try untracked.apply([
            "table inet f", "chain inet f pre filter 0 -300 accept",
            "chain inet f input filter 1 0 drop", "inet f pre -p tcp -j NOTRACK",
            "inet f input -m conntrack --ctstate ESTABLISHED,NEW -j ACCEPT",
        ])
        #expect(untracked.outcome(.established) == "cut")
        try untracked.apply(["inet f input -m conntrack --ctstate UNTRACKED -j ACCEPT"])
        #expect(untracked.outcome(.established) == "passes")
    }

    // MARK: Ways

    @Test func otherWaysThroughTheHost() throws {
        var bench = GuardBench()
        try bench.apply([
            "table inet f", "chain inet f input filter 1 0 drop",
            "chain inet f forward filter 2 0 accept", "chain inet f output filter 3 0 accept",
            "inet f input -i lo -j ACCEPT", "inet f forward -p udp -j DROP",
            "inet f output -p tcp --dport 443 -j DROP",
        ])
        for (connection, expected) in [
            ("tcp 203.0.113.9 50022 198.51.100.7 22", "passes"),
            ("udp 203.0.113.9 * 198.51.100.7 53", "cut"),
            ("tcp 192.0.2.1 * 192.0.2.1 22", "passes"),
            ("tcp 192.0.2.1 * 203.0.113.9 80", "passes"),
            ("tcp 192.0.2.1 * 203.0.113.9 443", "cut"),
            ("tcp 203.0.113.9 50022 192.0.2.1 22", "cut"),
            ("tcp 2001:db8::9 * 2001:db8::1 22", "cut"),
        ] {
            bench.connection = GuardBench.connection(connection)
            #expect(bench.outcome(.first) == expected, "\(connection)")
        }
        #expect(bench.outcome(.reply) == "unclear", "the answers may go to port 443")
        bench.connection = GuardBench.connection("tcp 192.0.2.1 * 203.0.113.9 80")
        #expect(bench.outcome(.reply) == "cut", "the answers come in")
    }

    @Test func addressesOfTheOtherFamily() throws {
        var bench = try GuardBench.usual(policy: .drop)
        bench.connection = GuardBench.connection("tcp 2001:db8::9 50022 2001:db8::1 22")
        try bench.apply(["inet f input -s 203.0.113.0/24 -j ACCEPT"])
        #expect(bench.outcome(.first) == "cut")
        try bench.apply(["inet f input -s 2001:db8::/64 -p tcp --dport 22 -j ACCEPT"])
        #expect(bench.outcome(.first) == "passes")
    }

    @Test func aTranslationLeadsAstray() throws {
        var bench = GuardBench()
        try bench.apply([
            "table ip n", "chain ip n pre nat 0 -100 accept", "table inet f",
            "chain inet f input filter 1 0 accept",
            "ip n pre -p tcp --dport 2222 -j DNAT --to-destination 198.51.100.7:22",
        ])
        #expect(bench.outcome(.first) == "passes", "of another port")
        try bench.apply(["ip n pre -p tcp --dport 22 -j DNAT --to-destination 198.51.100.7"])
        #expect(bench.outcome(.first) == "unclear")
        #expect(bench.outcome(.established) == "passes", "translations are for new connections")
        try bench.apply(["inet f input -p tcp --dport 22 -j DROP"])
        #expect(bench.outcome(.first) == "unclear", "where it goes now is not known")
    }

    @Test func devicesHaveChainsOfTheirOwn() throws {
        for (device, expected) in [("eth0", "cut"), ("lo", "passes"), ("eth1", "unclear")] {
            var bench = GuardBench()
            try bench.apply([
                "table netdev d", "chain netdev d in filter 0 0 accept \(device)",
                "netdev d in -s 203.0.113.9 -j DROP",
            ])
            #expect(bench.outcome(.established) == expected, "\(device)")
            #expect(bench.outcome(.reply) == "passes")
        }
    }

    // MARK: Sets

    private func set(
        _ flags: SetBody.Flags, _ elements: [SetElement], in bench: GuardBench
    ) throws -> Ruleset {
        var ruleset = bench.bench.ruleset
        let table = try #require(ruleset.table(family: Family.inet.rawValue, name: "f"))
        let chain = try #require(ruleset.child(of: table.id, kind: .chain, name: "input"))
        let set = StoredObject(
            id: ObjectID(rawValue: 50), kind: .set, parent: table.id, name: "friends",
            body: try SetBody(flags: flags, keyType: 7, keyLength: 4).encoded())
        try ruleset.apply(.add(set))
        for (index, element) in elements.enumerated() {
            try ruleset.apply(
                .add(
                    StoredObject(
                        id: ObjectID(rawValue: UInt64(51 + index)), kind: .element,
                        parent: set.id, elementKey: [UInt8(index)] + element.key,
                        body: try element.encoded())))
        }
        let rule = RuleBody(expressions: [
            .meta(MetaExpression(key: .family, destination: .r1)),
            .compare(CompareExpression(source: .r1, operation: .equal, value: [2])),
            .payload(PayloadExpression(destination: .r1, base: .network, offset: 12, length: 4)),
            .lookup(LookupExpression(source: .r1, set: "friends")),
            .immediate(ImmediateExpression(destination: .verdict, data: .verdict(.accept))),
        ])
        try ruleset.apply(
            .add(
                StoredObject(
                    id: ObjectID(rawValue: 90), kind: .rule, parent: chain.id,
                    orderKey: .initial, body: try rule.encoded())))
        return ruleset
    }

    @Test func namedSets() throws {
        let end = SetElement.intervalEnd
        let cases: [(SetBody.Flags, [SetElement], String)] = [
            ([], [], "cut"),
            ([], [SetElement(key: [203, 0, 113, 9])], "passes"),
            ([], [SetElement(key: [203, 0, 113, 8])], "cut"),
            (
                .interval,
                [
                    SetElement(key: [203, 0, 114, 0], flags: end),
                    SetElement(key: [203, 0, 113, 0]),
                ], "passes"
            ),
            (
                .interval,
                [
                    SetElement(key: [203, 0, 113, 0]),
                    SetElement(key: [203, 0, 113, 9], flags: end),
                ], "cut"
            ),
            // Elements that come and go by themselves are not kept.
            (.timeout, [], "unclear"),
            (.dynamic, [SetElement(key: [203, 0, 113, 9])], "unclear"),
        ]
        for (flags, elements, expected) in cases {
            var bench = try GuardBench.usual(policy: .drop)
            bench.put(try set(flags, elements, in: bench))
            #expect(bench.outcome(.first) == expected, "\(flags) \(elements.map(\.key))")
        }
    }

    // MARK: Matches of xt

    /// Sixteen bits in this machine's order.
    private func word(_ number: UInt16) -> [UInt8] { withUnsafeBytes(of: number) { Array($0) } }

    private func outcome(
        _ match: String, _ revision: UInt32, _ info: [UInt8], _ verdict: Verdict = .accept
    ) throws -> String {
        var bench = try GuardBench.usual(policy: .drop)
        let rule = RuleBody(expressions: [
            .compatMatch(CompatMatchExpression(name: match, revision: revision, info: info)),
            .immediate(ImmediateExpression(destination: .verdict, data: .verdict(verdict))),
        ])
        try bench.append(rule, to: "input")
        return GuardedPacket.Kind.allCases.map { bench.outcome($0) }.joined(separator: " ")
    }

    @Test func matchesOfXT() throws {
        let any = word(0) + word(.max)
        #expect(
            try outcome("tcp", 0, any + word(22) + word(22) + [0, 0, 0, 0])
                == "passes passes passes")
        #expect(
            try outcome("tcp", 0, any + word(23) + word(80) + [0, 0, 0, 0]) == "cut passes cut")
        #expect(
            try outcome("tcp", 0, any + word(22) + word(22) + [0, 0, 0, 2]) == "cut passes cut")
        // --syn
        #expect(try outcome("tcp", 0, any + any + [0, 0x17, 0x02, 0]) == "cut passes passes")
        #expect(try outcome("tcp", 0, any + any + [0, 0x17, 0x02, 4]) == "passes passes cut")
        #expect(try outcome("tcp", 0, any + any + [5, 0, 0, 0]) == "unclear passes unclear")
        #expect(try outcome("udp", 0, any + any + [0, 0]) == "cut passes cut")
        func multiport(_ ports: [UInt16], ranges: [Int] = [], inverted: Bool = false) -> [UInt8] {
            var info: [UInt8] = [1, UInt8(ports.count)]
            for index in 0..<15 { info += word(index < ports.count ? ports[index] : 0) }
            info += (0..<15).map { ranges.contains($0) ? 1 : 0 }
            return info + [inverted ? 1 : 0]
        }
        #expect(try outcome("multiport", 1, multiport([80, 22])) == "passes passes passes")
        #expect(
            try outcome("multiport", 1, multiport([80, 20, 25], ranges: [1]))
                == "passes passes passes")
        #expect(
            try outcome("multiport", 1, multiport([80, 23, 25], ranges: [1])) == "cut passes cut")
        #expect(
            try outcome("multiport", 1, multiport([22], inverted: true)) == "cut passes cut")
        func states(_ bits: UInt16, inverted: Bool = false, asked: UInt16 = 1) -> [UInt8] {
            [UInt8](repeating: 0, count: 146) + word(asked) + word(inverted ? 1 : 0) + word(bits)
                + [0, 0, 0, 0]
        }
        #expect(try outcome("conntrack", 3, states(2)) == "passes passes cut")
        #expect(try outcome("conntrack", 3, states(8)) == "cut passes passes")
        #expect(try outcome("conntrack", 3, states(8, inverted: true)) == "passes passes cut")
        #expect(try outcome("conntrack", 3, states(1 << 8)) == "cut passes cut")
        #expect(try outcome("conntrack", 3, states(2, asked: 3)) == "unclear passes unclear")
        #expect(try outcome("state", 0, word(2) + word(0)) == "passes passes cut")
        // Cut short, or not known.
        #expect(try outcome("tcp", 0, [1, 2, 3]) == "unclear passes unclear")
        #expect(try outcome("geoip", 0, []) == "unclear passes unclear")
        #expect(try outcome("geoip", 0, [], .drop) == "cut passes cut", "either way it is dropped")
    }
}
