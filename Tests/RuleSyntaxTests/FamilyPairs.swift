import NetlinkProto

/// Pairs for tables of family arp, bridge and netdev.
extension NFTPair {
    /// The chains that the pairs of a family stand in, as nft declares them.
    static func chains(_ family: Family) -> [String] {
        switch family {
        case .arp:
            [
                "input { type filter hook input priority 0; }",
                "output { type filter hook output priority 0; }", "other",
            ]
        case .bridge:
            [
                "pre { type filter hook prerouting priority -300; }",
                "input { type filter hook input priority -200; }",
                "after { type filter hook postrouting priority 300; }", "other",
            ]
        case .netdev:
            [
                "input { type filter hook ingress device lo priority 0; }",
                "output { type filter hook egress device lo priority 0; }", "other",
            ]
        default: chains
        }
    }

    /// Matches and targets that all of these families have.
    private static let common: [NFTPair] = [
        NFTPair("-i eth0 -j ACCEPT", #"iifname "eth0" counter accept"#),
        NFTPair("! -i eth+ -j DROP", #"iifname != "eth*" counter drop"#),
        NFTPair("-m mark --mark 0x1/0xff", "meta mark & 0xff == 0x1 counter"),
        NFTPair("-m limit --limit 3/hour", "limit rate 3/hour counter"),
        NFTPair("-m pkttype ! --pkt-type broadcast", "meta pkttype != broadcast counter"),
        NFTPair("-j MARK --set-mark 5", "counter meta mark set 5"),
        NFTPair("-j MARK --or-mark 0x10", "counter meta mark set meta mark or 0x10"),
        NFTPair("-j CLASSIFY --set-class 1:2", "counter meta priority set 1:2"),
        NFTPair("-j TRACE", "counter meta nftrace set 1"),
        NFTPair("-j LOG --log-prefix x --log-level 6", #"counter log prefix "x" level info"#),
        NFTPair("-j NFLOG --nflog-group 3", "counter log group 3"),
        NFTPair("-j RETURN", "counter return"),
        NFTPair("-j other", "counter jump other"),
        NFTPair("-g other", "counter goto other"),
    ]

    static let arp: [NFTPair] =
        common + [
            NFTPair("-o e+", #"oifname "e*" counter"#, in: "output"),
            NFTPair("-s 10.0.0.1 -j DROP", "arp saddr ip 10.0.0.1 counter drop"),
            NFTPair("-s 10.0.0.0/8", "arp saddr ip 10.0.0.0/8 counter"),
            NFTPair("! -s 10.1.16.0/20", "arp saddr ip != 10.1.16.0/20 counter"),
            NFTPair(
                "-s 10.0.0.0/255.0.255.0", "arp saddr ip & 255.0.255.0 == 10.0.0.0 counter"),
            NFTPair("! -d 10.0.0.1", "arp daddr ip != 10.0.0.1 counter"),
            NFTPair(
                "-d 10.0.0.1 -s 10.0.0.2", "arp saddr ip 10.0.0.2 arp daddr ip 10.0.0.1 counter"),
            NFTPair(
                "--source-mac 00:11:22:33:44:55", "arp saddr ether 00:11:22:33:44:55 counter"),
            NFTPair(
                "! --destination-mac 00:11:22:33:44:55",
                "arp daddr ether != 00:11:22:33:44:55 counter"),
            NFTPair(
                "--src-mac 00:11:22:00:00:00/ff:ff:ff:00:00:00",
                "arp saddr ether & ff:ff:ff:00:00:00 == 00:11:22:00:00:00 counter"),
            NFTPair("--h-length 6", "arp hlen 6 counter"),
            NFTPair("! -l 6", "arp hlen != 6 counter"),
            NFTPair("--opcode Request", "arp operation request counter"),
            NFTPair("--opcode 2 -j DROP", "arp operation reply counter drop"),
            NFTPair("! --opcode Reply", "arp operation != reply counter"),
            NFTPair("--opcode InARP_Request", "arp operation inrequest counter"),
            NFTPair("--opcode 0x1/0x3", "arp operation & 0x3 == 1 counter"),
            NFTPair("--h-type Ethernet", "arp htype 1 counter"),
            NFTPair("--h-type 0x18", "arp htype 24 counter"),
            NFTPair("! --proto-type IPv4", "arp ptype != ip counter"),
            NFTPair("--proto-type 0x86dd", "arp ptype ip6 counter"),
            NFTPair(
                "-i eth0 --opcode Request --h-length 6 -d 10.0.0.1 -j DROP",
                #"iifname "eth0" arp daddr ip 10.0.0.1 arp hlen 6 arp operation request counter drop"#
            ),
            NFTPair(
                "-j mangle --mangle-ip-s 1.2.3.4", "counter arp saddr ip set 1.2.3.4 accept",
                in: "output"),
            NFTPair(
                "-j mangle --mangle-mac-d 00:11:22:33:44:55 --mangle-target CONTINUE",
                "counter arp daddr ether set 00:11:22:33:44:55", in: "output"),
            NFTPair(
                "-j mangle --mangle-mac-s 00:11:22:33:44:55 --mangle-ip-d 1.2.3.4 --mangle-target DROP",
                "counter arp daddr ip set 1.2.3.4 arp saddr ether set 00:11:22:33:44:55 drop",
                in: "output"),
        ]

    static let bridge: [NFTPair] =
        common + frames + bridgePackets + [
            NFTPair("-j CONTINUE", "counter"),
            NFTPair("-j mark --mark-set 0x10", "counter meta mark set 0x10 accept"),
            NFTPair(
                "-j mark --mark-or 0x10 --mark-target DROP",
                "counter meta mark set meta mark or 0x10 drop"),
            NFTPair(
                "-j mark --mark-and 0x10 --mark-target RETURN",
                "counter meta mark set meta mark and 0x10 return"),
            NFTPair(
                "-j mark --mark-xor 0x10", "counter meta mark set meta mark xor 0x10 accept"),
            NFTPair(
                "-j snat --to-source 00:11:22:33:44:55",
                "counter ether saddr set 00:11:22:33:44:55 accept", in: "after"),
            NFTPair(
                "-j dnat --to-dst 00:11:22:33:44:55 --dnat-target CONTINUE",
                "counter ether daddr set 00:11:22:33:44:55", in: "pre"),
            NFTPair("-j redirect", "counter meta pkttype set host accept", in: "pre"),
            NFTPair(
                "-d 00:11:22:33:44:55 -j redirect --redirect-target CONTINUE",
                "ether daddr 00:11:22:33:44:55 counter meta pkttype set host", in: "pre"),
        ]

    private static let frames: [NFTPair] = [
        NFTPair("-p IPv4 -j DROP", "ether type ip counter drop"),
        NFTPair("-p ipv6", "ether type ip6 counter"),
        NFTPair("! -p ARP", "ether type != arp counter"),
        NFTPair("-p 802_1Q", "ether type vlan counter"),
        NFTPair("-p 0x88cc", "ether type 0x88cc counter"),
        NFTPair("-p LENGTH", "ether type < 0x600 counter"),
        NFTPair("! -p LENGTH", "ether type >= 0x600 counter"),
        NFTPair("-s 00:11:22:33:44:55", "ether saddr 00:11:22:33:44:55 counter"),
        NFTPair("! -d 00:11:22:33:44:55", "ether daddr != 00:11:22:33:44:55 counter"),
        NFTPair(
            "-s 00:11:22:00:00:00/ff:ff:ff:00:00:00",
            "ether saddr & ff:ff:ff:00:00:00 == 00:11:22:00:00:00 counter"),
        NFTPair("-d Broadcast -j DROP", "ether daddr ff:ff:ff:ff:ff:ff counter drop"),
        NFTPair(
            "-d Multicast", "ether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00 counter"),
        NFTPair("-s Unicast", "ether saddr & 01:00:00:00:00:00 == 00:00:00:00:00:00 counter"),
        NFTPair("! -d BGA", "ether daddr != 01:80:c2:00:00:00 counter"),
        NFTPair("-p 802_1Q --vlan-id 10", "ether type vlan vlan id 10 counter"),
        NFTPair("-p 802_1Q ! --vlan-id 10", "ether type vlan vlan id != 10 counter"),
        NFTPair("-p 802_1Q --vlan-prio 3", "ether type vlan vlan pcp 3 counter"),
        NFTPair("-p 802_1Q --vlan-encap IPv4", "ether type vlan vlan type ip counter"),
        NFTPair(
            "-p 802_1Q --vlan-encap ARP --vlan-id 5",
            "ether type vlan vlan id 5 vlan type arp counter"),
        NFTPair("--stp-type config", "@ll,112,24 0x424203 @ll,160,8 0 counter"),
        NFTPair("-d BGA --stp-root-cost 5:9", stp("@ll,240,32 5-9")),
        NFTPair("-d BGA ! --stp-root-prio 1", stp("@ll,176,16 != 1")),
        NFTPair(
            "-d BGA --stp-sender-addr 00:11:22:33:44:55", stp("@ll,288,48 0x001122334455")),
        NFTPair(
            "-d BGA --stp-port 3 --stp-max-age 5", stp("@ll,336,16 3 @ll,368,16 5")),
        NFTPair(
            "-p LENGTH --802_3-sap 0x42", "ether type < 0x600 @ll,112,16 0x4242 counter"),
        NFTPair(
            "-p LENGTH --802_3-type 0x809b",
            "ether type < 0x600 @ll,112,24 0xaaaa03 @ll,160,16 0x809b counter"),
        NFTPair(
            "--among-src 00:11:22:33:44:55,00:11:22:33:44:56",
            "ether saddr { 00:11:22:33:44:55, 00:11:22:33:44:56 } counter"),
        NFTPair(
            "! --among-dst 00:11:22:33:44:55,00:11:22:33:44:56",
            "ether daddr != { 00:11:22:33:44:55, 00:11:22:33:44:56 } counter"),
        NFTPair(
            "-p IPv4 --among-src 00:11:22:33:44:55=10.0.0.1,00:11:22:33:44:56=10.0.0.2",
            "ether type ip ether saddr . ip saddr { 00:11:22:33:44:55 . 10.0.0.1, 00:11:22:33:44:56 . 10.0.0.2 } counter"
        ),
    ]

    private static func stp(_ rest: String) -> String {
        "ether daddr 01:80:c2:00:00:00 @ll,112,24 0x424203 \(rest) counter"
    }

    private static let bridgePackets: [NFTPair] = [
        NFTPair("-p IPv4 --ip-src 10.0.0.0/8", "ether type ip ip saddr 10.0.0.0/8 counter"),
        NFTPair(
            "-p IPv4 ! --ip-src 10.1.16.0/20 --ip-dst 1.2.3.4",
            "ether type ip ip saddr != 10.1.16.0/20 ip daddr 1.2.3.4 counter"),
        NFTPair("-p IPv4 --ip-tos 0x10", "ether type ip @nh,8,8 0x10 counter"),
        NFTPair("-p IPv4 --ip-proto tcp", "ether type ip meta l4proto tcp counter"),
        NFTPair(
            "-p IPv4 --ip-proto udp --ip-dport 53 -j DROP",
            "ether type ip meta l4proto udp udp dport 53 counter drop"),
        NFTPair(
            "-p IPv4 --ip-proto tcp ! --ip-sport 1:9",
            "ether type ip meta l4proto tcp tcp sport != 1-9 counter"),
        NFTPair(
            "-p IPv4 --ip-proto icmp --ip-icmp-type echo-request",
            "ether type ip meta l4proto icmp icmp type echo-request counter"),
        NFTPair("-p IPv6 --ip6-src fe80::/10", "ether type ip6 ip6 saddr fe80::/10 counter"),
        NFTPair("-p IPv6 ! --ip6-dst fe80::1", "ether type ip6 ip6 daddr != fe80::1 counter"),
        NFTPair("-p IPv6 --ip6-tclass 0x10", "ether type ip6 @nh,4,8 0x10 counter"),
        NFTPair(
            "-p IPv6 --ip6-proto tcp --ip6-dport 22",
            "ether type ip6 meta l4proto tcp tcp dport 22 counter"),
        NFTPair(
            "-p IPv6 --ip6-proto ipv6-icmp --ip6-icmp-type 128",
            "ether type ip6 meta l4proto ipv6-icmp icmpv6 type echo-request counter"),
        NFTPair("-p ARP --arp-op Request", "ether type arp arp operation request counter"),
        NFTPair(
            "-p ARP --arp-ip-src 10.0.0.0/8 --arp-ip-dst 1.2.3.4 -j DROP",
            "ether type arp arp saddr ip 10.0.0.0/8 arp daddr ip 1.2.3.4 counter drop"),
        NFTPair(
            "-p ARP ! --arp-mac-src 00:11:22:33:44:55",
            "ether type arp arp saddr ether != 00:11:22:33:44:55 counter"),
        NFTPair("-p ARP ! --arp-htype 1", "ether type arp arp htype != 1 counter"),
        NFTPair("-p ARP --arp-ptype IPv4", "ether type arp arp ptype ip counter"),
        NFTPair(
            "-i eth0 -p IPv4 -d 00:11:22:33:44:55 --ip-src 10.0.0.1 -m mark --mark 1 -j ACCEPT",
            #"iifname "eth0" ether type ip ether daddr 00:11:22:33:44:55 ip saddr 10.0.0.1 meta mark 1 counter accept"#
        ),
    ]

    static let netdev: [NFTPair] =
        common + [
            NFTPair("-4", "meta protocol ip counter"),
            NFTPair("-6 -j DROP", "meta protocol ip6 counter drop"),
            NFTPair("-s 10.0.0.1 -j DROP", "ip saddr 10.0.0.1 counter drop"),
            NFTPair("! -d 10.1.16.0/20", "ip daddr != 10.1.16.0/20 counter"),
            NFTPair("-s 10.0.0.1,10.0.0.9", "ip saddr { 10.0.0.1, 10.0.0.9 } counter"),
            NFTPair("-s fe80::/10", "ip6 saddr fe80::/10 counter"),
            NFTPair("-p tcp --dport 22", "tcp dport 22 counter"),
            NFTPair(
                "-d 10.0.0.1 -p udp --sport 53",
                "meta l4proto udp ip daddr 10.0.0.1 udp sport 53 counter"),
            NFTPair("-p tcp --syn", "tcp flags syn / fin,syn,rst,ack counter"),
            NFTPair("-p tcp -m multiport --dports 80,443", "tcp dport { 80, 443 } counter"),
            NFTPair("-f", "ip frag-off & 0x1fff != 0 counter"),
            NFTPair(
                "-m iprange --src-range 10.0.0.1-10.0.0.9", "ip saddr 10.0.0.1-10.0.0.9 counter"),
            NFTPair(
                "-m mac --mac-source 00:11:22:33:44:55", "ether saddr 00:11:22:33:44:55 counter"),
            NFTPair("-m addrtype --dst-type LOCAL", "fib daddr type local counter"),
            NFTPair("-m length --length 100", "meta length 100 counter"),
            NFTPair("-m owner --uid-owner 0", "meta skuid 0 counter", in: "output"),
            NFTPair("-j REJECT", "counter reject"),
            NFTPair(
                "-s 1.2.3.4 -j REJECT --reject-with icmp-host-prohibited",
                "ip saddr 1.2.3.4 counter reject with icmp type host-prohibited"),
            NFTPair("-4 -j DSCP --set-dscp 10", "meta protocol ip counter ip dscp set 10"),
            NFTPair("-6 -j HL --hl-set 5", "meta protocol ip6 counter ip6 hoplimit set 5"),
            NFTPair("-j FWD --to-ifindex 1", #"counter fwd to "lo""#),
            NFTPair("-j DUP --to-ifindex 1", #"counter dup to "lo""#),
        ]
}
