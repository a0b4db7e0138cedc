/// The names of services, for input only; ports are printed as numbers.
///
/// - Source: IANA service names; those that rules are commonly written with.
enum PortName {
    private static let numbers: [String: UInt16] = [
        "tcpmux": 1, "echo": 7, "discard": 9, "systat": 11, "daytime": 13, "netstat": 15,
        "qotd": 17, "chargen": 19, "ftp-data": 20, "ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25,
        "mail": 25, "time": 37, "whois": 43, "tacacs": 49, "domain": 53, "dns": 53, "bootps": 67,
        "bootpc": 68, "tftp": 69, "gopher": 70, "finger": 79, "http": 80, "www": 80,
        "kerberos": 88, "kerberos-sec": 88, "iso-tsap": 102, "acr-nema": 104, "pop3": 110,
        "pop-3": 110, "sunrpc": 111, "portmapper": 111, "auth": 113, "ident": 113, "nntp": 119,
        "ntp": 123, "epmap": 135, "netbios-ns": 137, "netbios-dgm": 138, "netbios-ssn": 139,
        "imap": 143, "imap2": 143, "snmp": 161, "snmp-trap": 162, "snmptrap": 162, "cmip-man": 163,
        "mailq": 174, "xdmcp": 177, "bgp": 179, "irc": 194, "smux": 199, "qmtp": 209, "ipx": 213,
        "ptp-event": 319, "ptp-general": 320, "imap3": 220, "rpki-rtr": 323, "ldap": 389,
        "svrloc": 427, "https": 443, "snpp": 444, "microsoft-ds": 445, "kpasswd": 464,
        "submissions": 465, "smtps": 465, "saft": 487, "isakmp": 500, "exec": 512, "login": 513,
        "shell": 514, "syslog": 514, "printer": 515, "route": 520, "ripng": 521, "uucp": 540,
        "klogin": 543, "kshell": 544, "dhcpv6-client": 546, "dhcpv6-server": 547, "afpovertcp": 548,
        "rtsp": 554, "nntps": 563, "submission": 587, "ipp": 631, "ldaps": 636, "tinc": 655,
        "kerberos-adm": 749, "domain-s": 853, "dns-over-tls": 853, "rsync": 873, "ftps-data": 989,
        "ftps": 990, "telnets": 992, "imaps": 993, "pop3s": 995, "socks": 1080, "proofd": 1093,
        "rmiregistry": 1099, "openvpn": 1194, "ms-sql-s": 1433, "ms-sql-m": 1434, "l2tp": 1701,
        "pptp": 1723, "radius": 1812, "radius-acct": 1813, "mqtt": 1883, "nfs": 2049,
        "cisco-sccp": 2000, "gnunet": 2086, "zephyr-srv": 2102, "docker": 2375, "docker-s": 2376,
        "etcd-client": 2379, "etcd-server": 2380, "rtmp": 1935, "ms-wbt-server": 3389,
        "mysql": 3306, "rdp": 3389, "svn": 3690, "nut": 3493, "iscsi-target": 3260,
        "epmd": 4369, "ipsec-nat-t": 4500, "vxlan": 4789, "sip": 5060, "sip-tls": 5061,
        "xmpp-client": 5222, "xmpp-server": 5269, "mdns": 5353, "llmnr": 5355, "postgresql": 5432,
        "amqps": 5671, "amqp": 5672, "x11": 6000, "redis": 6379, "geneve": 6081, "ircd": 6667,
        "ircs-u": 6697, "bbs": 7000, "http-alt": 8080, "webcache": 8080, "tproxy": 8081,
        "puppet": 8140, "secure-mqtt": 8883, "git": 9418, "zabbix-agent": 10050,
        "zabbix-trapper": 10051, "memcached": 11211, "wireguard": 51820,
    ]

    /// The port that a number or name stands for; nil if it is neither.
    static func number(_ text: Substring) -> UInt16? {
        Number.value(text).map { UInt16(exactly: $0) } ?? numbers[text.lowercased()]
    }

    /// Reads a port, by number or name.
    static func parse(_ text: Substring, at index: Int) throws(RuleSyntaxError) -> UInt16 {
        if let port = number(text) { return port }
        guard Number.value(text) == nil else {
            throw RuleSyntaxError("a port is at most 65535, not \(text)", at: index)
        }
        let near = Suggestion.nearest(to: String(text), among: numbers.keys.sorted())
        throw RuleSyntaxError(
            "“\(text)” is not a port", at: index,
            hint: near.map { "did you mean \($0)?" } ?? "a port is a number from 0 to 65535")
    }
}

/// One port, or all ports between two.
struct PortRange: Hashable, Sendable {
    var lower: UInt16
    var upper: UInt16

    var isSingle: Bool { lower == upper }

    /// `80` or `80:90`.
    func text(separator: String = ":") -> String {
        isSingle ? "\(lower)" : "\(lower)\(separator)\(upper)"
    }

    /// Reads `PORT`, `PORT:PORT`, `PORT:` or `:PORT`.
    static func parse(
        _ text: Substring, separator: Character = ":", at index: Int
    ) throws(RuleSyntaxError) -> PortRange {
        // A name may have a dash in it, so it goes before ranges that are written with one.
        if let port = PortName.number(text) {
            return PortRange(lower: port, upper: port)
        }
        let parts = text.split(separator: separator, omittingEmptySubsequences: false)
        guard parts.count == 2, let first = parts.first, let last = parts.last,
            !first.isEmpty || !last.isEmpty
        else {
            _ = try PortName.parse(text, at: index)
            throw RuleSyntaxError("“\(text)” is neither a port nor a range", at: index)
        }
        let lower = first.isEmpty ? 0 : try PortName.parse(first, at: index)
        let upper = last.isEmpty ? .max : try PortName.parse(last, at: index)
        guard lower <= upper else {
            throw RuleSyntaxError(
                "the range \(text) is empty", at: index,
                hint: "the smaller port comes first: \(upper)\(separator)\(lower)")
        }
        return PortRange(lower: lower, upper: upper)
    }
}
