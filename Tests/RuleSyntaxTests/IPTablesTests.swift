import NetlinkProto
import RuleSyntax
import TestSupport
import Testing

/// iptables as the oracle: its canonical text, and its translation to nft's language.
@Suite struct IPTablesTests {
    /// Rules that iptables-nft takes in the INPUT chain of the filter table.
    static let rules: [String] = [
        "-p tcp --dport 22 -j ACCEPT", "-p tcp ! --dport 22 -j ACCEPT",
        "-p tcp --sport 1024: --dport :23 -j DROP", "-p udp --dport 53", "-p tcp -j ACCEPT",
        "! -p tcp -j ACCEPT", "-s 10.0.0.0/8 -j DROP", "! -s 10.1.2.3/20 -d 1.2.3.4 -j DROP",
        "-s 10.0.0.0/255.0.255.0 -j DROP", "-i eth+ -j ACCEPT", "! -i eth0 -j ACCEPT",
        "-i + -j ACCEPT", "-f -j DROP", "! -f -j DROP", "-p tcp --syn -j DROP",
        "-p tcp ! --syn -j DROP", "-p tcp --tcp-flags SYN,ACK SYN -j DROP",
        "-p tcp ! --tcp-flags ALL NONE -j DROP", "-p tcp --tcp-option 8 -j DROP",
        "-p tcp ! --tcp-option 8 -j DROP", "-p icmp --icmp-type echo-request -j ACCEPT",
        "-p icmp --icmp-type 3/1 -j ACCEPT", "-p icmp ! --icmp-type 3 -j ACCEPT",
        "-p icmp --icmp-type host-prohibited -j DROP", "-p sctp --dport 80 -j ACCEPT",
        "-p tcp -m multiport --dports 80,443 -j ACCEPT",
        "-p tcp -m multiport --dports 80,443,1000:2000 -j ACCEPT",
        "-p udp -m multiport ! --sports 80,443 -j ACCEPT",
        "-p tcp -m multiport --ports 80,443 -j ACCEPT",
        "-m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
        "-m conntrack --ctstate UNTRACKED,NEW,INVALID -j ACCEPT",
        "-m conntrack ! --ctstate NEW,INVALID -j ACCEPT", "-m conntrack --ctstate DNAT,SNAT",
        "-m conntrack --ctstatus CONFIRMED,ASSURED -j ACCEPT",
        "-m conntrack --ctstatus NONE -j ACCEPT", "-m conntrack --ctdir REPLY -j ACCEPT",
        "-m conntrack --ctproto 17 -j ACCEPT", "-m conntrack --ctorigsrc 10.0.0.0/8 -j ACCEPT",
        "-m conntrack --ctorigdstport 80 -j ACCEPT", "-m conntrack --ctexpire 10:20 -j ACCEPT",
        "-m mark --mark 1 -j ACCEPT", "-m mark ! --mark 0x1/0xff -j ACCEPT",
        "-m connmark --mark 16/255 -j ACCEPT", "-m limit --limit 5/sec -j ACCEPT",
        "-m limit --limit 10/minute --limit-burst 20", "-m limit --limit 3/hour -j LOG",
        "-m limit --limit 2/day", "-m comment --comment hello -j ACCEPT",
        "-m comment --comment \"two words\" -j ACCEPT",
        "-m iprange --src-range 10.0.0.1-10.0.0.9 -j ACCEPT",
        "-m iprange ! --dst-range 10.0.0.1-10.0.0.9 -j ACCEPT",
        "-m mac --mac-source 00:11:22:AA:bb:cc -j ACCEPT",
        "-m pkttype --pkt-type broadcast -j ACCEPT", "-m pkttype ! --pkt-type unicast -j ACCEPT",
        "-m addrtype --src-type LOCAL -j ACCEPT",
        "-m addrtype --dst-type BROADCAST,LOCAL -j ACCEPT",
        "-m addrtype ! --dst-type LOCAL --limit-iface-in -j ACCEPT",
        "-m length --length 100 -j ACCEPT", "-m length ! --length 100:200 -j ACCEPT",
        "-m length --length 100: -j ACCEPT", "-j REJECT", "-j REJECT --reject-with host-prohib",
        "-p tcp -j REJECT --reject-with tcp-reset", "-j LOG --log-prefix \"hi there\"",
        "-j LOG --log-level debug --log-uid --log-macdecode --log-tcp-sequence",
        "-j LOG --log-level warning", "-j NFLOG --nflog-group 5 --nflog-prefix hi",
        "-j NFLOG --nflog-size 100 --nflog-threshold 10", "-j NFQUEUE --queue-num 3",
        "-j NFQUEUE --queue-balance 3:5 --queue-cpu-fanout --queue-bypass", "-j RETURN",
        "-s 10.0.0.1", "-p 47", "-p ipv6-icmp", "-p 200",
    ]

    /// iptables' text as ours: it names the protocol's match where ours leaves it out.
    private static func ours(_ line: Substring) -> String {
        var words = (try? CommandLine.split(String(line))) ?? []
        words.removeFirst(2)
        for name in ["tcp", "udp", "icmp", "sctp"] {
            if let place = words.indices.dropLast().first(where: {
                words[$0] == "-m" && words[$0 + 1] == name
            }) {
                words.removeSubrange(place...(place + 1))
            }
        }
        return CommandLine.join(words)
    }

    @Test func theCanonicalTextIsThatOfIPTables() throws {
        let namespace = try Namespace()
        let script =
            "*filter\n" + IPTablesTests.rules.map { "-A INPUT \($0)\n" }.joined() + "COMMIT\n"
        let saved = try namespace.run {
            try Command.check("iptables-nft-restore", input: script)
            return try Command.check("iptables-nft", "-S", "INPUT")
        }
        let lines = saved.split(separator: "\n").filter { $0.hasPrefix("-A") }
        #expect(lines.count == IPTablesTests.rules.count)
        for (rule, line) in zip(IPTablesTests.rules, lines) {
            let body = try RuleText.parse(line: rule, context: RuleContext(family: .ip)).body
            #expect(RuleText.print(body, family: .ip) == IPTablesTests.ours(line), "\(rule)")
        }
    }

    @Test func iptablesTextOfOneRuleIsReadAsTheSameRule() throws {
        let namespace = try Namespace()
        let script =
            "*filter\n" + IPTablesTests.rules.map { "-A INPUT \($0)\n" }.joined() + "COMMIT\n"
        let saved = try namespace.run {
            try Command.check("iptables-nft-restore", input: script)
            return try Command.check("iptables-nft-save", "-t", "filter")
        }
        let lines = saved.split(separator: "\n").filter { $0.hasPrefix("-A INPUT") }
        let context = RuleContext(family: .ip)
        for (rule, line) in zip(IPTablesTests.rules, lines) {
            let read = try RuleText.parse(line: String(line.dropFirst(9)), context: context)
            #expect(try read == RuleText.parse(line: rule, context: context), "\(line)")
        }
    }

    /// Rules made of random parts, all of which iptables-translate can translate truly.
    private static func randomRule(_ generator: inout SeededGenerator) -> String {
        var parts: [String] = []
        func pick(_ choices: [String]) {
            if let choice = choices.randomElement(using: &generator), !choice.isEmpty {
                parts.append(choice)
            }
        }
        pick([
            "", "", "-s 10.0.0.0/8", "! -s 10.1.16.0/20", "-s 1.2.3.4", "-s 10.0.0.0/255.0.255.0",
        ])
        pick(["", "", "-d 192.168.7.0/24", "! -d 5.6.7.8"])
        pick(["", "", "-i eth0", "! -i br+", "-i lo"])
        let isTCP = generator.oneIn(2)
        pick([isTCP ? "-p tcp" : "-p udp"])
        pick([
            // iptables-translate forgets the ! of udp ports.
            "", "--dport 22", isTCP ? "! --dport 1:9" : "--dport 9",
            "--sport 1024:65535 --dport 80",
            "--sport 7 --dport 9",
        ])
        pick(["", "-m multiport --dports 80,443", "-m multiport ! --sports 1,5:9"])
        pick(["", "-m conntrack --ctstate NEW", "-m conntrack ! --ctstate INVALID,UNTRACKED"])
        pick(["", "-m mark --mark 0x5", "-m mark ! --mark 0x1/0xf", "-m connmark --mark 0x9"])
        pick(["", "-m limit --limit 7/min --limit-burst 9", "-m pkttype --pkt-type multicast"])
        pick(["", "-m addrtype --dst-type LOCAL", "-m length --length 40:1500"])
        pick(["", "-j ACCEPT", "-j DROP", "-j REJECT", "-j LOG --log-prefix x", "-j RETURN"])
        return parts.joined(separator: " ")
    }

    @Test func translationsOfIPTablesAreTheSameRules() throws {
        var generator = SeededGenerator()
        let rules = (0..<120).map { _ in IPTablesTests.randomRule(&generator) }
        let frame = """
            add table ip t
            add chain ip t c { type filter hook input priority 0; }

            """
        let script = try frame + rules.map(IPTablesTests.translated).joined()
        let theirs = try list { try Command.check("nft", "-f", "-", input: script) }
        let bodies = try rules.map {
            try RuleText.parse(line: $0, context: RuleContext(family: .ip)).body
        }
        let ours = try list {
            try Command.check("nft", "-f", "-", input: frame)
            try KernelRules(family: .ip, table: "t").append(bodies, to: "c")
        }
        #expect(ours.count == theirs.count)
        for (index, rule) in rules.enumerated() where index < min(ours.count, theirs.count) - 3 {
            #expect(ours[index + 3] == theirs[index + 3], "\(rule)")
        }
    }

    private static func translated(_ rule: String) throws -> String {
        let words = try CommandLine.split(rule)
        let text = try ChildProcess("iptables-translate", ["-A", "INPUT"] + words).wait().output
        let start = try #require(text.firstRange(of: "INPUT "))
        let statement = text[start.upperBound...].prefix { $0 != "'" }
        // iptables looks at the header's field where nft, and xt2, look at the packet's protocol.
        return "add rule ip t c "
            + statement.replacing("ip protocol ", with: "meta l4proto ") + "\n"
    }

    private func list(_ load: @escaping @Sendable () throws -> Void) throws -> [String] {
        try Namespace().run {
            try load()
            return try Command.check("nft", "-nn", "list", "table", "ip", "t")
                .split(separator: "\n").map(String.init)
        }
    }
}
