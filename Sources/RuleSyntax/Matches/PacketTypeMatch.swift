import NetlinkProto

/// `-m pkttype`: whom the link layer sent the packet to.
struct PacketTypeMatch: MatchExtension {
    var name: String { "pkttype" }
    var summary: String { "Whom the link layer sent the packet to" }
    var form: MatchForm { .named }
    var options: [OptionSpecification] {
        [
            OptionSpecification(
                "--pkt-type", values: ["unicast|broadcast|multicast"], isNegatable: true)
        ]
    }

    /// `PACKET_*` of linux `include/uapi/linux/if_packet.h`.
    private static let types: [(UInt8, String)] = [
        (0, "unicast"), (1, "broadcast"), (2, "multicast"), (3, "otherhost"), (0, "host"),
        (1, "bcast"), (2, "mcast"),
    ]

    func compile(
        _ match: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        guard let option = match["--pkt-type"] else {
            throw RuleSyntaxError("-m pkttype needs --pkt-type", at: match.index)
        }
        let name = option.value.text.lowercased()
        guard let type = PacketTypeMatch.types.first(where: { $0.1 == name }) else {
            throw RuleSyntaxError(
                "“\(option.value.text)” is not unicast, broadcast or multicast",
                at: option.value.index)
        }
        builder.append(
            Condition(.meta(.packetType), equals: [type.0], negated: option.isNegated))
    }

    func claim(_ items: ArraySlice<Item>, _ state: PrintState) -> Claim? {
        guard let condition = items.first?.condition, condition.selector == .meta(.packetType),
            condition.mask == nil, let (value, negated) = condition.equality, value.count == 1,
            let type = PacketTypeMatch.types.first(where: { $0.0 == value[0] })
        else { return nil }
        return Claim(
            options: ["--pkt-type"], words: (negated ? ["!"] : []) + ["--pkt-type", type.1])
    }
}
