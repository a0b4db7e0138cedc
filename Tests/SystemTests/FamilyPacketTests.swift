import Glibc
import NetlinkProto
import RuleSyntax
import TestSupport
import Testing

/// Real frames and packets past rules of family bridge, arp and netdev.
@Suite struct FamilyPacketTests {
    /// A namespace at the other end of a cable that is plugged in beside the daemon.
    private func plug(_ name: String, _ address: String, into daemon: Daemon) throws -> Namespace {
        let other = try Namespace()
        try daemon.run(
            "ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns",
            "\(other.threadID)")
        try daemon.run("ip", "link", "set", name, "up")
        try other.run {
            try Command.check("ip", "address", "add", "\(address)/24", "dev", "eth0")
            try Command.check("ip", "link", "set", "eth0", "up")
        }
        return other
    }

    private func answers(_ address: String, from place: Namespace) throws -> Bool {
        try place.run {
            try Command.run("ping", "-c", "1", "-W", "1", "-n", address).status == 0
        }
    }

    private func add(_ client: ControlClient, _ family: Family, _ hook: Hook) throws {
        try client.commit {
            $0.family = family
            $0.addTable()
            $0.addChain("c", hook: hook, type: "filter")
        }
    }

    /// Appends a rule, asks whether a packet gets through, and takes the rule away again.
    private func isBlocked(
        by rule: String, _ family: Family, _ client: ControlClient, _ probe: () throws -> Bool
    ) throws -> Bool {
        let body = try RuleText.parse(line: rule, context: RuleContext(family: family)).body
        try client.commit {
            $0.family = family
            $0.append(body, to: "c")
        }
        let isThrough = try probe()
        try client.rollback(to: 1)
        return !isThrough
    }

    @Test func aBridgeDropsFrames() throws {
        let daemon = try Daemon()
        let left = try plug("left", "10.9.7.1", into: daemon)
        let right = try plug("right", "10.9.7.2", into: daemon)
        try daemon.run("ip", "link", "add", "br0", "type", "bridge")
        for port in ["left", "right"] { try daemon.run("ip", "link", "set", port, "master", "br0") }
        try daemon.run("ip", "link", "set", "br0", "up")
        let client = try daemon.connect()
        try add(client, .bridge, Hook(number: 2, priority: -200))
        let probe = { try answers("10.9.7.2", from: left) }
        #expect(try probe())
        for (rule, blocks) in [
            ("-p IPv4 --ip-src 10.9.7.1 -j DROP", true),
            ("-p IPv4 --ip-src 10.9.7.3 -j DROP", false),
            ("-p IPv4 ! --ip-src 10.9.7.0/24 -j DROP", false),
            ("-p IPv4 --ip-proto icmp --ip-icmp-type echo-request -j DROP", true),
            ("-p IPv4 --ip-proto icmp --ip-icmp-type 13 -j DROP", false),
            ("-p IPv4 --ip-proto udp -j DROP", false),
            ("-p IPv6 -j DROP", false),
            ("-i left -o right -j DROP", true), ("-i right -o left -p IPv4 -j DROP", true),
            ("-i left -o left -j DROP", false),
            ("-d Multicast -p IPv4 -j DROP", false), ("-d Unicast -p IPv4 -j DROP", true),
            ("-p LENGTH -j DROP", false), ("! -p LENGTH -j DROP", true),
            ("-m pkttype --pkt-type otherhost -j DROP", true),
        ] {
            #expect(try isBlocked(by: rule, .bridge, client, probe) == blocks, "\(rule)")
        }
        _ = right
    }

    @Test func arpIsFiltered() throws {
        let daemon = try Daemon()
        let other = try plug("port", "10.9.7.2", into: daemon)
        try daemon.run("ip", "address", "add", "10.9.7.1/24", "dev", "port")
        let client = try daemon.connect()
        try add(client, .arp, Hook(number: 0, priority: 0))
        let probe = {
            try other.run { _ = try Command.run("ip", "neighbour", "flush", "all") }
            return try answers("10.9.7.1", from: other)
        }
        #expect(try probe())
        for (rule, blocks) in [
            ("-s 10.9.7.2 --opcode Request -j DROP", true), ("-s 10.9.7.3 -j DROP", false),
            ("-d 10.9.7.1 -j DROP", true), ("! -d 10.9.7.0/24 -j DROP", false),
            ("--opcode Reply -s 10.9.7.9 -j DROP", false), ("-i port --h-length 6 -j DROP", true),
            ("--h-type Ethernet --proto-type IPv4 -j DROP", true),
            ("--source-mac 00:00:00:00:00:01 -j DROP", false),
        ] {
            #expect(try isBlocked(by: rule, .arp, client, probe) == blocks, "\(rule)")
        }
    }

    @Test func aDeviceDropsPacketsOnItsWayIn() throws {
        let daemon = try Daemon()
        let other = try plug("port", "10.9.7.2", into: daemon)
        try daemon.run("ip", "address", "add", "10.9.7.1/24", "dev", "port")
        let client = try daemon.connect()
        try add(client, .netdev, Hook(number: 0, priority: 0, devices: ["port"]))
        let probe = { try answers("10.9.7.1", from: other) }
        #expect(try probe())
        for (rule, blocks) in [
            ("-s 10.9.7.2 -j DROP", true), ("-s 10.9.7.2 -p udp -j DROP", false),
            ("-4 -p icmp --icmp-type echo-request -j DROP", true), ("-6 -j DROP", false),
            ("-p icmp -m length --length 84 -j DROP", true),
        ] {
            #expect(try isBlocked(by: rule, .netdev, client, probe) == blocks, "\(rule)")
        }
    }

    @Test func aDeviceDropsPacketsOnItsWayOut() throws {
        let daemon = try Daemon()
        let other = try plug("port", "10.9.7.2", into: daemon)
        try daemon.run("ip", "address", "add", "10.9.7.1/24", "dev", "port")
        let client = try daemon.connect()
        try add(client, .netdev, Hook(number: 1, priority: 0, devices: ["port"]))
        let probe = { try answers("10.9.7.1", from: other) }
        #expect(try probe())
        for (rule, blocks) in [
            ("-d 10.9.7.2 -j DROP", true), ("-s 10.9.7.2 -j DROP", false),
            ("-4 -p icmp --icmp-type echo-reply -j DROP", true),
        ] {
            #expect(try isBlocked(by: rule, .netdev, client, probe) == blocks, "\(rule)")
        }
    }

    /// One chain translates the ports of IPv4 and IPv6.
    @Test func aNATChainForBothFamiliesRedirects() throws {
        let daemon = try Daemon()
        let other = try plug("port", "10.9.7.2", into: daemon)
        try daemon.run("ip", "address", "add", "10.9.7.1/24", "dev", "port")
        let client = try daemon.connect()
        try client.commit {
            $0.family = .inet
            $0.addTable()
            $0.addChain("c", hook: Hook(number: 0, priority: -100), type: "nat")
        }
        let listener = try daemon.namespace.run { try PortListener(port: 8_080) }
        func errno(_ port: UInt16) throws -> Int32 {
            try other.run { InternetAddress.connectionErrno(to: "10.9.7.1", port: port) }
        }
        #expect(try errno(80) == ECONNREFUSED)
        for (port, rule) in [
            (UInt16(80), "-p tcp --dport 80 -j REDIRECT --to-ports 8080"),
            (81, "-4 -p tcp --dport 81 -j DNAT --to-destination 10.9.7.1:8080"),
        ] {
            let body = try RuleText.parse(line: rule, context: RuleContext(family: .inet)).body
            try client.commit {
                $0.family = .inet
                $0.append(body, to: "c")
            }
            #expect(try errno(port) == 0, "\(rule)")
        }
        _ = listener
    }
}
