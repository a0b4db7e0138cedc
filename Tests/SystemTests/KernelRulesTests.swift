import Glibc
import NetlinkProto
import TestSupport
import Testing

/// What the daemon's own checks allow and refuse is what the real kernel allows and refuses.
@Suite struct KernelRulesTests {
    /// A ruleset for nft: chains c1 … cN, each jumping to the next, reached from a base chain.
    private func ladder(_ count: Int) -> String {
        var text = "table inet probe {\n"
        for number in (1...count).reversed() {
            let jump = number < count ? "jump c\(number + 1)" : ""
            text += "chain c\(number) { \(jump); }\n"
        }
        return text + "chain in { type filter hook input priority 0; jump c1; }\n}\n"
    }

    @Test(arguments: [14, 15, 16, 17]) func jumpDepth(_ count: Int) throws {
        let daemon = try Daemon()
        let byKernel = try daemon.namespace.run { [ladder] in
            try Command.run("nft", "-f", "-", input: ladder(count)).status == 0
        }
        let client = try daemon.connect()
        let refused = try refusal {
            try client.commit { script in
                script.addTable()
                script.addChain("in", hook: Hook(number: 1, priority: 0), type: "filter")
                for number in 1...count { script.addChain("c\(number)") }
                for number in 1..<count {
                    script.append(.jump(to: "c\(number + 1)"), to: "c\(number)")
                }
                script.append(.jump(to: "c1"), to: "in")
            }
        }
        #expect((refused == nil) == byKernel, "\(count) chains below the base chain")
        if let refused { #expect(refused.errno == EMLINK) }
    }

    /// Rules that only some hooks can hold, in nft's words and ours.
    private static let demanding: [(String, RuleBody)] = [
        ("masquerade", .single(.masquerade(MasqueradeExpression()))),
        ("redirect", .single(.redirect(RedirectExpression()))),
        (
            "reject with icmpx port-unreachable",
            .single(.reject(RejectExpression(type: .icmpxUnreachable, code: 1)))
        ),
        ("notrack", .single(.notrack)),
        ("accept", .verdict(.accept)),
    ]
    private static let chains: [(String, UInt32, String)] =
        [
            ("filter", "prerouting"), ("filter", "input"), ("filter", "forward"),
            ("filter", "output"),
            ("filter", "postrouting"), ("nat", "prerouting"), ("nat", "input"), ("nat", "output"),
            ("nat", "postrouting"), ("route", "output"),
        ].map { type, hook in
            let hooks = ["prerouting", "input", "forward", "output", "postrouting"]
            return (type, UInt32(hooks.firstIndex(of: hook) ?? 0), hook)
        }

    @Test func whichHookHoldsWhichRule() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try client.commit { script in
            script.addTable()
            for (index, chain) in Self.chains.enumerated() {
                script.addChain(
                    "c\(index)", hook: Hook(number: chain.1, priority: 0), type: chain.0)
            }
        }
        try daemon.run("nft", "add table inet probe")
        for (index, chain) in Self.chains.enumerated() {
            try daemon.run(
                "nft",
                "add chain inet probe c\(index) { type \(chain.0) hook \(chain.2) priority 0; }")
            for (text, body) in Self.demanding {
                let byKernel = try daemon.namespace.run {
                    try Command.run("nft", "add rule inet probe c\(index) \(text)").status == 0
                }
                let refused = try refusal { try client.commit { $0.append(body, to: "c\(index)") } }
                #expect(
                    (refused == nil) == byKernel,
                    "\(text) in \(chain.0) \(chain.2): \(refused?.message ?? "allowed")")
                if !byKernel {
                    #expect(
                        refused?.message.contains("The kernel refused") == false,
                        "\(text) in \(chain.0) \(chain.2) was left to the kernel")
                }
            }
        }
        #expect(
            try daemon.kernel().outline.filter { $0.key.hasPrefix("inet t ") }
                == client.ruleset().outline)
    }

    @Test func whichChainsThereCanBe() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        let hooks = ["prerouting", "input", "forward", "output", "postrouting"]
        for family in [Family.ip, .ip6, .inet, .arp, .bridge] {
            try client.commit {
                $0.family = family
                $0.addTable()
            }
            try daemon.run("nft", "add table \(family.name) probe")
            for type in ["filter", "nat", "route"] {
                for (number, hook) in hooks.enumerated() where family != .arp {
                    let byKernel = try daemon.namespace.run {
                        try Command.run(
                            "nft",
                            "add chain \(family.name) probe \(type)\(number) { type \(type) hook \(hook) priority 0; }"
                        ).status == 0
                    }
                    let refused = try refusal {
                        try client.commit {
                            $0.family = family
                            $0.addChain(
                                "\(type)\(number)", hook: Hook(number: UInt32(number), priority: 0),
                                type: type)
                        }
                    }
                    #expect(
                        (refused == nil) == byKernel,
                        "\(family.name) \(type) \(hook): \(refused?.message ?? "allowed")")
                }
            }
        }
    }
}
