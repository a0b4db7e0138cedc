import NetlinkProto
import RuleStore
import RuleSyntax
import TestSupport

@testable import xt2d

/// A ruleset, and a connection whose packets go through it.
///
/// The host is 192.0.2.1 and 2001:db8::1; everybody else is reached through `eth0`.
struct GuardBench {
    private(set) var bench = Workbench()
    /// SSH from outside, unless a test says otherwise.
    var connection = GuardBench.connection("tcp 203.0.113.9 50022 192.0.2.1 22")

    static let host: HostKnowledge = {
        let here: [[UInt8]] = [
            [192, 0, 2, 1], [0x20, 1, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [1],
        ]
        var host = HostKnowledge()
        host.addresses = Set(here)
        let there: [[UInt8]] = [
            [203, 0, 113, 9], [198, 51, 100, 7],
            [0x20, 1, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [9],
        ]
        for address in there { host.interfaces[address] = .known(name: "eth0", index: 2) }
        return host
    }()

    static func connection(_ text: String) -> ProtectedConnection {
        do throws(Refusal) {
            return try ProtectedConnection(text)
        } catch {
            preconditionFailure(error.message)
        }
    }

    /// A table `inet f` with base chain `input`.
    static func usual(policy: ChainPolicy = .accept) throws -> GuardBench {
        var bench = GuardBench()
        try bench.apply([
            "table inet f", "chain inet f input filter 1 0 \(policy == .drop ? "drop" : "accept")",
        ])
        return bench
    }

    /// Makes the changes that lines say, as one batch.
    ///
    /// - `table FAMILY NAME`; `chain FAMILY TABLE NAME [TYPE HOOK PRIORITY POLICY [DEVICE]]`; `policy FAMILY TABLE CHAIN POLICY`;
    ///   `delete FAMILY TABLE CHAIN INDEX`; `insert FAMILY TABLE CHAIN RULE`; else `FAMILY TABLE CHAIN RULE`, which appends.
    @discardableResult
    mutating func apply(_ lines: [String]) throws -> [Change] {
        var script = EditScript()
        for line in lines { try GuardBench.add(line, to: &script) }
        let messages = script.messages
        return try bench.commit { $0 = messages.reduce(into: EditScript()) { $0.raw($1) } }
    }

    private static let families: [String: Family] = [
        "inet": .inet, "ip": .ip, "ip6": .ip6, "netdev": .netdev, "bridge": .bridge, "arp": .arp,
    ]

    private static func add(_ line: String, to script: inout EditScript) throws {
        let all = line.split(separator: " ").map(String.init)
        let verbs = ["table", "chain", "policy", "delete", "insert"]
        let verb = verbs.contains(all[0]) ? all[0] : "append"
        let words = verb == "append" ? all : Array(all.dropFirst())
        guard let family = families[words[0]] else { throw CommandFailure(line) }
        script.family = family
        script.table = words[1]
        switch verb {
        case "table": script.addTable()
        case "chain" where words.count > 3:
            let hook = Hook(
                number: UInt32(words[4]) ?? 99, priority: Int32(words[5]) ?? 0,
                devices: Array(words.dropFirst(7)))
            script.addChain(
                words[2], hook: hook, type: words[3], policy: words[6] == "drop" ? .drop : .accept)
        case "chain": script.addChain(words[2])
        case "policy": script.setPolicy(words[3] == "drop" ? .drop : .accept, of: words[2])
        case "delete": script.delete(at: UInt32(words[3]) ?? 0, from: words[2])
        default:
            let body = try RuleText.parse(
                Array(words.dropFirst(3)), context: RuleContext(family: family)
            ).body
            verb == "insert"
                ? script.insert(body, into: words[2]) : script.append(body, to: words[2])
        }
    }

    /// Appends a rule that has no text to a chain of table `inet f`.
    mutating func append(_ body: RuleBody, to chain: String) throws {
        try bench.commit {
            $0.table = "f"
            $0.append(body, to: chain)
        }
    }

    // MARK: What the guard says

    /// What becomes of a packet of the connection.
    func passage(_ kind: GuardedPacket.Kind) -> Passage {
        PacketWalk.passage(
            GuardedPacket(kind, of: connection, GuardBench.host), through: bench.ruleset)
    }

    /// What becomes of it, without who is to blame: `passes`, `cut` or `unclear`.
    func outcome(_ kind: GuardedPacket.Kind) -> String {
        switch passage(kind) {
        case .passes: "passes"
        case .cut: "cut"
        case .unclear: "unclear"
        }
    }

    /// Makes changes and says what the guard thinks of them; nil if nothing.
    mutating func verdict(_ lines: [String]) throws -> String? {
        let before = bench.ruleset
        let changes = try apply(lines)
        let lockout = LockoutGuard(
            before: before, after: bench.ruleset, changes: changes, host: GuardBench.host)
        return lockout.sentence(
            lockout.finding(for: connection), connection, isOrigin: true)
    }

    /// Puts objects into the ruleset that no edit can make.
    mutating func put(_ ruleset: Ruleset) { bench = Workbench(ruleset) }
}
