import NetlinkProto
import RuleSyntax
import TestSupport
import Testing

/// What is refused, which word is named, and what is suggested.
@Suite struct ErrorTests {
    struct Case: Sendable {
        var line: String
        var family = Family.ip
        /// The index of the word at fault.
        var word: Int?
        /// A part of the message and hint.
        var says: String

        init(_ line: String, _ family: Family = .ip, at word: Int?, _ says: String) {
            self.line = line
            self.family = family
            self.word = word
            self.says = says
        }
    }

    /// What tables of one family cannot hold, and which can.
    static let familyCases: [Case] = [
        Case("-m conntrack --ctstate NEW", .bridge, at: 1, "it works in ip, ip6, inet"),
        Case("-m conntrack --ctstate NEW", .netdev, at: 1, "family netdev"),
        Case("-m conntrack --ctstate NEW", .arp, at: 1, "family arp"),
        Case("-j MASQUERADE", .netdev, at: 1, "it works in ip, ip6, inet"),
        Case("-j REJECT", .arp, at: 1, "it works in ip, ip6, inet, netdev"),
        Case("-j REJECT", .bridge, at: 1, "target REJECT does not work"),
        Case("-j SNAT --to-source 1.2.3.4", .bridge, at: 1, "target SNAT does not work"),
        Case("-j mangle --mangle-ip-s 1.2.3.4", .ip, at: 1, "it works in arp"),
        Case("-j redirect", .netdev, at: 1, "it works in bridge"),
        Case("--opcode Request", .ip, at: 0, "it works in arp"),
        Case("--vlan-id 5", .inet, at: 0, "it works in bridge"),
        Case("-p tcp", .arp, at: 0, "it works in"),
        Case("-p tcp", .bridge, at: 1, "is not an EtherType"),
        Case("-p IPv5", .bridge, at: 1, "did you mean IPv4?"),
        Case("-p 8100", .bridge, at: 1, "write 0x8100"),
        Case("-p 0x5ff", .bridge, at: 1, "LENGTH is for"),
        Case("-p 0x10000", .bridge, at: 1, "at most 65535"),
        Case("-s 10.0.0.1", .bridge, at: 1, "is not an Ethernet address"),
        Case("-s 00:11:22:33:44:55/00:00:00:00:00:00", .bridge, at: 1, "asks for nothing"),
        Case("--ip-src 10.0.0.1", .bridge, at: 0, "add -p IPv4"),
        Case("-p IPv6 --ip-src 10.0.0.1", .bridge, at: 2, "add -p IPv4"),
        Case("! -p IPv4 --ip-src 10.0.0.1", .bridge, at: 3, "add -p IPv4"),
        Case("-p IPv4 --ip-src fe80::1", .bridge, at: 3, "takes an IPv4 address"),
        Case("-p IPv4 --ip-dport 80", .bridge, at: 2, "add --ip-proto tcp"),
        Case("-p IPv6 --ip6-dport 80", .bridge, at: 2, "add --ip6-proto tcp"),
        Case("-p IPv4 --ip-proto udp --ip-icmp-type 8", .bridge, at: 4, "add --ip-proto icmp"),
        Case("-p IPv4 --ip-proto tpc", .bridge, at: 3, "did you mean tcp?"),
        Case("-p IPv4 --ip-src 1.2.3.4 --ip-src 1.2.3.5", .bridge, at: 4, "given twice"),
        Case("-p IPv4 --vlan-id 5", .bridge, at: 2, "add -p 802_1Q"),
        Case("-p 802_1Q --vlan-id 4096", .bridge, at: 3, "at most 4095"),
        Case("-p 802_1Q --vlan-prio 8", .bridge, at: 3, "at most 7"),
        Case("--arp-op Request", .bridge, at: 0, "add -p ARP"),
        Case("-p ARP --arp-op Reqest", .bridge, at: 3, "did you mean Request?"),
        Case("--802_3-sap 0x42", .bridge, at: 0, "add -p LENGTH"),
        Case("--stp-root-cost 9:5", .bridge, at: 1, "is empty"),
        Case("--among-src 00:11:22:33:44:55=1.2.3.4", .bridge, at: 1, "add -p IPv4"),
        Case("--among-src 00:11:22:33:44:55,", .bridge, at: 1, "is not an Ethernet address"),
        Case("-j snat", .bridge, at: 1, "needs --to-source"),
        Case("-j snat --to-source 1.2.3.4", .bridge, at: 3, "is not an Ethernet address"),
        Case("-j mark", .bridge, at: 1, "mark takes one of"),
        Case("-j mark --mark-set 1 --mark-target GO", .bridge, at: 5, "ACCEPT, DROP"),
        Case("-j arpreply --arpreply-mac 00:11:22:33:44:55", .bridge, at: 1, "add -p ARP"),
        Case("-s fe80::1", .arp, at: 1, "takes an IPv4 address"),
        Case("--proto-type 800", .arp, at: 1, "write 0x800"),
        Case("--opcode 0x10/0x3", .arp, at: 1, "outside of its mask"),
        Case("--h-length 256", .arp, at: 1, "at most 255"),
        Case("-j mangle", .arp, at: 1, "mangle takes some of"),
        Case("-s 10.0.0.1 -d fe80::1", .netdev, at: 3, "no packet is both"),
        Case("-j NFQUEUE", .netdev, at: 1, "does not work in tables of family netdev"),
    ]

    static let cases: [Case] = [
        Case("-p tcp --dprot 22", at: 2, "did you mean --dport?"),
        Case("--dport 22", at: 0, "add -p tcp or -p udp"),
        Case("-p icmp --dport 22", at: 2, "add -p tcp or -p udp"),
        Case("-m tcp --dport 22", at: 1, "add -p tcp"),
        Case("-p tcp --dport 70000", at: 3, "a port is at most 65535, not 70000"),
        Case("-p tcp --dport htpp", at: 3, "did you mean http?"),
        Case("-p tcp --dport 90:80", at: 3, "80:90"),
        Case("-p tcp --dport 1:2:3", at: 3, "is not a port"),
        Case("-p tcp --dport :", at: 3, "is not a port"),
        Case("-p tcp --dport", at: 3, "--dport needs PORT"),
        Case("-p tcp --dport --sport", at: 3, "--dport needs PORT"),
        Case("-p tcp --dport ! 22", at: 3, "! stands in front of the option"),
        Case("-p tcp --dport 22 --dport 23", at: 4, "--dport is given twice"),
        Case("-p tcp -p udp", at: 2, "-p is given twice"),
        Case("-p", at: 1, "-p needs PROTOCOL"),
        Case("-p tpc", at: 1, "did you mean tcp?"),
        Case("-p tpc --dport 22", at: 1, "did you mean tcp?"),
        Case("--dport 22 --protocol=tpc", at: 2, "did you mean tcp?"),
        Case("-p tpc -m tcp --dport 22", at: 1, "did you mean tcp?"),
        Case("-m recnt --set", at: 1, "did you mean -m recent?"),
        Case("-p 256", at: 1, "at most 255"),
        Case("! -p all", at: 2, "no packet is of no protocol"),
        Case("! ! -p tcp", at: 1, "! twice"),
        Case("-p tcp !", at: 2, "an option belongs behind !"),
        Case("! tcp", at: 1, "an option belongs behind !"),
        Case("! -j DROP", at: 0, "-j cannot be negated"),
        Case("! -m mark --mark 1", at: 0, "-m cannot be negated"),
        Case("-m limit ! --limit 1/s", at: 2, "--limit cannot be negated"),
        Case("tcp", at: 0, "is not an option"),
        Case("-s 10.0.0.0/33", at: 1, "from 0 to 32"),
        Case("-s 10.0.0", at: 1, "is not an address"),
        Case("-s example.org", at: 1, "names are not looked up"),
        Case("-s fe80::1", at: 1, "this is IPv6, but the table's family is ip"),
        Case("-d 10.0.0.1", .ip6, at: 1, "this is IPv4, but the table's family is ip6"),
        Case("-s 10.0.0.1 -d fe80::1", .inet, at: 3, "no packet is both"),
        Case("-s 10.0.0.1,fe80::1", .inet, at: 1, "IPv4 and IPv6 in one list"),
        Case("-s 10.0.0.0/255.0.255.0,1.2.3.4", at: 1, "a mask with holes"),
        Case("! -s 0.0.0.0/0", at: 2, "outside of /0"),
        Case("-4 -j DROP", .ip6, at: 0, "this is IPv4"),
        Case("-i 0123456789abcdef", at: 1, "has at most 15 bytes"),
        Case("-i \"a b\"", at: 1, "no blanks"),
        Case("-i \"\"", at: 1, "cannot be empty"),
        Case("! -i +", at: 2, "no interface is outside of +"),
        Case("-p tcp --tcp-flags SYN,FOO SYN", at: 3, "“FOO” is not a TCP flag"),
        Case("-p tcp --tcp-flags SYN ACK", at: 4, "not among those examined"),
        Case("-p tcp --tcp-flags SYN", at: 4, "--tcp-flags needs SET"),
        Case("-p tcp --syn --tcp-flags SYN SYN", at: 3, "only one of them fits"),
        Case("-p icmp --icmp-type pingg", at: 3, "did you mean ping?"),
        Case("-p icmp --icmp-type 3/256", at: 3, "at most 255"),
        Case("-p icmpv6 --icmpv6-type 1", at: 2, "this is IPv6"),
        Case("-p tcp -m multiport", at: 3, "takes one of --sports"),
        Case("-m multiport --dports 1,2", at: 1, "needs a protocol that has ports"),
        Case("-p tcp -m multiport --dports 1,,2", at: 5, "is not a port"),
        Case("-m conntrak --ctstate NEW", at: 1, "did you mean -m conntrack?"),
        Case("--ctstate NEW", at: 0, "put -m conntrack in front of it"),
        Case("-m conntrack", at: 1, "such as --ctstate NEW"),
        Case("-m conntrack --ctstate NEWW", at: 3, "did you mean NEW?"),
        Case("-m conntrack --ctstate NEW,DNAT", at: 3, "write two rules"),
        Case("-m conntrack --ctstatus FOO", at: 3, "is not a status"),
        Case("-m conntrack --ctdir BOTH", at: 3, "ORIGINAL or REPLY"),
        Case(
            "-m hashlimit --hashlimit-above 5/s", at: 1,
            "match hashlimit is an extension of iptables"),
        Case("-m", at: 1, "-m needs the name of a match"),
        Case("-m mark", at: 1, "needs --mark"),
        Case("-m mark --mark 010", at: 3, "is not a mark"),
        Case("-m mark --mark 0x100000000", at: 3, "at most 4294967295"),
        Case("-m mark --mark 0x100/0xff", at: 3, "outside of its mask"),
        Case("-m limit --limit 5/week", at: 3, "is not second, minute"),
        Case("-m limit --limit 0/s", at: 3, "at least 1"),
        Case("-m iprange --src-range 10.0.0.9-10.0.0.1", at: 3, "is empty"),
        Case("-m mac --mac-source 00:11:22:33:44", at: 3, "is not an Ethernet address"),
        Case("-m addrtype --src-type LOCALE", at: 3, "did you mean LOCAL?"),
        Case("-m owner --uid-owner nobody-of-this-name", at: 3, "there is no user"),
        Case("-m owner --gid-owner nobody-of-this-name", at: 3, "there is no group"),
        Case("-m owner --socket-exists", .inet, at: 2, "family ip and ip6 only"),
        Case("-m length --length 70000", at: 3, "at most 65535"),
        Case("-m comment", at: 1, "needs --comment"),
        Case("-m comment --comment a -m comment --comment b", at: 6, "this is the second"),
        Case(
            "-m comment --comment " + String(repeating: "x", count: 244), at: 3, "at most 243 bytes"
        ),
        Case("-m comment --comment \"a\u{1B}b\"", at: 3, "no control characters"),
        Case("-j", at: 1, "-j needs a target or a chain"),
        Case("-j accept", at: 1, "did you mean ACCEPT?"),
        Case("-j SECMARK", at: 1, "target SECMARK is an extension of iptables"),
        Case("-j DROP -j ACCEPT", at: 2, "this is the second"),
        Case("-j DROP -g other", at: 2, "this is the second"),
        Case("-j --foo", at: 1, "-j needs a target"),
        Case("-j \"two words\"", at: 1, "no blanks"),
        Case("-j " + String(repeating: "x", count: 256), at: 1, "1 to 255 bytes"),
        Case("--reject-with tcp-reset", at: 0, "it belongs behind -j REJECT"),
        Case("-j DROP --reject-with tcp-reset", at: 2, "not to -j DROP"),
        Case("-j REJECT --reject-with tcp-reset", at: 3, "add -p tcp"),
        Case(
            "-j REJECT --reject-with icmp6-no-route", at: 3, "does not work in a table of family ip"
        ),
        Case(
            "-j REJECT --reject-with icmp-port-unreachabel", at: 3,
            "did you mean icmp-port-unreachable?"),
        Case(
            "-j REJECT --reject-with icmpx-no-route", at: 3, "does not work in a table of family ip"
        ),
        Case(
            "-j LOG --log-prefix " + String(repeating: "x", count: 128), at: 3, "at most 127 bytes"),
        Case("-j LOG --log-level loud", at: 3, "is not a log level"),
        Case("-j MARK", at: 1, "MARK takes one of"),
        Case("-j MARK --set-mark 1 --or-mark 2", at: 1, "MARK takes one of"),
        Case("-j CONNMARK --set-mark 1 --nfmask 2", at: 4, "belongs to --save-mark"),
        Case("-j CONNMARK --save-mark --ctmask 1", .inet, at: 2, "family ip and ip6 only"),
        Case("-j SNAT", at: 1, "needs --to-source"),
        Case("-j SNAT --to-source 1.2.3.4:80", at: 3, "add -p tcp or -p udp"),
        Case("-p tcp -j SNAT --to-source 1.2.3.4:0", at: 5, "port 0"),
        Case("-j DNAT --to-destination fe80::1", at: 3, "another family"),
        Case("-s fe80::1 -j DNAT --to-destination 1.2.3.4", .inet, at: 5, "another family"),
        Case("-j REDIRECT --to-ports 80", at: 2, "add -p tcp or -p udp"),
        Case("-j NFQUEUE --queue-num 1 --queue-balance 1:2", at: 4, "exclude each other"),
        Case("-j NFQUEUE --queue-balance 3:3", at: 3, "two different queues"),
        Case("-j CT", at: 1, "CT needs --notrack or --zone"),
        Case("-j CT --zone 5 --notrack", at: 2, "in no zone"),
        Case("-j CT --zone 5 --zone-orig 6", at: 2, "both directions"),
        Case("-j CT --zone 65536", at: 3, "at most 65535"),
        Case("-j DSCP --set-dscp 64", at: 3, "at most 63"),
        Case("-j DSCP --set-dscp-class AF99", at: 3, "is not a class"),
        Case("-j DSCP --set-dscp 1", .inet, at: 1, "add -4 or -6"),
        Case("-j TOS --set-tos 256", at: 3, "at most 255"),
        Case("-j TTL", at: 1, "TTL needs --ttl-set"),
        Case("-j TTL --ttl-set 256", at: 3, "at most 255"),
        Case("-j HL --hl-set 1", at: 1, "this is IPv6"),
        Case("-j TCPMSS --set-mss 1400", at: 1, "add -p tcp"),
        Case("-j TPROXY --on-port 80", at: 1, "add -p tcp or -p udp"),
        Case("-p tcp -j TPROXY", at: 3, "needs --on-port"),
        Case("-p tcp -j TPROXY --on-port 0", at: 5, "needs --on-ip"),
        Case("-p tcp -j TPROXY --on-port 1 --on-ip fe80::1", at: 7, "another family"),
        Case("-j NETMAP --to 10.0.0.0/24", at: 1, "-j DNAT --to-destination PREFIX"),
        Case("-j DNAT --to-destination 10.0.0.0/255.0.255.0", at: 3, "a mask with holes"),
        Case("-p tcp -j DNAT --to-destination 10.0.0.0/24:80", at: 5, "has no ports"),
        Case("-j TEE --gateway 10.0.0.1", .inet, at: 3, "ip and ip6 only"),
        Case("-j CLASSIFY --set-class 1", at: 3, "such as 1:10"),
        Case("-j FWD --to-ifindex eth0", .netdev, at: 3, "the number of an interface"),
        Case("--no-counter=1", at: 0, "takes no value"),
        Case("-f=1", at: 0, "unknown option -f=1"),
        Case("-m nft --expr zz", at: 3, "hexadecimal bytes"),
        Case("-m nft --expr 0", at: 3, "half a byte"),
        Case("-m nft --expr 0800", at: 3, "these bytes are damaged"),
        Case("-m nft", at: 1, "takes one of --expr"),
    ]

    @Test(arguments: cases + familyCases)
    func theMessageNamesTheWordAndWhatToDo(_ test: Case) throws {
        let words = try CommandLine.split(test.line)
        let error = try #require(throws: RuleSyntaxError.self) {
            try RuleText.parse(words, context: RuleContext(family: test.family))
        }
        #expect(error.wordIndex == test.word, "\(test.line): \(error)")
        #expect("\(error)".contains(test.says), "\(test.line): \(error)")
        #expect(!error.caret(under: words).isEmpty)
    }

    @Test(arguments: [
        ("-o eth0", "filter", UInt32(1), "did you mean -i?"),
        ("-i eth0", "filter", 3, "did you mean -o?"),
        ("-m owner --uid-owner 0", "filter", 1, "not in input"),
        ("-j SNAT --to-source 1.2.3.4", "nat", 0, "not in prerouting"),
        ("-j DNAT --to-destination 1.2.3.4", "nat", 4, "not in postrouting"),
        ("-j MASQUERADE", "filter", 4, "chains of type nat"),
        ("-j REDIRECT", "nat", 4, "not in postrouting"),
    ])
    func whatDoesNotFitTheChainIsRefused(
        _ line: String, _ type: String, _ hook: UInt32, _ says: String
    ) throws {
        let known = RuleContext(family: .ip, chainType: type, hook: hook)
        let error = try #require(throws: RuleSyntaxError.self) {
            try RuleText.parse(line: line, context: known)
        }
        #expect("\(error)".contains(says), "\(error)")
        // Where the chain is not known, nothing is guessed.
        _ = try RuleText.parse(line: line, context: RuleContext(family: .ip))
    }

    @Test func theCaretStandsUnderTheWord() throws {
        let words = ["-p", "tcp", "-m", "comment", "--comment", "two words", "--dprot", "22"]
        let error = try #require(throws: RuleSyntaxError.self) {
            try RuleText.parse(words, context: RuleContext(family: .ip))
        }
        #expect(
            error.caret(under: words) == """
                -p tcp -m comment --comment "two words" --dprot 22
                                                        ^~~~~~~
                """)
        let end = RuleSyntaxError("something is missing", at: 1)
        #expect(end.caret(under: ["-p"]) == "-p\n   ^")
        #expect(RuleSyntaxError("nowhere").caret(under: words).isEmpty)
    }

    @Test func aRuleThatTheKernelCouldNotHoldIsRefused() throws {
        let line = (0..<70).map { "-m mark --mark \($0)" }.joined(separator: " ")
        let error = try #require(throws: RuleSyntaxError.self) {
            try RuleText.parse(line: line, context: RuleContext(family: .ip))
        }
        #expect(error.message.contains("the kernel allows 128"))
        let list = (0..<513).map { "10.0.\($0 / 256).\($0 % 256)" }.joined(separator: ",")
        #expect(throws: RuleSyntaxError.self) {
            try RuleText.parse(line: "-s \(list)", context: RuleContext(family: .ip))
        }
    }

    @Test func everyExtensionHasHelp() throws {
        let help = RuleText.help()
        for name in ["conntrack", "multiport", "REJECT", "NFQUEUE", "--ctstate", "--to-source"] {
            #expect(help.contains(name))
        }
        #expect(try #require(RuleText.help("conntrack")).contains("[!] --ctstate STATE[,…]"))
        #expect(RuleText.help("nothing") == nil)
    }
}

/// Input that nobody meant: it is refused, and never traps.
@Suite struct FuzzTests {
    private static func randomWords(_ generator: inout SeededGenerator) -> [String] {
        let known = [
            "-p", "tcp", "udp", "icmp", "!", "-s", "-d", "10.0.0.0/8", "fe80::/10", "-i", "eth0",
            "--dport", "22", "1:2", "-m", "multiport", "--dports", "80,443", "conntrack",
            "--ctstate", "NEW", "--ctexpire", "1:", "-j", "LOG", "--log-prefix", "x", "SNAT",
            "--to-source", "1.2.3.4:5-6", "[fe80::1]:7", "REJECT", "--reject-with", "tcp-reset",
            "-4", "-6", "-f", "limit", "--limit", "5/s", "mark", "--mark", "0x1/0xf", "nft",
            "--expr", "--set", "--rest", "comment", "--comment", "--as-written", "--no-counter",
            "iprange", "--src-range", "1.1.1.1-2.2.2.2", "NFQUEUE", "--queue-balance", "0:65535",
            "addrtype", "--src-type", "LOCAL,UNICAST", "=", "--", "-", "", ",", "/", ":", "0",
            "65535",
        ]
        return (0..<Int.random(in: 0...14, using: &generator)).map { _ in
            switch Int.random(in: 0..<12, using: &generator) {
            case 0:
                let count = Int.random(in: 0...20, using: &generator)
                return String(decoding: generator.bytes(count), as: UTF8.self)
            case 1:
                let count = Int.random(in: 0...60, using: &generator)
                return Hex.text(generator.bytes(count))
            default: return known.randomElement(using: &generator) ?? ""
            }
        }
    }

    @Test func randomWordsAreReadOrRefused() throws {
        var generator = SeededGenerator()
        for _ in 0..<3000 {
            let words = FuzzTests.randomWords(&generator)
            let family = [Family.ip, .ip6, .inet, .bridge].randomElement(using: &generator) ?? .ip
            do {
                let body = try RuleText.parse(words, context: RuleContext(family: family)).body
                let text = RuleText.print(body, family: family)
                let back = try RuleText.parse(line: text, context: RuleContext(family: family)).body
                #expect(back == body.withoutState, "\(words) → \(text)")
            } catch {
                #expect((0...words.count).contains(error.wordIndex ?? 0), "\(words): \(error)")
                _ = error.caret(under: words)
            }
        }
    }

    @Test func changedBodiesArePrintedExactly() throws {
        var generator = SeededGenerator()
        let families: [Family] = [.ip, .ip6, .inet]
        for _ in 0..<1500 {
            let family = families.randomElement(using: &generator) ?? .ip
            let line = RandomRule.line(family, &generator)
            var bytes = try RuleText.parse(line: line, context: RuleContext(family: family)).body
                .encoded()
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[place] = UInt8.random(in: .min ... .max, using: &generator)
            }
            // What has no wire form of its own cannot come from the wire either.
            guard let body = try? RuleBody(encoded: bytes),
                try RuleBody(encoded: body.encoded()) == body
            else { continue }
            let text = RuleText.print(body, family: family)
            let back = try RuleText.parse(line: text, context: RuleContext(family: family)).body
            // A text with an extension of iptables has the compat attribute that goes with it.
            var expected = body.withoutState
            expected.compat = body.compat ?? body.canonical.compat
            #expect(back == expected, "\(line) → \(text)")
        }
    }

    @Test func randomTextIsALineOrAnError() throws {
        var generator = SeededGenerator()
        for _ in 0..<3000 {
            let text = String(
                decoding: generator.bytes(Int.random(in: 0...80, using: &generator)), as: UTF8.self)
            _ = try? CommandLine.lines(of: text)
            _ = try? SaveFormat.parse(text)
            let words = (0..<3).map { _ in RandomRule.text(&generator) } + ["", "!", "#", text]
            #expect(try CommandLine.split(CommandLine.join(words)) == words)
        }
    }
}
