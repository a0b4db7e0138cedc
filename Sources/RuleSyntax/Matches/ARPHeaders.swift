import NetlinkProto

/// The header of ARP for IPv4 over Ethernet, whose fields have fixed places.
///
/// - Source: RFC 826; linux `include/uapi/linux/if_arp.h`.
enum ARPHeaders {
    private static func field(_ offset: UInt32, _ length: UInt32) -> Selector {
        .payload(.network, offset: offset, length: length)
    }

    static let senderIP = field(14, 4)
    static let senderHardware = field(8, 6)
    static let targetIP = field(24, 4)
    static let targetHardware = field(18, 6)

    static let operation = NumberField(
        what: "an ARP operation",
        names: [
            (1, "Request"), (2, "Reply"), (3, "Request_Reverse"), (4, "Reply_Reverse"),
            (5, "DRARP_Request"), (6, "DRARP_Reply"), (7, "DRARP_Error"), (8, "InARP_Request"),
            (9, "ARP_NAK"),
        ], takesMask: true, limit: 0xFFFF)
    private static let hardwareType = NumberField(
        what: "a hardware type", names: [(1, "Ethernet")], isHexadecimal: true, takesMask: true,
        limit: 0xFFFF)
    private static var protocolType: NumberField {
        var field = EtherType.field
        field.takesMask = true
        return field
    }
    private static let hardwareLength = NumberField(
        what: "a length of hardware addresses", takesMask: true, limit: 0xFF)

    private static func option(_ names: [String], _ value: String) -> OptionSpecification {
        var option = OptionSpecification(names[0], values: [value], isNegatable: true)
        option.names = names
        return option
    }

    /// arptables' matches.
    ///
    /// No field stands right behind the one in front of it here: nft would make one condition of two.
    static let arp = HeaderMatch(
        name: "arp", summary: "The ARP header", form: .head(text: 1, order: 3),
        fields: [
            HeaderField(
                option(["-s", "--source-ip", "--src-ip"], "ADDRESS[/PREFIX]"), senderIP,
                .address(.ip)),
            HeaderField(
                option(["-d", "--destination-ip", "--dst-ip"], "ADDRESS[/PREFIX]"), targetIP,
                .address(.ip)),
            HeaderField(
                option(["--source-mac", "--src-mac"], "XX:XX:XX:XX:XX:XX[/MASK]"), senderHardware,
                .hardwareAddress),
            HeaderField(
                option(["--destination-mac", "--dst-mac"], "XX:XX:XX:XX:XX:XX[/MASK]"),
                targetHardware, .hardwareAddress),
            HeaderField(
                option(["--h-length", "-l"], "BYTES[/MASK]"), field(4, 1), .number(hardwareLength)),
            HeaderField(
                option(["--opcode"], "NAME|NUMBER[/MASK]"), field(6, 2), .number(operation)),
            HeaderField(
                option(["--proto-type"], "IPv4|0xNUMBER[/MASK]"), field(2, 2),
                .number(protocolType)),
            HeaderField(
                option(["--h-type"], "Ethernet|0xNUMBER[/MASK]"), field(0, 2),
                .number(hardwareType)),
        ])

    /// ebtables' `arp`.
    static let bridge = HeaderMatch(
        name: "arp", summary: "With -p ARP or -p RARP: the ARP header",
        form: .head(text: 10, order: 10),
        fields: [
            HeaderField(
                option(["--arp-ip-src"], "ADDRESS[/PREFIX]"), senderIP, .address(.ip)),
            HeaderField(
                option(["--arp-ip-dst"], "ADDRESS[/PREFIX]"), targetIP, .address(.ip)),
            HeaderField(
                option(["--arp-mac-src"], "XX:XX:XX:XX:XX:XX[/MASK]"), senderHardware,
                .hardwareAddress),
            HeaderField(
                option(["--arp-mac-dst"], "XX:XX:XX:XX:XX:XX[/MASK]"), targetHardware,
                .hardwareAddress),
            HeaderField(
                option(["--arp-op", "--arp-opcode"], "NAME|NUMBER"), field(6, 2),
                .number(operation)),
            HeaderField(
                option(["--arp-ptype"], "IPv4|0xNUMBER"), field(2, 2), .number(protocolType)),
            HeaderField(
                option(["--arp-htype"], "Ethernet|0xNUMBER"), field(0, 2), .number(hardwareType)),
        ],
        need: .etherType([EtherType.arp, EtherType.rarp], hint: "add -p ARP"))
}
