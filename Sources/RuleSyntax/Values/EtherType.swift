import NetlinkProto

/// What an Ethernet frame carries.
///
/// - Source: IEEE EtherType numbers; names as in ebtables' `/etc/ethertypes`.
enum EtherType {
    /// What stands for every number below 0x600: such a field is the length of an IEEE 802.3 frame.
    static let length: UInt16 = 0
    /// Where the number stands in a frame.
    static let selector = Selector.payload(.link, offset: 12, length: 2)

    static let ip: UInt16 = 0x0800
    static let arp: UInt16 = 0x0806
    static let rarp: UInt16 = 0x8035
    static let vlan: UInt16 = 0x8100
    static let ip6: UInt16 = 0x86DD

    /// The names; the first of a number is printed.
    static let names: [(UInt64, String)] = [
        (0x0800, "IPv4"), (0x0805, "X25"), (0x0806, "ARP"), (0x0808, "FR_ARP"),
        (0x6003, "DEC"), (0x8035, "RARP"), (0x809B, "ATALK"), (0x80F3, "AARP"),
        (0x8100, "802_1Q"), (0x8137, "IPX"), (0x86DD, "IPv6"), (0x8847, "MPLS"),
        (0x8848, "MPLS_MC"), (0x8863, "PPP_DISC"), (0x8864, "PPP_SES"), (0x888E, "EAPOL"),
        (0x88A8, "802_1AD"), (0x88CC, "LLDP"), (0x88E5, "MACSEC"), (0x9000, "LOOP"),
        (0x0800, "ip"), (0x86DD, "ip6"), (0x8100, "vlan"),
    ]

    /// How the number is written.
    static let field = NumberField(
        what: "an EtherType", names: names, isHexadecimal: true, limit: 0xFFFF)

    /// `ip` or `ip6`, if the frame carries one of them.
    static func family(_ number: UInt16) -> Family? {
        switch number {
        case ip: .ip
        case ip6: .ip6
        default: nil
        }
    }

    /// The number of IPv4 or IPv6.
    static func number(of family: Family) -> UInt16 { family == .ip ? ip : ip6 }
}
