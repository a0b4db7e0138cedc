import NetlinkProto

/// Every match and target there is; a new one is added here and nowhere else.
///
/// The printer takes the first that knows what it sees, so the more particular one comes first.
extension Extensions {
    static let internet = Extensions(
        [.ip, .ip6, .inet],
        matches: [FamilyMatch(.ip), FamilyMatch(.ip6)] + packets + [
            ConntrackMatch(), StateMatch(), MarkMatch(), ConnmarkMatch(), LimitMatch(),
            AddressRangeMatch(), HardwareAddressMatch(), PacketTypeMatch(), AddressTypeMatch(),
            OwnerMatch(), LengthMatch(), RawMatch(), CommentMatch(),
        ],
        targets: verdicts + [
            QueueTarget(), RejectTarget(), LogTarget(), NFLogTarget(), MarkTarget(),
            ConnmarkTarget(), NATTarget(.source), NATTarget(.destination), MasqueradeTarget(),
            RedirectTarget(), NFQueueTarget(), ConntrackTarget("CT"), ConntrackTarget("NOTRACK"),
            ClassifyTarget(), TraceTarget(), NetmapTarget(), DSCPTarget(), TOSTarget(),
            HopLimitTarget(.ip), HopLimitTarget(.ip6), TCPMSSTarget(), TransparentProxyTarget(),
            TeeTarget(),
        ])

    static let netdev = Extensions(
        [.netdev],
        matches: [FamilyMatch(.ip), FamilyMatch(.ip6)] + packets + [
            MarkMatch(), LimitMatch(), AddressRangeMatch(), HardwareAddressMatch(),
            PacketTypeMatch(), AddressTypeMatch(), OwnerMatch(), LengthMatch(), RawMatch(),
            CommentMatch(),
        ],
        targets: verdicts + [
            RejectTarget(), LogTarget(), NFLogTarget(), MarkTarget(), ClassifyTarget(),
            TraceTarget(), DSCPTarget(), TOSTarget(), HopLimitTarget(.ip), HopLimitTarget(.ip6),
            DeviceTarget(isForward: true), DeviceTarget(isForward: false),
        ])

    static let bridge = Extensions(
        [.bridge],
        matches: [
            EtherTypeMatch(), BridgeHeaders.address(.source), BridgeHeaders.address(.destination),
            InterfaceMatch(.input), InterfaceMatch(.output),
            LogicalInterfaceMatch(way: .input), LogicalInterfaceMatch(way: .output),
            BridgeHeaders.ip, BridgeHeaders.ip6, ARPHeaders.bridge, BridgeHeaders.vlan,
            BridgeHeaders.stp, BridgeHeaders.snap, ServiceAccessPointMatch(), AmongMatch(),
            MarkMatch(), LimitMatch(), PacketTypeMatch(), LengthMatch(), RawMatch(),
            CommentMatch(),
        ],
        targets: verdicts + [
            ContinueTarget(), MarkTarget(), BridgeMarkTarget(), HardwareNATTarget(.source),
            HardwareNATTarget(.destination), BridgeRedirectTarget(), ARPReplyTarget(),
            LogTarget(), NFLogTarget(), ClassifyTarget(), TraceTarget(),
        ])

    static let arp = Extensions(
        [.arp],
        matches: [
            ARPHeaders.arp, InterfaceMatch(.input), InterfaceMatch(.output), MarkMatch(),
            LimitMatch(), PacketTypeMatch(), LengthMatch(), RawMatch(), CommentMatch(),
        ],
        targets: verdicts + [
            MarkTarget(), ARPMangleTarget(), LogTarget(), NFLogTarget(), ClassifyTarget(),
            TraceTarget(),
        ])

    /// What IPv4 and IPv6 packets are asked for.
    private static var packets: [any MatchExtension] {
        [
            AddressMatch(.source), AddressMatch(.destination), InterfaceMatch(.input),
            InterfaceMatch(.output), TransportMatch(), FragmentMatch(), TCPMatch(),
            PortMatch("udp", 17), PortMatch("udplite", 136), PortMatch("dccp", 33), SCTPMatch(),
            ICMPMatch(.ip), ICMPMatch(.ip6), MultiportMatch(),
        ]
    }

    private static var verdicts: [any TargetExtension] {
        [
            VerdictTarget("ACCEPT", .accept, "Let the packet through"),
            VerdictTarget("DROP", .drop, "Throw the packet away"),
            VerdictTarget("RETURN", .return, "Go back to the chain that jumped here"),
        ]
    }
}
