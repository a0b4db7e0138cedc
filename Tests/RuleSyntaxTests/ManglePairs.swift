import NetlinkProto

/// Pairs for targets that rewrite packets, networks and tracking, where nft has a word for it.
extension NFTPair {
    static func mangle(_ family: Family) -> [NFTPair] {
        switch family {
        case .ip:
            tracking + headers(.ip, "") + translation(.ip, "") + proxy("", "127.0.0.1")
                + [NFTPair("-j TEE --gateway 10.0.0.1", "counter dup to 10.0.0.1", in: "pre")]
        case .ip6:
            tracking + headers(.ip6, "") + translation(.ip6, "") + proxy("", "[::1]")
                + [NFTPair("-j TEE --gateway fe80::1", "counter dup to fe80::1", in: "pre")]
        default:
            tracking + headers(.ip, "meta nfproto ipv4 ") + headers(.ip6, "meta nfproto ipv6 ")
                + translation(.ip, " ip") + translation(.ip6, " ip6")
                + proxy(" ip", "127.0.0.1") + proxy(" ip6", "[::1]")
                + [
                    NFTPair(
                        "-p tcp -j TPROXY --on-port 80",
                        "meta l4proto tcp counter tproxy to :80 accept", in: "pre")
                ]
        }
    }

    private static let tracking: [NFTPair] = [
        NFTPair("-j CT --zone 5", "counter ct zone set 5", in: "pre"),
        NFTPair("-j CT --zone-orig 5", "counter ct original zone set 5", in: "pre"),
        NFTPair("-j CT --zone-reply 6", "counter ct reply zone set 6", in: "pre"),
        NFTPair("-j CT --notrack", "counter notrack", in: "pre"),
        NFTPair("-j CLASSIFY --set-class 1f:20", "counter meta priority set 1f:20"),
        NFTPair("-j TRACE", "counter meta nftrace set 1", in: "pre"),
        NFTPair(
            "-p tcp --syn -j TCPMSS --set-mss 1400",
            "tcp flags syn / fin,syn,rst,ack counter tcp option maxseg size set 1400"),
        NFTPair(
            "-p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu",
            "tcp flags syn / syn,rst counter tcp option maxseg size set rt mtu", in: "forward"),
        NFTPair(
            "-m conntrack ! --ctstate NEW,SNAT",
            "ct state & new == 0 ct status & snat == 0 counter"),
        NFTPair("-m owner --uid-owner root", "meta skuid 0 counter", in: "output"),
        NFTPair("-m owner ! --gid-owner root", "meta skgid != 0 counter", in: "output"),
    ]

    private static func headers(_ family: Family, _ only: String) -> [NFTPair] {
        let isIP = family == .ip
        let flag = only.isEmpty ? "" : isIP ? "-4 " : "-6 "
        let header = isIP ? "ip" : "ip6"
        return [
            NFTPair("\(flag)-j DSCP --set-dscp 10", "\(only)counter \(header) dscp set 10"),
            NFTPair(
                "\(flag)-j DSCP --set-dscp-class EF", "\(only)counter \(header) dscp set ef"),
            NFTPair("\(flag)-j DSCP --set-dscp 0x3f", "\(only)counter \(header) dscp set 63"),
            NFTPair(
                "\(flag)-j \(isIP ? "TTL --ttl-set" : "HL --hl-set") 5",
                "\(only)counter \(header) \(isIP ? "ttl" : "hoplimit") set 5"),
            isIP
                ? NFTPair("\(flag)-j TOS --set-tos 1/3", "\(only)counter ip ecn set ect1")
                : NFTPair("\(flag)-j TOS --set-tos 0x28/0xfc", "\(only)counter ip6 dscp set 10"),
        ]
    }

    private static func translation(_ family: Family, _ word: String) -> [NFTPair] {
        let network = family == .ip ? "10.1.0.0/20" : "2001:db8::/64"
        return [
            NFTPair(
                "-j SNAT --to-source \(network)", "counter snat\(word) prefix to \(network)",
                in: "after"),
            NFTPair(
                "-j DNAT --to-destination \(network)",
                "counter dnat\(word) prefix to \(network)", in: "before"),
        ]
    }

    private static func proxy(_ word: String, _ address: String) -> [NFTPair] {
        let bare = address.filter { $0 != "[" && $0 != "]" }
        return [
            NFTPair(
                "-p tcp -j TPROXY --on-port 3128 --on-ip \(bare)",
                "meta l4proto tcp counter tproxy\(word) to \(address):3128 accept", in: "pre"),
            NFTPair(
                "-p udp -j TPROXY --on-port 0 --on-ip \(bare)",
                "meta l4proto udp counter tproxy\(word) to \(address) accept", in: "pre"),
            NFTPair(
                "-p tcp -j TPROXY --on-port 3128 --on-ip \(bare) --tproxy-mark 1",
                "meta l4proto tcp counter tproxy\(word) to \(address):3128 meta mark set 1 accept",
                in: "pre"),
        ]
    }
}
