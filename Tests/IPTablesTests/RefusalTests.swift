import IPTables
import NetlinkProto
import RuleSyntax
import TestSupport
import Testing

/// Lines that iptables refuses are refused, in its words and with its exit status.
@Suite struct RefusalTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let line: String
        let table: String
        let chain: String
        let family: Family

        init(
            _ line: String, _ table: String = "filter", _ chain: String = "INPUT",
            _ family: Family = .ip
        ) {
            self.line = line
            self.table = table
            self.chain = chain
            self.family = family
        }

        var testDescription: String { "\(family.name) \(table) \(chain) \(line)" }
    }

    static let cases: [Case] = [
        Case("-j NOSUCH"), Case("-g NOSUCH"), Case("-p nosuch"), Case("! -p all"), Case("-p 256"),
        Case("-p tcp -p udp"),
        Case("-s 10.0.0.0/33"), Case("-s 300.1.1.1"), Case("-s ::1"),
        Case("-s fe80::/129", "filter", "INPUT", .ip6),
        Case("-s 1.2.3.4 -s 1.2.3.5"), Case("! -s 1.2.3.4,1.2.3.5"), Case("-i a2345678901234567"),
        Case("-o eth0"), Case("-i eth0", "filter", "OUTPUT"),
        Case("! ! -s 1.2.3.4"), Case("! -j ACCEPT"), Case("! -m limit"), Case("-j ACCEPT -j DROP"),
        Case("--nosuch"), Case("stray"), Case("-j"),
        Case("--dport 22"), Case("-p tcp --dport"), Case("-p tcp --dport 70000"),
        Case("-p tcp --dport nosuch"), Case("-p tcp --dport 5:3"),
        Case("-p icmp --dport 22"), Case("-m tcp --dport 22"), Case("-m udp --dport 22"),
        Case("-p tcp --tcp-flags SYN"), Case("-p tcp --tcp-flags NOSUCH SYN"),
        Case("-m nosuch"), Case("-m averylongmatchnamethatcannotbeatall"),
        Case("-m limit --limit 0/s"), Case("-m limit --limit x/s"), Case("-m limit --limit 5/year"),
        Case("-m limit --limit 5/s --limit 6/s"), Case("-m limit --limit 100000/s"),
        Case("-m multiport --dports 22"), Case("-p tcp -m multiport"),
        Case("-p tcp -m multiport --dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16"),
        Case("-p tcp -m multiport --dports x"), Case("-p icmp -m multiport --dports 1"),
        Case("-m conntrack"), Case("-m conntrack --ctstate NOSUCH"),
        Case("-m conntrack --ctproto nosuch"), Case("-m state --state FOO"),
        Case("-m mark"), Case("-m mark --mark x"), Case("-m mark --mark 0x1ffffffff"),
        Case("-m mark --mark 1 --mark 2"), Case("-m hashlimit"),
        Case("-m hashlimit --hashlimit-upto 5/s"),
        Case("-m hashlimit --hashlimit-upto 5/s --hashlimit-name x --hashlimit-mode foo"),
        Case("-m iprange"),
        Case("-m iprange --src-range 10.0.0.9-10.0.0.1/3"), Case("-m mac --mac-source 1:2:3"),
        Case("-m pkttype --pkt-type foo"), Case("-m length --length 70000"),
        Case("-m time --timestart 25:00"), Case("-m string --string x"),
        Case("-m string --string x --algo foo"), Case("-m statistic --mode random"),
        Case("-m statistic --mode foo"), Case("-m u32 --u32 foo"),
        Case("-m owner --uid-owner nosuchuser", "filter", "OUTPUT"), Case("-m ttl --ttl-eq 256"),
        Case("-m ttl --ttl-eq 1", "filter", "INPUT", .ip6), Case("-m hl --hl-eq 1"),
        Case("-m recent"), Case("-m recent --set --rcheck"), Case("-m comment"),
        Case("-m connlimit --connlimit-mask 40"), Case("-m dscp --dscp 64"),
        Case("-m bpf --bytecode 1"), Case("-m addrtype --src-type FOO"),
        Case("-j REJECT --reject-with foo"), Case("-j REJECT --reject-with tcp-reset"),
        Case("-j LOG --log-level foo"),
        Case("-j MARK"), Case("-j MARK --set-mark x"), Case("-j CONNMARK"),
        Case("-j DNAT", "nat", "PREROUTING"),
        Case("-j DNAT --to-destination 1.2.3.4:80", "nat", "PREROUTING"),
        Case("-j DNAT --to-destination foo:bar", "nat", "PREROUTING"),
        Case("-j SNAT --to-source 1.2.3.4", "nat", "PREROUTING"),
        Case("-j SNAT --to-source 1.2.3.4"),
        Case("-j MASQUERADE --to-ports 80", "nat", "POSTROUTING"),
        Case("-j REDIRECT --to-ports 80", "nat", "PREROUTING"),
        Case("-j DROP", "nat", "PREROUTING"),
        Case("-j TPROXY --on-port 80", "mangle", "PREROUTING"),
        Case("-p tcp -j TPROXY", "mangle", "PREROUTING"),
        Case("-j TCPMSS --set-mss 1400", "mangle", "FORWARD"),
        Case("-j DSCP --set-dscp 64", "mangle", "FORWARD"),
        Case("-j TTL --ttl-set 256", "mangle", "FORWARD"),
        Case("-j CT --zone 70000", "raw", "PREROUTING"),
        Case("-j CT --helper averylonghelpername0", "raw", "PREROUTING"),
        Case("-j NFQUEUE --queue-num 70000"), Case("-j NFLOG --nflog-group 70000"),
        Case("-j CLASSIFY --set-class x", "filter", "OUTPUT"),
        Case("-f", "filter", "INPUT", .ip6), Case("-c x 1"), Case("-c 1"), Case("-m rpfilter"),
        // What the kernel of the tests does not have, and what names things that are not there.
        Case("-m ipvs --ipvs"), Case("-j LED --led-trigger-id x"), Case("-j ULOG"),
        Case("-m nfacct --nfacct-name nosuch"), Case("-m set --match-set nosuch src"),
        Case("-j SET --add-set nosuch src"), Case("-m bpf --object-pinned /nosuch"),
        Case("-j CT --timeout nosuch", "raw", "PREROUTING"),
        Case("-p tcp -j CT --helper nosuch", "raw", "PREROUTING"),
        Case("-j SECMARK --selctx foo", "security", "INPUT"),
        Case("-j SECMARK", "security", "INPUT"),
        Case("-m connlabel --label 128"), Case("-m cgroup --path nosuch"),
        Case("-m ipv6header --header nosuch", "filter", "INPUT", .ip6),
        Case("-m unclean"), Case("-j MIRROR"), Case("-j TARPIT"),
        Case("-j QUEUE"), Case("-N foo"), Case("-n"), Case("-x"), Case("--line-numbers"),
        Case("-p tcp -- foo"),
    ]

    @Test func everyLineIsRefusedInTheWordsOfIPTables() throws {
        try Namespace().run {
            for test in RefusalTests.cases { try RefusalTests.check(test) }
        }
    }

    private static func check(_ test: Case) throws {
        let program = test.family == .ip ? "iptables-nft" : "ip6tables-nft"
        let words = try CommandLine.split(test.line)
        let real = try ChildProcess(program, ["-t", test.table, "-A", test.chain] + words).wait()
        #expect(real.status != 0, "\(test.testDescription)")
        let bench = try Bench(family: test.family, table: test.table, chain: test.chain)
        do {
            let bodies = try bench.parse(words)
            // What the kernel refuses to iptables it refuses to us.
            #expect(throws: CommandFailure.self, "\(test.testDescription)") {
                try KernelRules(family: test.family, table: test.table)
                    .append(bodies, to: test.chain)
            }
            #expect(real.errors.contains("RULE_APPEND failed"), "\(test.testDescription)")
        } catch let error as RuleSyntaxError {
            let said = RefusalTests.plain(real.errors)
            let agrees = said.contains(RefusalTests.plain(error.message))
            #expect(agrees, "\(test.testDescription): iptables: \(said), ours: \(error)")
            #expect(error.status == real.status, "\(test.testDescription)")
            // What is found out only when the rule is whole has no word of its own.
            #expect(error.wordIndex.map { $0 <= words.count } ?? true, "\(test.testDescription)")
        }
    }

    private static func plain(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
