import Foundation
import Glibc
import TestSupport
import Testing

/// What rules do to real packets, with xt2 and with the real iptables: the same.
@Suite struct PacketJudgedTests {
    /// Rules, packets that are sent, and what they are to come to.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        /// Lines without the program's name in front, if that is iptables.
        let rules: [String]
        /// What `ping` is told.
        var ping: String
        /// What the far end counts, as nft says it.
        var watch = "icmp type echo-request"
        /// How many of them it has to count.
        var arriving: Int
        /// What `ping` has to say.
        var says = "packets transmitted"
        /// Whether it is certain how many packets the rules see.
        var isCounted = true

        var testDescription: String { name }
    }

    static let routed: [Case] = [
        Case(
            name: "MASQUERADE", rules: ["-t nat -A POSTROUTING -o far -j MASQUERADE"],
            ping: "-c 1 10.9.9.2", watch: "ip saddr 10.9.9.1", arriving: 1, says: " 0% packet loss"),
        Case(
            name: "SNAT",
            rules: ["-t nat -A POSTROUTING -s 10.9.8.0/24 -j SNAT --to-source 10.9.9.1 --random"],
            ping: "-c 1 10.9.9.2", watch: "ip saddr 10.9.9.1", arriving: 1, says: " 0% packet loss"),
        Case(
            name: "DNAT",
            rules: ["-t nat -A PREROUTING -d 10.9.8.1 -p icmp -j DNAT --to-destination 10.9.9.2"],
            ping: "-c 1 10.9.8.1", arriving: 1, says: " 0% packet loss"),
        Case(
            name: "NETMAP",
            rules: ["-t nat -A PREROUTING -d 10.77.0.0/24 -j NETMAP --to 10.9.9.0/24"],
            ping: "-c 1 10.77.0.2", arriving: 1, says: "from 10.77.0.2"),
        Case(
            name: "TTL", rules: ["-t mangle -A POSTROUTING -o far -j TTL --ttl-set 7"],
            ping: "-c 1 10.9.9.2", watch: "ip ttl 7", arriving: 1),
        Case(
            name: "DSCP", rules: ["-t mangle -A POSTROUTING -o far -j DSCP --set-dscp 10"],
            ping: "-c 1 10.9.9.2", watch: "ip dscp 10", arriving: 1),
        Case(
            name: "TOS", rules: ["-t mangle -A FORWARD -j TOS --set-tos 0x10"],
            ping: "-c 1 10.9.9.2", watch: "ip dscp 4", arriving: 1),
        Case(
            name: "MARK and mark",
            rules: [
                "-t mangle -A PREROUTING -i near -j MARK --set-mark 5",
                "-A FORWARD -m mark --mark 0x5/0xf -j DROP",
            ], ping: "-c 1 10.9.9.2", arriving: 0, says: "100% packet loss"),
        Case(
            name: "CONNMARK and connmark",
            rules: [
                "-t mangle -A PREROUTING -m conntrack --ctstate NEW -j CONNMARK --set-mark 9",
                "-A FORWARD -m connmark --mark 9 -m conntrack --ctdir REPLY -j DROP",
            ], ping: "-c 1 10.9.9.2", arriving: 1, says: "100% packet loss"),
        Case(
            name: "REJECT",
            rules: ["-A FORWARD -p icmp -j REJECT --reject-with icmp-host-prohibited"],
            ping: "-c 1 10.9.9.2", arriving: 0, says: "Destination Host Prohibited"),
        Case(
            name: "limit",
            rules: [
                "-A FORWARD -i near -m limit --limit 1/hour --limit-burst 3 -j ACCEPT",
                "-A FORWARD -i near -j DROP",
            ], ping: "-c 6 -i 0.01 10.9.9.2", arriving: 3, says: "6 packets transmitted, 3 received"
        ),
        Case(
            name: "hashlimit",
            rules: [
                "-A FORWARD -i near -m hashlimit --hashlimit-upto 1/hour --hashlimit-burst 2 --hashlimit-mode srcip --hashlimit-name box -j ACCEPT",
                "-A FORWARD -i near -j DROP",
            ], ping: "-c 6 -i 0.01 10.9.9.2", arriving: 2, says: "6 packets transmitted, 2 received"
        ),
        Case(
            name: "recent",
            rules: [
                "-A FORWARD -i near -m recent --name box --set",
                "-A FORWARD -i near -m recent --name box --rcheck --seconds 3600 --hitcount 4 -j DROP",
            ], ping: "-c 6 -i 0.01 10.9.9.2", arriving: 3),
        Case(
            name: "statistic",
            rules: ["-A FORWARD -i near -m statistic --mode nth --every 2 --packet 0 -j DROP"],
            ping: "-c 6 -i 0.01 10.9.9.2", arriving: 3),
        Case(
            name: "string",
            rules: ["-A FORWARD -m string --algo bm --hex-string |abababab| -j DROP"],
            ping: "-c 1 -p ab 10.9.9.2", arriving: 0),
        Case(
            name: "length and ttl",
            rules: ["-A FORWARD -p icmp -m length --length 84 -m ttl --ttl-eq 63 -j DROP"],
            ping: "-c 1 10.9.9.2", arriving: 0),
        Case(
            name: "LOG", rules: ["-A FORWARD -i near -j LOG --log-prefix box"],
            ping: "-c 2 -i 0.01 10.9.9.2", arriving: 2),
        Case(
            name: "conntrack",
            rules: [
                "-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT",
                "-A FORWARD -i far -j DROP",
            ], ping: "-c 1 10.9.9.2", arriving: 1, says: " 0% packet loss"),
        Case(
            name: "CT --notrack",
            rules: [
                "-t raw -A PREROUTING -i near -p icmp -j CT --notrack",
                "-A FORWARD -m conntrack --ctstate UNTRACKED -j DROP",
            ], ping: "-c 1 10.9.9.2", arriving: 0),
        Case(
            name: "CT --zone",
            rules: [
                "-t raw -A PREROUTING -i near -j CT --zone 7",
                "-A FORWARD -i far -m conntrack --ctstate INVALID -j DROP",
            ], ping: "-c 1 10.9.9.2", arriving: 1, says: "100% packet loss"),
        Case(
            name: "CT --timeout",
            rules: [
                "-t raw -A PREROUTING -p icmp -j CT --timeout slow",
                "-A FORWARD -p icmp ! -i far -m conntrack --ctexpire 800:901 -j DROP",
            ], ping: "-c 2 -i 0.01 10.9.9.2", arriving: 1),
        Case(
            name: "SET and set",
            rules: [
                "-A FORWARD -i near -j SET --add-set box src",
                "-A FORWARD -m set --match-set box dst -j DROP",
            ], ping: "-c 1 10.9.9.2", arriving: 1, says: "100% packet loss"),
        Case(
            name: "nfacct", rules: ["-A FORWARD -m nfacct --nfacct-name box -j DROP"],
            ping: "-c 1 10.9.9.2", arriving: 0),
        Case(
            name: "arptables",
            rules: ["arptables -A INPUT -s 10.9.8.2 --opcode Request -j DROP"],
            ping: "-c 1 10.9.9.2", arriving: 0, says: "100% packet loss"),
        Case(
            name: "arptables mangle",
            rules: [
                "arptables -A OUTPUT -j mangle --mangle-mac-s 02:00:00:00:00:99 --mangle-target ACCEPT"
            ], ping: "-c 1 10.9.9.2", arriving: 0, says: "100% packet loss"),
    ]

    static let bridged: [Case] = [
        Case(name: "no rule", rules: [], ping: "-c 1 10.9.8.3", arriving: 1),
        Case(
            name: "ip", rules: ["ebtables -A FORWARD -p IPv4 --ip-src 10.9.8.2 -j DROP"],
            ping: "-c 1 10.9.8.3", arriving: 0),
        Case(
            name: "mark",
            rules: [
                "ebtables -A FORWARD -p IPv4 -j mark --mark-set 3 --mark-target CONTINUE",
                "ebtables -A FORWARD --mark 3 -j DROP",
            ], ping: "-c 1 10.9.8.3", arriving: 0),
        Case(
            name: "snat",
            rules: [
                "ebtables -t nat -A POSTROUTING -o far -p IPv4 -j snat --to-src 02:00:00:00:00:77 --snat-target ACCEPT"
            ], ping: "-c 1 10.9.8.3", watch: "ether saddr 02:00:00:00:00:77", arriving: 1),
        Case(
            name: "arpreply",
            rules: [
                "ebtables -t nat -A PREROUTING -p ARP --arp-op Request --arp-ip-dst 10.9.8.3 -j arpreply --arpreply-mac 02:00:00:00:00:50 --arpreply-target DROP"
            ], ping: "-c 1 10.9.8.3", arriving: 0, says: "100% packet loss", isCounted: false),
        Case(
            name: "limit",
            rules: [
                "ebtables -A FORWARD -p IPv4 -i near --limit 1/hour --limit-burst 2 -j ACCEPT",
                "ebtables -A FORWARD -p IPv4 -i near -j DROP",
            ], ping: "-c 4 -i 0.01 10.9.8.3", arriving: 2),
        Case(
            name: "among",
            rules: [
                "ebtables -A FORWARD -p IPv4 --among-src ! 02:00:00:00:00:01,02:00:00:00:00:02 -j DROP"
            ], ping: "-c 1 10.9.8.3", arriving: 0),
        Case(
            name: "pkttype", rules: ["ebtables -A FORWARD --pkttype-type broadcast -j DROP"],
            ping: "-c 1 10.9.8.3", arriving: 0, says: "100% packet loss", isCounted: false),
    ]

    /// Sends the packets past the rules, with both.
    private func check(_ test: Case, isBridge: Bool) throws {
        let judged = try Judged()
        defer { judged.stop() }
        let boxes = (
            try PacketBox(judged.daemon.namespace, isBridge: isBridge),
            try PacketBox(judged.judge, isBridge: isBridge)
        )
        let ours = try outcome(test, boxes.0) { try judged.ours($0) }
        let real = try outcome(test, boxes.1) { try judged.real($0) }
        #expect(ours == real)
        #expect(real.said.contains(test.says), "\(real.said)")
        #expect(real.arrived == test.arriving)
    }

    /// What came of a case.
    struct Outcome: Equatable {
        var said: String
        var arrived: Int
        /// What the rules have counted.
        var counted: String
    }

    private func outcome(
        _ test: Case, _ box: PacketBox, _ run: (String) throws -> Judged.Side
    ) throws -> Outcome {
        try box.box.run {
            try NetfilterObject.makeSet("box")
            try NetfilterObject.makeTimeout("slow", seconds: 900)
            try NetfilterObject.makeAccount("box")
        }
        for rule in test.rules {
            let line = rule.hasPrefix("-") ? "iptables \(rule.replacing("|", with: "\\|"))" : rule
            let side = try run(line)
            #expect(side.status == 0, "\(line): \(side.errors)")
        }
        try box.watch(test.watch)
        let said = try box.ping(test.ping)
        let counted = try run("iptables-save -c; ebtables-save -c").output
            .split(separator: "\n").filter { $0.hasPrefix("[") }.joined(separator: "\n")
        return Outcome(
            said: said, arrived: try box.watched(), counted: test.isCounted ? counted : "")
    }

    @Test(arguments: routed) func packetsThatAreRouted(_ test: Case) throws {
        try check(test, isBridge: false)
    }

    @Test(arguments: bridged) func framesThatAreBridged(_ test: Case) throws {
        try check(test, isBridge: true)
    }

    /// Connections, which `ping` cannot make: ports that are translated, resets, the segment size.
    @Test func connections() throws {
        let judged = try Judged()
        defer { judged.stop() }
        for (namespace, links) in [
            (judged.daemon.namespace, judged.links), (judged.judge, judged.realLinks),
        ] {
            let box = try PacketBox(namespace)
            let isOurs = links == judged.links
            for rule in [
                "-t nat -A PREROUTING -d 10.9.8.1 -p tcp --dport 80 -j DNAT --to-destination 10.9.9.2:8080",
                "-t nat -A PREROUTING -p tcp --dport 81 -j REDIRECT --to-ports 8081",
                "-t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1000",
                "-A FORWARD -p tcp --dport 82 -j REJECT --reject-with tcp-reset",
            ] {
                let side =
                    try isOurs ? judged.ours("iptables " + rule) : judged.real("iptables " + rule)
                #expect(side.status == 0, "\(side.errors)")
            }
            try box.watch("tcp dport 8080 tcp option maxseg size 1000")
            let far = try box.far.run { try PortListener(port: 8_080) }
            let here = try box.box.run { try PortListener(port: 8_081) }
            func errno(_ address: String, _ port: UInt16) throws -> Int32 {
                try box.near.run { InternetAddress.connectionErrno(to: address, port: port) }
            }
            #expect(try errno("10.9.8.1", 80) == 0)
            #expect(try errno("10.9.9.2", 81) == 0)
            #expect(try errno("10.9.9.2", 82) == ECONNREFUSED)
            #expect(try errno("10.9.8.1", 83) == ECONNREFUSED)
            #expect(try box.watched() == 1)
            _ = (far, here)
        }
        let counters = "iptables-save -c | grep '^\\['"
        #expect(try judged.ours(counters) == judged.real(counters))
    }

    /// Packets that are logged to a group reach who listens there.
    @Test func packetsAreLogged() throws {
        let judged = try Judged()
        defer { judged.stop() }
        for isOurs in [true, false] {
            let box = try PacketBox(isOurs ? judged.daemon.namespace : judged.judge)
            let rule =
                "iptables -A FORWARD -i near -j NFLOG --nflog-group 7 --nflog-prefix 'to far' --nflog-threshold 1"
            let side = try isOurs ? judged.ours(rule) : judged.real(rule)
            #expect(side.status == 0, "\(side.errors)")
            let listener = try box.box.run { try LogListener(group: 7) }
            _ = try box.ping("-c 2 -i 0.01 10.9.9.2")
            #expect(try listener.prefixes() == ["to far", "to far"])
        }
    }
}
