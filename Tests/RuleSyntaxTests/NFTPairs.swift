import NetlinkProto

/// A rule in xt2's language and the same rule in nft's.
struct NFTPair: Sendable {
    /// Where it stands; see ``NFTPair/chains``.
    var chain: String
    /// xt2's text.
    var rule: String
    /// nft's text.
    var nft: String

    init(_ rule: String, _ nft: String, in chain: String = "input") {
        self.rule = rule
        self.nft = nft
        self.chain = chain
    }

    /// The chains that the pairs stand in, as nft declares them; `other` can be jumped to.
    static let chains = [
        "pre { type filter hook prerouting priority -300; }",
        "input { type filter hook input priority 0; }",
        "forward { type filter hook forward priority 0; }",
        "output { type filter hook output priority 0; }",
        "before { type nat hook prerouting priority -100; }",
        "after { type nat hook postrouting priority 100; }",
        "other",
    ]

    /// The pairs for a family.
    static func all(_ family: Family) -> [NFTPair] {
        switch family {
        case .ip: everywhere + ip + translation("") + reject(.ip) + mangle(.ip)
        case .ip6: everywhere + ip6 + translation6("") + reject(.ip6) + mangle(.ip6)
        case .arp: arp
        case .bridge: bridge
        case .netdev: netdev
        default:
            everywhere + ip + ip6 + inet + translation(" ip") + translation6(" ip6")
                + reject(.inet) + mangle(.inet)
        }
    }

    private static let everywhere: [NFTPair] =
        interfaces + protocols + ports + flags + multiports + connections + marks + others + targets
        + comments

    private static let interfaces: [NFTPair] = [
        NFTPair("-i lo -j ACCEPT", #"iifname "lo" counter accept"#),
        NFTPair("-i eth+ -j ACCEPT", #"iifname "eth*" counter accept"#),
        NFTPair("! -i eth+ -j DROP", #"iifname != "eth*" counter drop"#),
        NFTPair("! -i wlan0 -j DROP", #"iifname != "wlan0" counter drop"#),
        NFTPair("-i + -j DROP", "counter drop"),
        NFTPair("-o eth0 -j DROP", #"oifname "eth0" counter drop"#, in: "output"),
        NFTPair(
            "-o eth1 -i br-abcdef012345 -j DROP",
            #"iifname "br-abcdef012345" oifname "eth1" counter drop"#, in: "forward"),
        NFTPair("-i eth0.100", #"iifname "eth0.100" counter"#),
        NFTPair("--in-interface=ppp+", #"iifname "ppp*" counter"#),
    ]

    private static let protocols: [NFTPair] = [
        NFTPair("-p tcp -j ACCEPT", "meta l4proto tcp counter accept"),
        NFTPair("! -p tcp -j ACCEPT", "meta l4proto != tcp counter accept"),
        NFTPair("-p udp", "meta l4proto udp counter"),
        NFTPair("-p 47", "meta l4proto gre counter"),
        NFTPair("-p esp", "meta l4proto esp counter"),
        NFTPair("-p ah -j DROP", "meta l4proto ah counter drop"),
        NFTPair("-p ipv6-icmp -j DROP", "meta l4proto ipv6-icmp counter drop"),
        NFTPair("-p icmpv6 -j DROP", "meta l4proto ipv6-icmp counter drop"),
        NFTPair("-p icmp -j DROP", "meta l4proto icmp counter drop"),
        NFTPair("-p all -j DROP", "counter drop"),
        NFTPair("-p 0 -j DROP", "counter drop"),
        NFTPair("-p 0xff -j DROP", "meta l4proto 255 counter drop"),
        NFTPair("! -p 50", "meta l4proto != esp counter"),
    ]

    private static let ports: [NFTPair] =
        ["tcp", "udp", "udplite", "dccp", "sctp"].flatMap { name in
            [
                NFTPair("-p \(name) --dport 22 -j ACCEPT", "\(name) dport 22 counter accept"),
                NFTPair("-p \(name) ! --dport 22", "\(name) dport != 22 counter"),
                NFTPair("-p \(name) --sport 1024:65535", "\(name) sport 1024-65535 counter"),
                NFTPair("-p \(name) --sport 1024:", "\(name) sport 1024-65535 counter"),
                NFTPair("-p \(name) --dport :1023", "\(name) dport 0-1023 counter"),
                NFTPair("-p \(name) ! --sport 1:9", "\(name) sport != 1-9 counter"),
                NFTPair(
                    "-p \(name) --dport 80 --sport 90", "\(name) sport 90 \(name) dport 80 counter"),
                NFTPair(
                    "-p \(name) --sport 1:2 --dport 3", "\(name) sport 1-2 \(name) dport 3 counter"),
                NFTPair(
                    "-p \(name) --sport 1 ! --dport 3", "\(name) sport 1 \(name) dport != 3 counter"
                ),
                NFTPair("-p \(name) --dport 5:5", "\(name) dport 5 counter"),
                NFTPair("-p \(name) --dport http", "\(name) dport 80 counter"),
            ]
        }

    private static let flags: [NFTPair] = [
        NFTPair("-p tcp --syn", "tcp flags syn / fin,syn,rst,ack counter"),
        NFTPair("-p tcp ! --syn -j DROP", "tcp flags != syn / fin,syn,rst,ack counter drop"),
        NFTPair("-p tcp --tcp-flags SYN,ACK SYN", "tcp flags syn / syn,ack counter"),
        NFTPair(
            "-p tcp --tcp-flags ALL SYN,FIN", "tcp flags fin,syn / fin,syn,rst,psh,ack,urg counter"),
        NFTPair("-p tcp ! --tcp-flags SYN,RST RST", "tcp flags != rst / syn,rst counter"),
        NFTPair("-p tcp --tcp-option 8", "meta l4proto tcp tcp option 8 exists counter"),
        NFTPair("-p tcp ! --tcp-option 2", "meta l4proto tcp tcp option 2 missing counter"),
        NFTPair(
            "-p sctp --chunk-types any INIT", "meta l4proto sctp sctp chunk init exists counter"),
        NFTPair(
            "-p sctp --chunk-types all INIT,DATA",
            "meta l4proto sctp sctp chunk data exists sctp chunk init exists counter"),
        NFTPair(
            "-p sctp ! --chunk-types any INIT,DATA",
            "meta l4proto sctp sctp chunk data missing sctp chunk init missing counter"),
    ]

    private static let multiports: [NFTPair] =
        ["tcp", "udp", "udplite", "dccp", "sctp"].flatMap { name in
            [
                NFTPair(
                    "-p \(name) -m multiport --dports 80,443", "\(name) dport { 80, 443 } counter"),
                NFTPair(
                    "-p \(name) -m multiport ! --sports 443,80",
                    "\(name) sport != { 80, 443 } counter"),
                NFTPair(
                    "-p \(name) -m multiport --dports 80,443,1000:2000",
                    "\(name) dport { 80, 443, 1000-2000 } counter"),
                NFTPair(
                    "-p \(name) -m multiport --dports 0:79,443:65535",
                    "\(name) dport { 0-79, 443-65535 } counter"),
                NFTPair(
                    "-p \(name) -m multiport --sports 1,1000:65535",
                    "\(name) sport { 1, 1000-65535 } counter"),
                NFTPair("-p \(name) -m multiport --dports 80", "\(name) dport 80 counter"),
                NFTPair("-p \(name) -m multiport ! --dports 8:9", "\(name) dport != 8-9 counter"),
                NFTPair(
                    "-p \(name) -m multiport --dports 80,81,90:100",
                    "\(name) dport { 80, 81, 90-100 } counter"),
                NFTPair(
                    "-p \(name) -m multiport --dports 80:90,85:100,200",
                    "\(name) dport { 80-90, 85-100, 200 } counter"),
                NFTPair(
                    "-p \(name) -m multiport --ports 80,443",
                    "\(name) sport . \(name) dport { 0-65535 . 80, 0-65535 . 443, 80 . 0-65535, 443 . 0-65535 } counter"
                ),
                NFTPair(
                    "-p \(name) -m multiport --sports 1,2 -m multiport --dports 3,4",
                    "\(name) sport { 1, 2 } \(name) dport { 3, 4 } counter"),
            ]
        }

    private static let connections: [NFTPair] = [
        NFTPair(
            "-m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
            "ct state established,related counter accept"),
        NFTPair("-m conntrack --ctstate NEW", "ct state new counter"),
        NFTPair("-m state --state NEW", "ct state new counter"),
        NFTPair("-m state ! --state INVALID", "ct state ! invalid counter"),
        NFTPair("-m conntrack ! --ctstate INVALID,NEW", "ct state ! invalid,new counter"),
        NFTPair("-m conntrack --ctstate UNTRACKED", "ct state untracked counter"),
        NFTPair("-m conntrack --ctstate DNAT", "ct status dnat counter"),
        NFTPair("-m conntrack --ctstate SNAT,DNAT", "ct status snat,dnat counter"),
        NFTPair("-m conntrack ! --ctstate DNAT", "ct status ! dnat counter"),
        NFTPair("-m conntrack --ctstatus ASSURED", "ct status assured counter"),
        NFTPair(
            "-m conntrack --ctstatus EXPECTED,SEEN_REPLY", "ct status expected,seen-reply counter"),
        NFTPair(
            "-m conntrack --ctstatus NONE",
            "ct status ! expected,seen-reply,assured,confirmed counter"),
        NFTPair("-m conntrack --ctdir ORIGINAL", "ct direction original counter"),
        NFTPair("-m conntrack ! --ctdir ORIGINAL", "ct direction reply counter"),
        NFTPair("-m conntrack --ctproto 6", "ct protocol 6 counter"),
        NFTPair("-m conntrack ! --ctproto udp", "ct protocol != 17 counter"),
        NFTPair("-m conntrack --ctexpire 10", "ct expiration 10s-10999ms counter"),
        NFTPair("-m conntrack --ctexpire 10:20", "ct expiration 10s-20999ms counter"),
        NFTPair("-m conntrack ! --ctexpire 0:5", "ct expiration != 0s-5999ms counter"),
        NFTPair(
            "-p tcp -m conntrack --ctorigdstport 80",
            "meta l4proto tcp ct original proto-dst 80 counter"),
        NFTPair(
            "-p tcp -m conntrack ! --ctreplsrcport 80:90",
            "meta l4proto tcp ct reply proto-src != 80-90 counter"),
        NFTPair(
            "-m conntrack --ctstate NEW --ctdir ORIGINAL",
            "ct state new ct direction original counter"),
    ]

    private static let marks: [NFTPair] = [
        NFTPair("-m mark --mark 1", "meta mark 0x1 counter"),
        NFTPair("-m mark --mark 0x1/0xff", "meta mark and 0xff == 0x1 counter"),
        NFTPair("-m mark ! --mark 0x1/0xff", "meta mark and 0xff != 0x1 counter"),
        NFTPair("-m mark ! --mark 4294967295", "meta mark != 0xffffffff counter"),
        NFTPair("-m connmark --mark 1", "ct mark 0x1 counter"),
        NFTPair("-m connmark ! --mark 1/0xff", "ct mark and 0xff != 0x1 counter"),
        NFTPair("-j MARK --set-mark 5", "counter meta mark set 0x5", in: "pre"),
        NFTPair(
            "-j MARK --set-xmark 5/0xff", "counter meta mark set mark and 0xffffff00 xor 0x5",
            in: "pre"),
        NFTPair(
            "-j MARK --set-mark 5/0xf0", "counter meta mark set mark and 0xffffff0a xor 0x5",
            in: "pre"),
        NFTPair("-j MARK --and-mark 5", "counter meta mark set mark and 0x5", in: "pre"),
        NFTPair("-j MARK --or-mark 5", "counter meta mark set mark or 0x5", in: "pre"),
        NFTPair("-j MARK --xor-mark 5", "counter meta mark set mark xor 0x5", in: "pre"),
        NFTPair("-j CONNMARK --set-mark 5", "counter ct mark set 0x5", in: "pre"),
        NFTPair(
            "-j CONNMARK --set-xmark 5/0xff", "counter ct mark set ct mark and 0xffffff00 xor 0x5",
            in: "pre"),
        NFTPair("-j CONNMARK --or-mark 5", "counter ct mark set ct mark or 0x5", in: "pre"),
        NFTPair("-j CONNMARK --save-mark", "counter ct mark set mark", in: "pre"),
        NFTPair("-j CONNMARK --restore-mark", "counter meta mark set ct mark", in: "pre"),
        NFTPair(
            "-j CONNMARK --save-mark --nfmask 0xff", "counter ct mark set mark and 0xff", in: "pre"),
        NFTPair(
            "-j CONNMARK --restore-mark --ctmask 0xff", "counter meta mark set ct mark and 0xff",
            in: "pre"),
    ]

    private static let others: [NFTPair] = [
        NFTPair("-m limit --limit 5/sec", "limit rate 5/second burst 5 packets counter"),
        NFTPair("-m limit", "limit rate 3/hour burst 5 packets counter"),
        NFTPair(
            "-m limit --limit 10/minute --limit-burst 20",
            "limit rate 10/minute burst 20 packets counter"),
        NFTPair("-m limit --limit 1/d --limit-burst 1", "limit rate 1/day burst 1 packets counter"),
        NFTPair("-m limit --limit 7", "limit rate 7/second burst 5 packets counter"),
        NFTPair(
            "-m mac --mac-source 00:11:22:33:44:55", "ether saddr 00:11:22:33:44:55 counter",
            in: "pre"),
        NFTPair(
            "-m mac ! --mac-source A:b:C:d:E:f", "ether saddr != 0a:0b:0c:0d:0e:0f counter",
            in: "pre"),
        NFTPair("-m pkttype --pkt-type broadcast", "meta pkttype broadcast counter"),
        NFTPair("-m pkttype ! --pkt-type unicast", "meta pkttype != host counter"),
        NFTPair("-m pkttype --pkt-type multicast", "meta pkttype multicast counter"),
        NFTPair("-m addrtype --src-type LOCAL", "fib saddr type local counter"),
        NFTPair("-m addrtype ! --dst-type LOCAL", "fib daddr type != local counter"),
        NFTPair(
            "-m addrtype --dst-type LOCAL,BROADCAST", "fib daddr type { local, broadcast } counter"),
        NFTPair(
            "-m addrtype ! --src-type BROADCAST,LOCAL",
            "fib saddr type != { local, broadcast } counter"),
        NFTPair(
            "-m addrtype ! --dst-type LOCAL --limit-iface-in",
            "fib daddr . iif type != local counter"),
        NFTPair(
            "-m addrtype --dst-type LOCAL,ANYCAST --limit-iface-out",
            "fib daddr . oif type { local, anycast } counter", in: "output"),
        NFTPair(
            "-m addrtype --src-type LOCAL --dst-type UNICAST",
            "fib saddr type local fib daddr type unicast counter"),
        NFTPair("-m owner --uid-owner 0", "meta skuid 0 counter", in: "output"),
        NFTPair("-m owner --uid-owner 0-99", "meta skuid 0-99 counter", in: "output"),
        NFTPair("-m owner ! --uid-owner 5-99", "meta skuid != 5-99 counter", in: "output"),
        NFTPair("-m owner ! --gid-owner 5", "meta skgid != 5 counter", in: "output"),
        NFTPair(
            "-m owner --uid-owner 1 --gid-owner 2", "meta skuid 1 meta skgid 2 counter",
            in: "output"),
        NFTPair("-m length --length 100", "meta length 100 counter"),
        NFTPair("-m length --length 100:200", "meta length 100-200 counter"),
        NFTPair("-m length ! --length 100:", "meta length != 100-65535 counter"),
        NFTPair("-m length --length :99", "meta length 0-99 counter"),
    ]

    private static let targets: [NFTPair] = [
        NFTPair("-j ACCEPT", "counter accept"),
        NFTPair("-j DROP", "counter drop"),
        NFTPair("-j RETURN", "counter return"),
        NFTPair("-j other", "counter jump other"),
        NFTPair("-g other", "counter goto other"),
        NFTPair(
            "-p tcp -j REJECT --reject-with tcp-reset",
            "meta l4proto tcp counter reject with tcp reset"),
        NFTPair(
            "-p tcp --dport 1 -j REJECT --reject-with tcp-reset",
            "tcp dport 1 counter reject with tcp reset"),
        NFTPair("-j LOG", "counter log"),
        NFTPair("-j LOG --log-prefix \"hi there\"", #"counter log prefix "hi there""#),
        NFTPair(
            "-j LOG --log-level debug --log-tcp-sequence",
            "counter log level debug flags tcp sequence"),
        NFTPair("-j LOG --log-level 4", "counter log level warn"),
        NFTPair("-j LOG --log-level emerg --log-uid", "counter log level emerg flags skuid"),
        NFTPair(
            "-j LOG --log-tcp-sequence --log-tcp-options --log-ip-options --log-uid --log-macdecode",
            "counter log flags all"),
        NFTPair("-j NFLOG --nflog-group 5 --nflog-prefix hi", #"counter log prefix "hi" group 5"#),
        NFTPair("-j NFLOG", "counter log group 0"),
        NFTPair(
            "-j NFLOG --nflog-group 5 --nflog-size 100 --nflog-threshold 10",
            "counter log group 5 snaplen 100 queue-threshold 10"),
        NFTPair("-j CT --notrack", "counter notrack", in: "pre"),
        NFTPair("-j NOTRACK", "counter notrack", in: "pre"),
        NFTPair("-j MASQUERADE", "counter masquerade", in: "after"),
        NFTPair("-j MASQUERADE --random-fully", "counter masquerade fully-random", in: "after"),
        NFTPair(
            "-p tcp -j MASQUERADE --to-ports 1024-2048 --random",
            "meta l4proto tcp counter masquerade to :1024-2048 random", in: "after"),
        NFTPair(
            "-p udp -j MASQUERADE --to-ports 1024", "meta l4proto udp counter masquerade to :1024",
            in: "after"),
        NFTPair("-j REDIRECT", "counter redirect", in: "before"),
        NFTPair(
            "-p tcp -j REDIRECT --to-ports 80", "meta l4proto tcp counter redirect to :80",
            in: "before"),
        NFTPair(
            "-p tcp --dport 80 -j REDIRECT --to-ports 3128",
            "tcp dport 80 counter redirect to :3128", in: "before"),
        NFTPair(
            "-p tcp -j REDIRECT --to-ports 80-90 --random",
            "meta l4proto tcp counter redirect to :80-90 random", in: "before"),
        NFTPair(
            "-p tcp -j DNAT --to-destination :80", "meta l4proto tcp counter dnat to :80",
            in: "before"),
        NFTPair(
            "-p tcp -j SNAT --to-source :100-200", "meta l4proto tcp counter snat to :100-200",
            in: "after"),
    ]

    private static let comments: [NFTPair] = [
        NFTPair("-m comment --comment hello -j ACCEPT", #"counter accept comment "hello""#),
        NFTPair("-j DROP -m comment --comment \"two words\"", #"counter drop comment "two words""#),
        NFTPair(
            "-p tcp -m comment --comment \"ünï – code\"",
            #"meta l4proto tcp counter comment "ünï – code""#),
    ]

    private static let ip: [NFTPair] = [
        NFTPair("-s 10.0.0.1", "ip saddr 10.0.0.1 counter"),
        NFTPair("-s 10.0.0.0/8 -j DROP", "ip saddr 10.0.0.0/8 counter drop"),
        NFTPair("-s 10.1.2.3/8 -j DROP", "ip saddr 10.0.0.0/8 counter drop"),
        NFTPair("-s 10.1.0.0/16", "ip saddr 10.1.0.0/16 counter"),
        NFTPair("-s 10.1.0.0/20", "ip saddr 10.1.0.0/20 counter"),
        NFTPair("-s 10.1.1.0/255.255.255.0", "ip saddr 10.1.1.0/24 counter"),
        NFTPair("-s 10.0.0.0/255.0.255.0", "ip saddr & 255.0.255.0 == 10.0.0.0 counter"),
        NFTPair("! -s 10.0.0.0/255.0.255.0", "ip saddr & 255.0.255.0 != 10.0.0.0 counter"),
        NFTPair("! -s 10.1.0.0/20 -d 1.2.3.4", "ip saddr != 10.1.0.0/20 ip daddr 1.2.3.4 counter"),
        NFTPair("-d 1.2.3.4 -s 5.6.7.8", "ip saddr 5.6.7.8 ip daddr 1.2.3.4 counter"),
        NFTPair("-s 128.0.0.0/1", "ip saddr 128.0.0.0/1 counter"),
        NFTPair("-s 10.0.0.1,10.0.0.2", "ip saddr { 10.0.0.1, 10.0.0.2 } counter"),
        NFTPair("! -d 10.0.0.2,10.0.0.1", "ip daddr != { 10.0.0.1, 10.0.0.2 } counter"),
        NFTPair("-s 10.0.0.0/24,10.0.2.2", "ip saddr { 10.0.0.0/24, 10.0.2.2 } counter"),
        NFTPair("-s 10.0.0.0/24,10.0.1.0/25", "ip saddr { 10.0.0.0/24, 10.0.1.0/25 } counter"),
        NFTPair("-s 0.0.0.0/1,192.0.0.0/8", "ip saddr { 0.0.0.0/1, 192.0.0.0/8 } counter"),
        NFTPair("-s 255.0.0.0/8,192.0.0.0/8", "ip saddr { 255.0.0.0/8, 192.0.0.0/8 } counter"),
        NFTPair(
            "-p tcp -s 10.0.0.0/8 -i eth0 --dport 22 -j ACCEPT",
            #"iifname "eth0" meta l4proto tcp ip saddr 10.0.0.0/8 tcp dport 22 counter accept"#),
        NFTPair("-f -j DROP", "ip frag-off & 0x1fff != 0 counter drop"),
        NFTPair("! -f", "ip frag-off & 0x1fff == 0 counter"),
        NFTPair("-m iprange --src-range 10.0.0.1-10.0.0.9", "ip saddr 10.0.0.1-10.0.0.9 counter"),
        NFTPair(
            "-m iprange ! --dst-range 10.0.0.1-10.0.0.9", "ip daddr != 10.0.0.1-10.0.0.9 counter"),
        NFTPair(
            "-m iprange --src-range 10.0.0.1-10.0.0.9 --dst-range 1.1.1.1-2.2.2.2",
            "ip saddr 10.0.0.1-10.0.0.9 ip daddr 1.1.1.1-2.2.2.2 counter"),
        NFTPair(
            "-p icmp --icmp-type echo-request", "meta l4proto icmp icmp type echo-request counter"),
        NFTPair("-p icmp --icmp-type 3/1", "meta l4proto icmp icmp type 3 icmp code 1 counter"),
        NFTPair(
            "-p icmp --icmp-type host-unreachable",
            "meta l4proto icmp icmp type 3 icmp code 1 counter"),
        NFTPair("-p icmp ! --icmp-type 3", "meta l4proto icmp icmp type != 3 counter"),
        NFTPair(
            "-p icmp ! --icmp-type 3/1",
            "meta l4proto icmp icmp type . icmp code != { 3 . 1 } counter"),
        NFTPair("-p icmp --icmp-type any", "meta l4proto icmp counter"),
        NFTPair("-m conntrack --ctorigsrc 10.0.0.0/8", "ct original ip saddr 10.0.0.0/8 counter"),
        NFTPair("-m conntrack --ctorigdst 10.1.0.0/20", "ct original ip daddr 10.1.0.0/20 counter"),
        NFTPair("-m conntrack ! --ctreplsrc 10.0.0.1", "ct reply ip saddr != 10.0.0.1 counter"),
        NFTPair("-m conntrack --ctrepldst 10.0.0.1", "ct reply ip daddr 10.0.0.1 counter"),
    ]

    private static let ip6: [NFTPair] = [
        NFTPair("-s fe80::1", "ip6 saddr fe80::1 counter"),
        NFTPair("-s fe80::/10", "ip6 saddr fe80::/10 counter"),
        NFTPair(
            "-s fe80::/64 -d 2001:db8::/32", "ip6 saddr fe80::/64 ip6 daddr 2001:db8::/32 counter"),
        NFTPair("! -s fe80::/63", "ip6 saddr != fe80::/63 counter"),
        NFTPair("-s fe80::1/ffff::ffff", "ip6 saddr & ffff::ffff == fe80::1 counter"),
        NFTPair("-s fe80::1,fe80::2", "ip6 saddr { fe80::1, fe80::2 } counter"),
        NFTPair("! -d fe80::/64,2001:db8::1", "ip6 daddr != { fe80::/64, 2001:db8::1 } counter"),
        NFTPair("-s ff00::/8,::/8", "ip6 saddr { ::/8, ff00::/8 } counter"),
        NFTPair("-m iprange --src-range fe80::1-fe80::9", "ip6 saddr fe80::1-fe80::9 counter"),
        NFTPair("-m iprange ! --dst-range fe80::1-fe80::9", "ip6 daddr != fe80::1-fe80::9 counter"),
        NFTPair(
            "-p icmpv6 --icmpv6-type echo-request",
            "meta l4proto ipv6-icmp icmpv6 type echo-request counter"),
        NFTPair(
            "-p icmpv6 --icmpv6-type 1/2",
            "meta l4proto ipv6-icmp icmpv6 type 1 icmpv6 code 2 counter"),
        NFTPair(
            "-p icmpv6 ! --icmpv6-type 1/2",
            "meta l4proto ipv6-icmp icmpv6 type . icmpv6 code != { 1 . 2 } counter"),
        NFTPair(
            "-p icmpv6 ! --icmpv6-type router-advertisement",
            "meta l4proto ipv6-icmp icmpv6 type != nd-router-advert counter"),
        NFTPair("-m conntrack --ctorigsrc fe80::1", "ct original ip6 saddr fe80::1 counter"),
        NFTPair("-m conntrack ! --ctrepldst fe80::/63", "ct reply ip6 daddr != fe80::/63 counter"),
    ]

    private static let inet: [NFTPair] = [
        NFTPair("-4 -p tcp", "meta nfproto ipv4 meta l4proto tcp counter"),
        NFTPair("-6 -j DROP", "meta nfproto ipv6 counter drop"),
        NFTPair("-s 0.0.0.0/0", "meta nfproto ipv4 counter"),
        NFTPair("-s ::/0", "meta nfproto ipv6 counter"),
        NFTPair("-i eth0 -f", #"iifname "eth0" ip frag-off & 0x1fff != 0 counter"#),
        NFTPair("-i eth0 -d 10.0.0.1", #"iifname "eth0" ip daddr 10.0.0.1 counter"#),
        NFTPair(
            "-i eth0 -m iprange --src-range 10.0.0.1-10.0.0.9",
            #"iifname "eth0" ip saddr 10.0.0.1-10.0.0.9 counter"#),
        NFTPair(
            "-i eth0 -p tcp -j REJECT --reject-with icmp-host-prohibited",
            #"iifname "eth0" meta l4proto tcp counter reject with icmp type host-prohibited"#),
        NFTPair(
            "-s 1.2.3.4 -j REJECT --reject-with icmp-net-unreachable",
            "ip saddr 1.2.3.4 counter reject with icmp type net-unreachable"),
        NFTPair(
            "-s fe80::1 -j REJECT --reject-with icmp6-no-route",
            "ip6 saddr fe80::1 counter reject with icmpv6 type no-route"),
    ]

    private static func translation(_ family: String) -> [NFTPair] {
        [
            NFTPair("-j SNAT --to-source 1.2.3.4", "counter snat\(family) to 1.2.3.4", in: "after"),
            NFTPair(
                "-j SNAT --to-source 1.2.3.4-1.2.3.9", "counter snat\(family) to 1.2.3.4-1.2.3.9",
                in: "after"),
            NFTPair(
                "-j SNAT --to-source 1.2.3.4 --random --persistent",
                "counter snat\(family) to 1.2.3.4 random,persistent", in: "after"),
            NFTPair(
                "-p tcp -j SNAT --to-source 1.2.3.4:100",
                "meta l4proto tcp counter snat\(family) to 1.2.3.4:100", in: "after"),
            NFTPair(
                "-p udp -j SNAT --to-source 1.2.3.4:100-200",
                "meta l4proto udp counter snat\(family) to 1.2.3.4:100-200", in: "after"),
            NFTPair(
                "-p tcp -j SNAT --to-source 1.2.3.4-1.2.3.9:100-200 --random-fully",
                "meta l4proto tcp counter snat\(family) to 1.2.3.4-1.2.3.9:100-200 fully-random",
                in: "after"),
            NFTPair(
                "-j DNAT --to-destination 1.2.3.4", "counter dnat\(family) to 1.2.3.4", in: "before"
            ),
            NFTPair(
                "-p tcp --dport 80 -j DNAT --to-destination 1.2.3.4:8080",
                "tcp dport 80 counter dnat\(family) to 1.2.3.4:8080", in: "before"),
            NFTPair(
                "-p tcp -j DNAT --to-destination 1.2.3.4:80-90 --random",
                "meta l4proto tcp counter dnat\(family) to 1.2.3.4:80-90 random", in: "before"),
        ]
    }

    private static func translation6(_ family: String) -> [NFTPair] {
        [
            NFTPair("-j SNAT --to-source fe80::1", "counter snat\(family) to fe80::1", in: "after"),
            NFTPair(
                "-j SNAT --to-source fe80::1-fe80::5", "counter snat\(family) to fe80::1-fe80::5",
                in: "after"),
            NFTPair(
                "-p tcp -j SNAT --to-source [fe80::1]:100",
                "meta l4proto tcp counter snat\(family) to [fe80::1]:100", in: "after"),
            NFTPair(
                "-p tcp -j SNAT --to-source [fe80::1-fe80::5]:100-200",
                "meta l4proto tcp counter snat\(family) to [fe80::1]-[fe80::5]:100-200", in: "after"
            ),
            NFTPair(
                "-p tcp -j DNAT --to-destination [fe80::1]:80",
                "meta l4proto tcp counter dnat\(family) to [fe80::1]:80", in: "before"),
        ]
    }

    private static func reject(_ family: Family) -> [NFTPair] {
        let icmp = [
            ("icmp-net-unreachable", "net-unreachable"),
            ("icmp-host-unreachable", "host-unreachable"),
            ("icmp-proto-unreachable", "prot-unreachable"),
            ("icmp-port-unreachable", "port-unreachable"),
            ("icmp-net-prohibited", "net-prohibited"),
            ("icmp-host-prohibited", "host-prohibited"),
            ("icmp-admin-prohibited", "admin-prohibited"),
        ].map {
            NFTPair("-j REJECT --reject-with \($0.0)", "counter reject with icmp type \($0.1)")
        }
        let icmp6 = [
            ("icmp6-no-route", "no-route"), ("icmp6-adm-prohibited", "admin-prohibited"),
            ("icmp6-addr-unreachable", "addr-unreachable"),
            ("icmp6-port-unreachable", "port-unreachable"), ("icmp6-policy-fail", "policy-fail"),
            ("icmp6-reject-route", "reject-route"),
        ].map {
            NFTPair("-j REJECT --reject-with \($0.0)", "counter reject with icmpv6 type \($0.1)")
        }
        let icmpx = [
            ("icmpx-no-route", "no-route"), ("icmpx-port-unreachable", "port-unreachable"),
            ("icmpx-host-unreachable", "host-unreachable"),
            ("icmpx-admin-prohibited", "admin-prohibited"),
        ].map {
            NFTPair("-j REJECT --reject-with \($0.0)", "counter reject with icmpx type \($0.1)")
        }
        let plain = [NFTPair("-j REJECT", "counter reject")]
        switch family {
        case .ip: return plain + icmp
        case .ip6: return plain + icmp6
        default: return plain + icmp + icmp6 + icmpx
        }
    }
}
