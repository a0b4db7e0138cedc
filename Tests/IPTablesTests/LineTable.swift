/// Grammars of lines over all extensions that the kernel of the tests has, by table and chain.
enum LineTable {
    struct Group {
        let table: String
        let chain: String
        /// For both families; then only IPv4, then only IPv6.
        let both: [String]
        let ip: [String]
        let ip6: [String]

        init(_ table: String, _ chain: String, _ both: [String], ip: [String] = [], ip6: [String] = []) {
            self.table = table
            self.chain = chain
            self.both = both
            self.ip = ip
            self.ip6 = ip6
        }
    }

    static let groups: [Group] = [input, output, mangle, preMangle, raw, preNAT, postNAT, security, preFilterHooks]

    private static let head = "[~-s {network}] [~-d {network}] [~-i {interface}] "

    private static let input = Group(
        "filter", "INPUT",
        [
            "-j RATEEST --rateest-name RE1 --rateest-interval 250ms --rateest-ewma 0.5s",
            "~-s {network} ~-d {network} -j (ACCEPT|DROP|RETURN)", head + "[~-p {proto}] [-j ACCEPT]",
            "-s {address},{network} -d {address},{address} -j DROP",
            head + "-p tcp [-m tcp] [~--sport {ports}] [~--dport {ports}] [-j ACCEPT]",
            head + "-p udp [-m udp] [~--sport {ports}] [~--dport {ports}] [-j ACCEPT]",
            "-p tcp [-m tcp] ~--tcp-flags {flags} (NONE|SYN|SYN,ACK|ALL) [--dport {port}] -j DROP",
            "-p tcp ~--syn [--dport {ports}] -j DROP", "-p tcp ~--tcp-option {small}",
            "-p (tcp|udp|sctp|udplite|dccp) -m multiport ~--(dports|sports|ports) {portlist} [-j ACCEPT]",
            "-p tcp -m multiport --dports {range16},{port}", "-m conntrack ~--ctstate {ctstates} [-j ACCEPT]",
            "-m state ~--state {states} -j ACCEPT",
            "-m conntrack [~--ctproto (tcp|17|sctp)] ~--ctorigsrc {network} [~--ctrepldst {network}] [--ctdir (ORIGINAL|REPLY)]",
            "-m conntrack ~--ctstatus (NONE|EXPECTED|SEEN_REPLY|ASSURED|CONFIRMED) [~--ctexpire {range32}]",
            "-m conntrack ~--ctorigsrcport {range16} ~--ctrepldstport {port}",
            "-m connmark ~--mark {mark}", "-m mark ~--mark {mark} [-j DROP]",
            "-m limit [--limit {rate}] [--limit-burst {small}] [-j ACCEPT]",
            "-m hashlimit --hashlimit-(upto|above) {rate} [--hashlimit-burst {small}] [--hashlimit-mode {modes}] --hashlimit-name {name} [--hashlimit-htable-size {port}] [--hashlimit-htable-max {port}] [--hashlimit-htable-expire {port}] [--hashlimit-htable-gcinterval {port}] [--hashlimit-srcmask {small}] [--hashlimit-dstmask {small}]",
            "-m hashlimit --hashlimit-upto {small}(kb|mb)/s --hashlimit-burst 100mb --hashlimit-name {name}",
            "-m hashlimit --hashlimit-above {small}/s --hashlimit-rate-match --hashlimit-rate-interval {small} --hashlimit-name {name}",
            "-m comment --comment {text} -j ACCEPT", "-m comment --comment {text} -m comment --comment {text}",
            "-m iprange ~--src-range {range-address} [~--dst-range {range-address}]", "-m mac ~--mac-source {mac}",
            "-m pkttype ~--pkt-type (unicast|broadcast|multicast)",
            "-m addrtype [~--src-type {types}] ~--dst-type {types} [--limit-iface-in]", "-m length ~--length {range16}",
            "-m length --length {u16}", "-m connbytes ~--connbytes {range32} --connbytes-dir (original|reply|both) --connbytes-mode (packets|bytes|avgpkt)",
            "-m connlimit --connlimit-(above|upto) {small} [--connlimit-mask {small}] [--connlimit-(saddr|daddr)]",
            "-m cpu ~--cpu {small}", "-p dccp ~--dport {ports} [~--dccp-types (REQUEST,RESPONSE|DATA)]",
            "-m dscp ~--dscp {small}", "-m dscp ~--dscp-class {dscp}", "-m tos ~--tos {u8}", "-m tos ~--tos (0x10/0x3f|Minimize-Delay)",
            "-p tcp -m ecn [~--ecn-tcp-cwr] [~--ecn-tcp-ece]", "-m ecn ~--ecn-ip-ect (0|1|2|3)",
            "-p esp -m esp ~--espspi {range32}", "-m helper --helper (ftp|sip|\"\")", "-p ipcomp -m ipcomp ~--ipcompspi {x32}",
            "-m devgroup [~--src-group {x32}/{x32}] [-j ACCEPT]", "-m devgroup --src-group {small}",
            "-m policy --dir in --pol (none|ipsec [--strict --reqid {small} --proto (esp|ah) --mode tunnel])",
            "-m quota ~--quota {u32}", "-m realm ~--realm {x32}/{x32}",
            "-m recent [--name {name}] [~](--set|--rcheck --seconds {small} [--hitcount {small}]|--update [--reap --seconds {small}]|--remove) [--rsource]",
            "-m recent --rcheck --rdest [--rttl] [--name {name}]", "-p sctp ~--dport {ports} [--sport {ports}]",
            "-p sctp --chunk-types (all|any|only) (DATA,INIT|SACK|ASCONF_ACK)", "-m socket [--transparent] [--nowildcard] [--restore-skmark]",
            "-m statistic --mode random ~--probability {double}", "-m statistic --mode nth ~--every {small}5 --packet 1",
            "-m string ~--string {text} --algo (bm|kmp) [--from {small}] [--to {port}] [--icase]", "-m string --hex-string {hexstring} --algo bm",
            "-p tcp -m tcpmss ~--mss {range16}", "-m time [--timestart 08:00 --timestop 17:30] [~--weekdays {days}] [--monthdays 1,15,31] [--kerneltz] [--datestart 2024-01-01T00:00:00] [--contiguous --timestart 1:00 --timestop 0:30]",
            "-m u32 ~--u32 (0=0|\"6&0xFF=1\"|\"0>>22&0x3C@ 4 & 0xFF = 0:5,7\")", "-m bpf --bytecode \"4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0\"",
            "-m cgroup ~--cgroup {u16}", "-m connlabel ~--label {small} [--set]", "-m cluster --cluster-total-nodes 5 --cluster-local-node (1|3|5) --cluster-hash-seed {small}",
            "-m physdev ~--physdev-in {interface}", "-m physdev [~--physdev-is-in] ~--physdev-is-bridged", "-m osf -p tcp ~--genre Linux [--ttl 1] [--log 0]",
            "-m rateest --rateest RE1 ~--rateest-(lt|gt|eq) [--rateest-bps 8bit] --rateest-pps {small}",
            "-j LOG [--log-prefix {prefix}] [--log-level (debug|info|crit|4|7)] [--log-tcp-sequence] [--log-ip-options] [--log-uid] [--log-macdecode]",
            "-j NFLOG [--nflog-group {u16}] [--nflog-prefix {prefix}] [--nflog-threshold {small}] [--nflog-size {port}]",
            "-j NFQUEUE [(--queue-num {u16}|--queue-balance {range16} [--queue-cpu-fanout])] [--queue-bypass]",
            "-j MARK --set-(mark|xmark) {mark}", "-j MARK --(and|or|xor)-mark {x32}", "-j CONNMARK --(set|save|restore)-mark",
            "-j CONNMARK --set-xmark {mark}", "-j CONNMARK --save-mark --nfmask {x32} --ctmask {x32}", "-j AUDIT --type (accept|drop|reject)",
            "-j TEE --gateway {address} [--oif eth0]",
            "-p tcp -j SYNPROXY [--sack-perm] [--timestamp] [--wscale 7] [--mss {small}]", "-j IDLETIMER --timeout {small} --label {name}",
            "-j HMARK --hmark-tuple src,dst,sport,dport --hmark-mod {small} --hmark-rnd {x32} [--hmark-offset {small}]",
            "-m conntrack --ctstate NEW -m limit --limit {rate} -m comment --comment {text} -p tcp --dport {port} -j LOG --log-prefix {prefix}",
            "-c {u32} {u32} -p udp -m mark --mark {mark} -j ACCEPT", "-g (side|other)", head + "-j (side|other)",
        ],
        ip: [
            "~-f [-p icmp] -j DROP", "-p icmp [-m icmp] ~--icmp-type (any|8|3/1|echo-request|host-prohibited|time-exceeded) -j ACCEPT",
            "-p ah ~--ahspi {range32}", "-m ttl ~--ttl-eq {u8}", "-m ttl --ttl-(lt|gt) {u8}",
            "-j REJECT [--reject-with (icmp-net-unreachable|host-prohib|icmp-admin-prohibited)]", "-p tcp -j REJECT --reject-with tcp-reset",
        ],
        ip6: [
            "-p icmpv6 [-m icmp6] ~--icmpv6-type (1|128/0|echo-request|neighbour-solicitation|time-exceeded) -j ACCEPT",
            "-j REJECT [--reject-with (icmp6-no-route|icmp6-adm-prohibited|addr-unreach)]", "-p tcp -j REJECT --reject-with tcp-reset",
        ])

    private static let output = Group(
        "filter", "OUTPUT",
        [
            "~-o {interface} -j ACCEPT", "-m owner ~--uid-owner {small} [~--gid-owner {small}-50] [~--socket-exists]",
            "-m owner ~--uid-owner root", "-j CLASSIFY --set-class {small}:{small}",
            "-m policy --dir out --pol ipsec [--strict ~--tunnel-dst {network} --mode tunnel --next ~--spi {x32}]",
        ])

    private static let mangle = Group(
        "mangle", "FORWARD",
        [
            "-j DSCP --set-dscp {small}", "-j DSCP --set-dscp-class {dscp}", "-j TOS --set-tos {u8}",
            "-j TOS --(and|or|xor)-tos {u8}", "-j TOS --set-tos (0x10/0x1c|Maximize-Throughput)", "-p tcp -j TCPMSS --set-mss {port}",
            "-p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu", "-p tcp -j TCPOPTSTRIP --strip-options (2,3,wscale|timestamp|sack-permitted)",
            "~-i {interface} ~-o {interface} -j MARK --set-mark {mark}", "-p udp -j CHECKSUM --checksum-fill",
        ],
        ip: ["-j TTL --ttl-(set|inc|dec) {small}", "-p tcp -j ECN --ecn-tcp-remove"],
        ip6: ["-j HL --hl-(set|inc|dec) {small}"])

    private static let preMangle = Group(
        "mangle", "PREROUTING",
        [
            "-p (tcp|udp) -j TPROXY --on-port {u16} [--on-ip {address}] [--tproxy-mark {mark}]",
            "-m rpfilter [--loose] [--validmark] [--accept-local] [--invert]",
        ])

    private static let raw = Group(
        "raw", "PREROUTING",
        [
            "-j CT --notrack", "-j NOTRACK", "-j TRACE", "-j CT [--zone {u16}] [--ctevents (new,related|destroy)] [--expevents new]",
            "-j CT --zone-(orig|reply) {u16}", "-p tcp -j CT --helper ftp", "~-i {interface} -p {proto} -j TRACE",
        ])

    private static let preNAT = Group(
        "nat", "PREROUTING",
        [
            "-j DNAT --to-destination {address} [--random] [--persistent]", "-p (tcp|udp) -j REDIRECT [--to-ports {dashports}] [--random]",
            "-p tcp -j REDIRECT --to-ports {port}", "-j NETMAP --to {network}",
        ],
        ip: ["-p (tcp|udp|sctp) -j DNAT --to-destination {address}:{dashports}", "-j DNAT --to-destination {range-address}", "-p tcp -j DNAT --to-destination :{port}"],
        ip6: ["-p (tcp|udp) -j DNAT --to-destination {bracketed}:{port}"])

    private static let postNAT = Group(
        "nat", "POSTROUTING",
        [
            "-j SNAT --to-source {address} [--random] [--random-fully] [--persistent]", "-j MASQUERADE [--random] [--random-fully]",
            "-p (tcp|udp) -j MASQUERADE --to-ports {dashports}", "-o {interface} -j NETMAP --to {network}",
        ],
        ip: ["-p tcp -j SNAT --to-source {address}:{dashports}", "-p udp -j SNAT --to-source {range-address}"])

    private static let security = Group(
        "security", "INPUT", ["-j CONNSECMARK --(save|restore)", "-m conntrack --ctstate NEW -j ACCEPT"])

    /// What only one hook holds.
    private static let preFilterHooks = Group(
        "mangle", "POSTROUTING", ["-j CLASSIFY --set-class {small}:{small}", "-m realm --realm {small}"])
}
