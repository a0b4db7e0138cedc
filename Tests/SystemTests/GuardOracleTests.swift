import Glibc
import NetlinkProto
import RuleStore
import RuleSyntax
import TestSupport
import Testing

@testable import xt2d

/// What the guard says about random rulesets, with the kernel as the judge: whether a datagram leaves the host.
///
/// A datagram that is dropped on its way out is told to the sender as EPERM, at once.
@Suite struct GuardOracleTests {
    private static let rounds = Soak.isOn ? 2_000 : 150

    @Test func theKernelAgrees() throws {
        let daemon = try Daemon()
        let other = try Namespace()
        try daemon.run(
            "ip", "link", "add", "host", "type", "veth", "peer", "name", "guest", "netns",
            "\(other.threadID)")
        try other.run { _ = try Command.check("ip", "link", "set", "guest", "up") }
        try daemon.run("ip", "address", "add", "10.9.8.1/24", "dev", "host")
        try daemon.run("ip", "link", "set", "host", "up")
        // Nobody is there to answer; without this, datagrams wait for an address.
        try daemon.run(
            "ip", "neighbour", "add", "10.9.8.2", "lladdr", "02:00:00:00:00:02", "dev", "host")
        let client = try daemon.connect()
        var random = SeededGenerator()
        var host = HostKnowledge()
        host.addresses = [[10, 9, 8, 1]]
        host.interfaces[[10, 9, 8, 2]] = .known(
            name: "host", index: try daemon.namespace.run { if_nametoindex("host") })
        var outcomes: [String: Int] = [:]
        var nextPort: UInt16 = 20_000
        for round in 1...Self.rounds {
            let script = try RandomFirewall(&random).script
            try client.commit(script)
            let ruleset = try Self.ruleset(script)
            for port: UInt16 in [53, 80] {
                nextPort += 1
                let source = nextPort
                let connection = try ProtectedConnection(
                    "udp 10.9.8.1 \(source) 10.9.8.2 \(port)")
                let passage = PacketWalk.passage(
                    GuardedPacket(.first, of: connection, host), through: ruleset)
                let isThrough = try daemon.namespace.run {
                    try Datagram.isSent(from: source, to: "10.9.8.2", port)
                }
                let text = script.messages.count
                switch passage {
                case .passes: #expect(isThrough, "round \(round), port \(port), \(text) messages")
                case .cut: #expect(!isThrough, "round \(round), port \(port), \(text) messages")
                case .unclear: break
                }
                outcomes["\(passage)".prefix { $0 != "(" }.description, default: 0] += 1
            }
            try client.commit { $0.deleteTable() }
        }
        // The rules are such that all of that can be told, but for marks that packets may have come with.
        let unclear = outcomes["unclear", default: 0]
        #expect(unclear < Self.rounds / 4, "\(outcomes)")
        #expect(outcomes["passes", default: 0] > Self.rounds / 4, "\(outcomes)")
        #expect(outcomes["cut", default: 0] > Self.rounds / 4, "\(outcomes)")
    }

    private static func ruleset(_ script: EditScript) throws -> Ruleset {
        var editor = RulesetEditor(Ruleset(), graph: ChainGraph(), nextID: .first)
        for message in script.messages { try editor.apply(try Edit(message)) }
        _ = try editor.changes()
        return editor.ruleset
    }
}

/// A firewall of a few chains of random rules at the output.
private struct RandomFirewall {
    private(set) var script = EditScript(firstSequence: 1 << 20)
    private var random: SeededGenerator

    private static let targets = [
        "ACCEPT", "DROP", "DROP", "RETURN", "one", "two", "", "MARK --set-mark 1",
        "MARK --set-mark 2",
    ]
    private static let conditions = [
        "", "-p udp", "-p tcp", "-p udp --dport 53", "-p udp --dport 50:60", "-p udp ! --dport 53",
        "-p udp --sport 1024:65535", "-p udp -m multiport --dports 52,53,80", "-s 10.9.8.1",
        "-d 10.9.8.0/30", "! -d 10.9.8.0/24", "-o host", "! -o lo", "-o ho+", "-o lo",
        "-m mark --mark 1", "-m mark ! --mark 2", "-m conntrack --ctstate NEW",
        "-m conntrack --ctstate ESTABLISHED,RELATED", "-m iprange --dst-range 10.9.8.2-10.9.8.9",
        "-d 2001:db8::/32", "-p udp -m conntrack --ctstate NEW -d 10.9.8.2",
    ]

    init(_ random: inout SeededGenerator) throws {
        self.random = random
        defer { random = self.random }
        script.addTable()
        let bases = [("mark", Int32(-150)), ("filter", 0), ("late", 50)]
        for (name, priority) in bases {
            let isClosed = name == "filter" && Bool.random(using: &self.random)
            script.addChain(
                name, hook: Hook(number: name == "late" ? 4 : 3, priority: priority),
                type: "filter", policy: isClosed ? .drop : .accept)
        }
        script.addChain("one")
        script.addChain("two")
        // Packets of this host begin without a mark: once it is set, it is known.
        try append("-j MARK --set-mark 0", to: "mark")
        for (chain, most) in [("two", 3), ("one", 4), ("mark", 3), ("filter", 5), ("late", 2)] {
            for _ in 0...Int.random(in: 0..<most, using: &self.random) { try addRule(to: chain) }
        }
    }

    private mutating func addRule(to chain: String) throws {
        let condition = Self.conditions.randomElement(using: &random) ?? ""
        var target = Self.targets.randomElement(using: &random) ?? ""
        // Only downwards: no loops.
        if chain == "two" || chain == "one" && target == "one" {
            target = ["one", "two"].contains(target) ? "RETURN" : target
        }
        if ["filter", "late"].contains(chain), target == "DROP", condition.isEmpty { return }
        let verb = ["one", "two"].contains(target) && Bool.random(using: &random) ? "-g" : "-j"
        try append(target.isEmpty ? condition : "\(condition) \(verb) \(target)", to: chain)
    }

    private mutating func append(_ rule: String, to chain: String) throws {
        let body = try RuleText.parse(line: rule, context: RuleContext(family: .inet)).body
        script.append(body, to: chain)
    }
}

/// One datagram.
private enum Datagram {
    /// Sends it from the namespace of the calling thread; false if a rule dropped it.
    static func isSent(from source: UInt16, to address: String, _ port: UInt16) throws -> Bool {
        let descriptor = makeSocket(AF_INET, SOCK_DGRAM)
        defer { close(descriptor) }
        let bound = InternetAddress.withAddress("10.9.8.1", source) { bind(descriptor, $0, $1) }
        let sent = InternetAddress.withAddress(address, port) {
            sendto(descriptor, [1], 1, 0, $0, $1)
        }
        if sent == 1 { return true }
        guard bound == 0, errno == EPERM else {
            throw CommandFailure("sendto: \(String(cString: strerror(errno)))")
        }
        return false
    }
}
