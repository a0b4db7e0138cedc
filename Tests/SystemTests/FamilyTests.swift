import Glibc
import NetlinkProto
import RuleSyntax
import TestSupport
import Testing

/// Tables of every family: what the daemon allows and refuses is what the real kernel allows and refuses.
@Suite struct FamilyTests {
    private struct Place: Sendable {
        var family: Family
        var hook: String
        /// nft's words for the device, if the hook belongs to one.
        var device = ""

        var number: UInt32 { HookName.number(hook, family: family) ?? 0 }
        var devices: [String] { device.isEmpty ? [] : ["lo"] }
        var name: String { "\(family.name)-\(hook)" }
    }

    private static let places: [Place] = Family.all.flatMap { family in
        HookName.names(family: family).map { hook in
            Place(
                family: family, hook: hook,
                device: hook == "ingress" || hook == "egress" ? "device lo " : "")
        }
    }

    private func addTables(_ daemon: Daemon, _ client: ControlClient) throws {
        for family in Family.all {
            try client.commit {
                $0.family = family
                $0.addTable()
            }
            try daemon.run("nft", "add table \(family.name) probe")
        }
    }

    @Test func whichChainsThereCanBe() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try addTables(daemon, client)
        for place in Self.places {
            for type in ["filter", "nat", "route"] {
                for priority: Int32 in [-300, 0, 100] {
                    let chain = "\(type)-\(place.hook)-\(priority + 300)"
                    let text =
                        "add chain \(place.family.name) probe \(chain) "
                        + "{ type \(type) hook \(place.hook) \(place.device)priority \(priority); policy drop; }"
                    let byKernel = try daemon.namespace.run {
                        try Command.run("nft", text).status == 0
                    }
                    let refused = try refusal {
                        try client.commit {
                            $0.family = place.family
                            $0.addChain(
                                chain,
                                hook: Hook(
                                    number: place.number, priority: priority,
                                    devices: place.devices), type: type, policy: .drop)
                        }
                    }
                    #expect(
                        (refused == nil) == byKernel, "\(text): \(refused?.message ?? "allowed")")
                    #expect(refused?.message.contains("The kernel refused") != true, "\(text)")
                }
            }
        }
        try daemon.stop()
        try daemon.start()
        #expect(try daemon.connect().status()?.notice == [])
    }

    /// Rules that only some places can hold, in nft's words and ours.
    private static let rules: [(String, Expression)] = [
        (
            "reject with icmpx port-unreachable",
            .reject(RejectExpression(type: .icmpxUnreachable, code: 1))
        ),
        ("notrack", .notrack),
        ("fib daddr type local", .fib(fib)),
        ("ct state new", .conntrack(ConntrackExpression(key: .state, destination: .r1))),
        ("ct count 5", .connectionLimit(ConnectionLimitExpression(count: 5, flags: 0))),
        ("meta sdifname \"lo\"", .meta(meta(.slaveInterfaceName))),
        ("meta ipsec exists", .meta(meta(.securityPath))),
        ("meta skuid 0", .meta(meta(.socketUserID))),
        ("socket transparent 1", .socket(SocketExpression(key: 0, destination: .r1))),
        ("rt mtu 5", .routing(RoutingExpression(key: 3, destination: .r1))),
        ("log", .log(LogExpression())),
        ("accept", RuleBody.verdict(.accept).expressions[0]),
    ]

    private static let fib = FibExpression(
        flags: .destinationAddress, result: .addressType, destination: .r1)

    private static func meta(_ key: MetaExpression.Key) -> MetaExpression {
        MetaExpression(key: key, destination: .r1)
    }

    @Test func whichPlaceHoldsWhichRule() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try addTables(daemon, client)
        for place in Self.places {
            try client.commit {
                $0.family = place.family
                $0.addChain(
                    place.hook,
                    hook: Hook(number: place.number, priority: 0, devices: place.devices),
                    type: "filter")
            }
            try daemon.run(
                "nft",
                "add chain \(place.family.name) probe \(place.hook) "
                    + "{ type filter hook \(place.hook) \(place.device)priority 0; }")
            for (text, expression) in Self.rules {
                // nft knows that the arp family has no REJECT and ip no icmpx, whatever the kernel thinks of it.
                if [.ip, .ip6].contains(place.family), text.hasPrefix("reject") { continue }
                let byKernel = try daemon.namespace.run {
                    try Command.run(
                        "nft", "add rule \(place.family.name) probe \(place.hook) \(text)"
                    ).status == 0
                }
                let refused = try refusal {
                    try client.commit {
                        $0.family = place.family
                        $0.append(.single(expression), to: place.hook)
                    }
                }
                #expect(
                    (refused == nil) == byKernel,
                    "\(text) in \(place.name): \(refused?.message ?? "allowed")")
                // Bridges have REJECT and connection tracking in some kernels only.
                let isOptional =
                    place.family == .bridge && (text.hasPrefix("reject") || text.hasPrefix("ct"))
                if !byKernel, !isOptional {
                    #expect(
                        refused?.message.contains("The kernel refused") == false,
                        "\(text) in \(place.name) was left to the kernel: \(refused?.message ?? "")"
                    )
                }
            }
        }
    }

    @Test func refusalsSayWhatWouldWork() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try addTables(daemon, client)
        let cases: [(Family, Hook?, String, String)] = [
            (.arp, Hook(number: 2, priority: 0), "filter", "it can be at input, output"),
            (.netdev, Hook(number: 0, priority: 0), "filter", "needs --device NAME"),
            (.inet, Hook(number: 5, priority: 0), "filter", "needs --device NAME"),
            (
                .netdev, Hook(number: 0, priority: 0, devices: ["a", "a"]), "filter",
                "named twice"
            ),
            (
                .netdev,
                Hook(number: 0, priority: 0, devices: (0...256).map { "d\($0)" }), "filter",
                "at most 256 devices"
            ),
            (
                .bridge, Hook(number: 1, priority: 0, devices: ["lo"]), "filter",
                "takes no device"
            ),
            (.bridge, Hook(number: 0, priority: 0), "nat", "there is filter"),
            (.ip, Hook(number: 2, priority: 0), "nat", "it can be at prerouting, input, output"),
        ]
        for (family, hook, type, says) in cases {
            let refused = try refusal {
                try client.commit {
                    $0.family = family
                    $0.addChain("c", hook: hook, type: type)
                }
            }
            #expect(
                refused?.message.contains(says) == true,
                "\(family.name): \(says) \(String(describing: refused))")
        }
    }

    // MARK: Devices

    private func listing(_ daemon: Daemon) throws -> String {
        try daemon.namespace.run { try Command.check("nft", "list", "table", "netdev", "t") }
    }

    @Test func aChainWaitsForItsDevices() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try daemon.run("ip", "link", "add", "one", "type", "veth", "peer", "name", "two")
        try client.commit {
            $0.family = .netdev
            $0.addTable()
            for (name, devices) in [("both", ["two", "one"]), ("absent", ["later"])] {
                $0.addChain(
                    name, hook: Hook(number: 0, priority: 0, devices: devices), type: "filter")
                $0.append(.verdict(.accept), to: name)
            }
        }
        let before = try listing(daemon)
        #expect(before.contains("devices = { one, two }") && before.contains("device \"later\""))
        try daemon.run("ip", "link", "delete", "one")
        #expect(
            try listing(daemon) == before, "the kernel keeps the names of devices that are gone")
        // A commit by somebody else makes the daemon read and compare everything when it starts.
        try daemon.stop(SIGKILL)
        try daemon.run("nft", "add table ip foreign")
        try daemon.start()
        #expect(try listing(daemon) == before)
        #expect(try daemon.connect().status()?.notice == [], "nothing had to be repaired")
        let again = try daemon.connect()
        try again.commit {
            $0.family = .netdev
            $0.append(.verdict(.drop), to: "both")
        }
        try again.rollback(to: 1)
        #expect(try listing(daemon) == before)
    }
}
