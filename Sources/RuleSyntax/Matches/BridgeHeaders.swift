import NetlinkProto

/// What ebtables asks of frames: the headers that a bridge can see.
enum BridgeHeaders {
    private static func option(_ names: String..., value: String) -> OptionSpecification {
        var option = OptionSpecification(names[0], values: [value], isNegatable: true)
        option.names = names
        return option
    }

    private static func number(_ what: String, _ limit: UInt64) -> HeaderField.Value {
        .number(NumberField(what: what, takesRange: true, limit: limit))
    }

    // MARK: Ethernet

    /// `-s` and `-d`: Ethernet addresses.
    static func address(_ direction: Direction) -> HeaderMatch {
        let isSource = direction == .source
        return HeaderMatch(
            name: isSource ? "source" : "destination",
            summary: "The frame's \(isSource ? "source" : "destination") address",
            form: isSource ? .head(text: 1, order: 4) : .head(text: 2, order: 5),
            fields: [
                HeaderField(
                    isSource
                        ? option("-s", "--source", "--src", value: addressValue)
                        : option("-d", "--destination", "--dst", value: addressValue),
                    .payload(.link, offset: isSource ? 6 : 0, length: 6), .hardwareAddress)
            ])
    }

    private static let addressValue = "XX:XX:XX:XX:XX:XX[/MASK]|Unicast|Multicast|Broadcast|BGA"

    /// `vlan`: the tag of IEEE 802.1Q.
    static let vlan = HeaderMatch(
        name: "vlan", summary: "With -p 802_1Q: the VLAN tag", form: .head(text: 11, order: 11),
        fields: [
            HeaderField(
                option("--vlan-id", value: "NUMBER"), .payload(.link, offset: 14, length: 2),
                .number(NumberField(what: "a VLAN", bits: [0x0F, 0xFF], limit: 0xFFF))),
            HeaderField(
                option("--vlan-prio", value: "NUMBER"), .payload(.link, offset: 14, length: 1),
                .number(NumberField(what: "a VLAN priority", bits: [0xE0], limit: 7))),
            HeaderField(
                option("--vlan-encap", value: "IPv4|0xNUMBER"),
                .payload(.link, offset: 16, length: 2), .number(EtherType.field)),
        ],
        need: .etherType([EtherType.vlan], hint: "add -p 802_1Q"))

    // MARK: IPv4 and IPv6

    /// The options that name the transport protocol.
    static let protocolOptions = [
        "--ip-proto", "--ip-protocol", "--ip6-proto", "--ip6-protocol",
    ]

    /// What fits a transport protocol, whatever headers come before it.
    private static let transport = HeaderField.Value.number(
        NumberField(what: "a protocol", names: ProtocolName.all, limit: 0xFF))

    private static func ports(_ name: String) -> [HeaderField] {
        [
            HeaderField(
                option("--\(name)-sport", "--\(name)-source-port", value: "PORT[:PORT]"),
                PortOptions.selector(.source), .port),
            HeaderField(
                option("--\(name)-dport", "--\(name)-destination-port", value: "PORT[:PORT]"),
                PortOptions.selector(.destination), .port),
        ]
    }

    /// `ip`: the IPv4 header and what follows it.
    static let ip = HeaderMatch(
        name: "ip", summary: "With -p IPv4: the IPv4 header and ports",
        form: .head(text: 8, order: 8),
        fields: [
            HeaderField(
                option("--ip-src", "--ip-source", value: "ADDRESS[/PREFIX]"),
                .payload(.network, offset: 12, length: 4), .address(.ip)),
            HeaderField(
                option("--ip-dst", "--ip-destination", value: "ADDRESS[/PREFIX]"),
                .payload(.network, offset: 16, length: 4), .address(.ip)),
            HeaderField(
                option("--ip-tos", value: "NUMBER"), .payload(.network, offset: 1, length: 1),
                .number(NumberField(what: "a TOS", limit: 0xFF))),
            HeaderField(
                option("--ip-proto", "--ip-protocol", value: "PROTOCOL"),
                .meta(.transportProtocol), transport),
            HeaderField(
                option("--ip-icmp-type", value: "TYPE[/CODE]"),
                .payload(.transport, offset: 0, length: 1), .icmp(.ip)),
        ] + ports("ip"),
        need: .etherType([EtherType.ip], hint: "add -p IPv4"))

    /// `ip6`: the IPv6 header and what follows it.
    static let ip6 = HeaderMatch(
        name: "ip6", summary: "With -p IPv6: the IPv6 header and ports",
        form: .head(text: 9, order: 9),
        fields: [
            HeaderField(
                option("--ip6-src", "--ip6-source", value: "ADDRESS[/PREFIX]"),
                .payload(.network, offset: 8, length: 16), .address(.ip6)),
            HeaderField(
                option("--ip6-dst", "--ip6-destination", value: "ADDRESS[/PREFIX]"),
                .payload(.network, offset: 24, length: 16), .address(.ip6)),
            HeaderField(
                option("--ip6-tclass", value: "NUMBER"), .payload(.network, offset: 0, length: 2),
                .number(NumberField(what: "a traffic class", bits: [0x0F, 0xF0], limit: 0xFF))),
            HeaderField(
                option("--ip6-proto", "--ip6-protocol", value: "PROTOCOL"),
                .meta(.transportProtocol), transport),
            HeaderField(
                option("--ip6-icmp-type", value: "TYPE[/CODE]"),
                .payload(.transport, offset: 0, length: 1), .icmp(.ip6)),
        ] + ports("ip6"),
        need: .etherType([EtherType.ip6], hint: "add -p IPv6"))

    // MARK: IEEE 802.2

    private static func stp(
        _ name: String, _ offset: UInt32, _ length: UInt32, _ value: HeaderField.Value
    ) -> HeaderField {
        let text: String
        switch value {
        case .hardwareAddress: text = "XX:XX:XX:XX:XX:XX[/MASK]"
        default: text = "NUMBER[:NUMBER]"
        }
        return HeaderField(
            option("--stp-" + name, value: text),
            .payload(.link, offset: 17 + offset, length: length), value)
    }

    /// `stp`: the message by which bridges find a tree (BPDU).
    ///
    /// - Source: IEEE 802.1D, 9.3; linux `net/bridge/netfilter/ebt_stp.c`, `struct stp_config_pdu`.
    static let stp = HeaderMatch(
        name: "stp", summary: "The spanning tree message of a frame",
        form: .head(text: 12, order: 12),
        fields: [
            HeaderField(
                option("--stp-type", value: "config|tcn|NUMBER"),
                .payload(.link, offset: 20, length: 1),
                .number(
                    NumberField(
                        what: "a type", names: [(0, "config"), (0x80, "tcn")], limit: 0xFF))),
            HeaderField(
                option("--stp-flags", value: "topology-change|topology-change-ack|NUMBER"),
                .payload(.link, offset: 21, length: 1),
                .number(
                    NumberField(
                        what: "a flag",
                        names: [(1, "topology-change"), (0x80, "topology-change-ack")],
                        limit: 0xFF))),
            stp("root-prio", 5, 2, number("a priority", 0xFFFF)),
            stp("root-addr", 7, 6, .hardwareAddress),
            stp("root-cost", 13, 4, number("a cost", 0xFFFF_FFFF)),
            stp("sender-prio", 17, 2, number("a priority", 0xFFFF)),
            stp("sender-addr", 19, 6, .hardwareAddress),
            stp("port", 25, 2, number("a port", 0xFFFF)),
            stp("msg-age", 27, 2, number("an age", 0xFFFF)),
            stp("max-age", 29, 2, number("an age", 0xFFFF)),
            stp("hello-time", 31, 2, number("a time", 0xFFFF)),
            stp("forward-delay", 33, 2, number("a delay", 0xFFFF)),
        ],
        need: .logicalLink(.stp))

    /// `802_3`, the type in a SNAP header.
    static let snap = HeaderMatch(
        name: "802_3", summary: "With -p LENGTH: the type in a SNAP header",
        form: .head(text: 14, order: 14),
        fields: [
            HeaderField(
                option("--802_3-type", value: "0xNUMBER"),
                .payload(.link, offset: 20, length: 2), .number(EtherType.field))
        ],
        need: .logicalLink(.snap))
}

/// `802_3`, the service access point: who the frame is for, and who from, above the link.
struct ServiceAccessPointMatch: MatchExtension {
    var name: String { "802_3" }
    var summary: String { "With -p LENGTH: both service access points" }
    var form: MatchForm { .head(text: 13, order: 13) }
    var options: [OptionSpecification] {
        [OptionSpecification("--802_3-sap", values: ["0xNUMBER"], isNegatable: true)]
    }

    private static let field = NumberField(
        what: "a service access point", isHexadecimal: true, limit: 0xFF)
    private static let both = Selector.payload(.link, offset: 14, length: 2)
    private static let destination = Selector.payload(.link, offset: 14, length: 1)
    private static let source = Selector.payload(.link, offset: 15, length: 1)

    func compile(
        _ match: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        guard let option = match.options.first else { return }
        guard builder.etherType == EtherType.length else {
            throw RuleSyntaxError(
                "only IEEE 802.3 frames have service access points", at: option.index,
                hint: "add -p LENGTH")
        }
        let number = try ServiceAccessPointMatch.field.number(
            option.value.text[...], at: option.value.index)
        let point = UInt8(truncatingIfNeeded: number)
        guard option.isNegated else {
            return builder.append(
                Condition(ServiceAccessPointMatch.both, equals: [point, point]))
        }
        // Neither of the two.
        for selector in [ServiceAccessPointMatch.source, ServiceAccessPointMatch.destination] {
            builder.append(Condition(selector, equals: [point], negated: true))
        }
    }

    func claim(_ items: ArraySlice<Item>, _ state: PrintState) -> Claim? {
        guard state.etherType == EtherType.length, let condition = items.first?.condition,
            condition.mask == nil, let (value, negated) = condition.equality,
            let point = value.first
        else { return nil }
        let text = ServiceAccessPointMatch.field.text(UInt64(point))
        if condition.selector == ServiceAccessPointMatch.both, !negated, value == [point, point] {
            return Claim(options: ["--802_3-sap"], words: ["--802_3-sap", text])
        }
        let other = Condition(
            ServiceAccessPointMatch.destination, equals: [point], negated: true)
        guard condition.selector == ServiceAccessPointMatch.source, negated,
            items.dropFirst().first == .condition(other)
        else { return nil }
        return Claim(options: ["--802_3-sap"], words: ["!", "--802_3-sap", text], count: 2)
    }
}

/// `--logical-in` and `--logical-out`: the bridge that a frame came in by, or goes out by.
struct LogicalInterfaceMatch: MatchExtension {
    let way: InterfaceMatch.Way

    private var option: String { way == .input ? "--logical-in" : "--logical-out" }

    var name: String { way == .input ? "logical-in" : "logical-out" }
    var summary: String {
        "The bridge that the frame \(way == .input ? "came in" : "goes out") by; NAME+ for all "
            + "that begin so"
    }
    var form: MatchForm { way == .input ? .head(text: 5, order: 6) : .head(text: 6, order: 7) }
    var options: [OptionSpecification] {
        [OptionSpecification(option, values: ["NAME[+]"], isNegatable: true)]
    }

    private var selector: Selector {
        .meta(way == .input ? .bridgeInputName : .bridgeOutputName)
    }

    func compile(
        _ match: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        guard let option = match.options.first,
            let value = try InterfaceName.value(option)
        else { return }
        builder.append(Condition(selector, equals: value, negated: option.isNegated))
    }

    func claim(_ items: ArraySlice<Item>, _ state: PrintState) -> Claim? {
        guard let condition = items.first?.condition, condition.selector == selector,
            condition.mask == nil, let (value, negated) = condition.equality,
            let text = InterfaceName.text(value)
        else { return nil }
        return Claim(options: [option], words: (negated ? ["!"] : []) + [option, text])
    }
}
