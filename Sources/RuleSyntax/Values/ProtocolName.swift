/// The names of transport protocols.
///
/// - Source: IANA protocol numbers; names as in `/etc/protocols` and as iptables prints them.
enum ProtocolName {
    private static let names: [(UInt8, String)] = [
        (1, "icmp"), (2, "igmp"), (4, "ipencap"), (6, "tcp"), (8, "egp"), (12, "pup"), (17, "udp"),
        (27, "rdp"), (33, "dccp"), (41, "ipv6"), (43, "ipv6-route"), (44, "ipv6-frag"),
        (46, "rsvp"), (47, "gre"), (50, "esp"), (51, "ah"), (58, "ipv6-icmp"), (59, "ipv6-nonxt"),
        (60, "ipv6-opts"), (88, "eigrp"), (89, "ospf"), (94, "ipip"), (97, "etherip"),
        (98, "encap"), (103, "pim"), (108, "ipcomp"), (112, "vrrp"), (115, "l2tp"), (132, "sctp"),
        (135, "ipv6-mh"), (136, "udplite"), (137, "mpls-in-ip"), (139, "hip"), (142, "rohc"),
        (255, "raw"),
    ]

    private static let others: [(UInt8, String)] = [
        (58, "icmpv6"), (58, "icmp6"), (135, "mobility-header"), (135, "mh"),
    ]

    /// All names; the first of a number is printed.
    static let all: [(UInt64, String)] = (names + others).map { (UInt64($0.0), $0.1) }

    private static let namesByNumber: [UInt8: String] = Dictionary(
        names.map { ($0.0, $0.1) }, uniquingKeysWith: { first, _ in first })

    /// The number that a name or number stands for; nil for `all` and what is neither.
    static func number(_ text: String) -> UInt8? {
        // Compared one by one: a command reads one name, and would take longer to make a dictionary.
        let lower = text.lowercased()
        if let number = all.first(where: { $0.1 == lower })?.0 { return UInt8(number) }
        guard let number = Number.value(text), number > 0 else { return nil }
        return UInt8(exactly: number)
    }

    /// What iptables calls the protocol, or its number.
    static func name(_ number: UInt8) -> String {
        namesByNumber[number] ?? "\(number)"
    }

    /// Reads a protocol; nil means all of them.
    static func parse(_ word: Word) throws(RuleSyntaxError) -> UInt8? {
        if word.text == "all" || word.text == "0" || word.text == "any" { return nil }
        if let number = number(word.text) { return number }
        if Number.value(word.text) != nil {
            throw RuleSyntaxError(
                "the number of a protocol is at most 255, not \(word.text)", at: word.index)
        }
        let near = Suggestion.nearest(to: word.text, among: all.map(\.1).sorted())
        throw RuleSyntaxError(
            "there is no protocol “\(word.text)”", at: word.index,
            hint: near.map { "did you mean \($0)?" })
    }
}
