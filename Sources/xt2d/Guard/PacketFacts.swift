import NetlinkProto

// What expressions that look beyond the headers find out about a packet.

/// What a register gets.
enum PacketFact {
    /// These bytes, as far as they are known.
    case bytes(PartialBytes)
    /// Something that is not known, but not this.
    case anythingBut([UInt8])
}

extension GuardedPacket {
    /// What `meta` loads.
    ///
    /// - Source: linux `net/netfilter/nft_meta.c`, `nft_meta_get_eval`.
    func value(of key: MetaExpression.Key, at place: RuleWalk.Place) -> PacketFact {
        switch key {
        case .family: .bytes(PartialBytes([family.rawValue]))
        case .transportProtocol: .bytes(PartialBytes([transport]))
        case .etherType: .bytes(PartialBytes(family == .ip ? [0x08, 0x00] : [0x86, 0xDD]))
        case .mark: .bytes(mark)
        case .inputInterface: index(input(at: place))
        case .outputInterface: index(output(at: place))
        case .inputInterfaceName: name(input(at: place))
        case .outputInterfaceName: name(output(at: place))
        case .packetType where place.hook == PacketRoute.input && route.input != .loopback:
            .bytes(PartialBytes([0]))
        default: .bytes(PartialBytes(unknown: 16))
        }
    }

    private func input(at place: RuleWalk.Place) -> InterfaceKnowledge {
        let hooks = [
            PacketRoute.ingress, PacketRoute.prerouting, PacketRoute.input, PacketRoute.forward,
        ]
        return hooks.contains(place.hook) ? route.input : .none
    }

    private func output(at place: RuleWalk.Place) -> InterfaceKnowledge {
        let hooks = [
            PacketRoute.forward, PacketRoute.output, PacketRoute.postrouting, PacketRoute.egress,
        ]
        return hooks.contains(place.hook) ? route.output : .none
    }

    private func index(_ interface: InterfaceKnowledge) -> PacketFact {
        switch interface {
        case .none: .bytes(PartialBytes(hostOrder: 0))
        case .known(_, let index): .bytes(PartialBytes(hostOrder: index))
        case .notLoopback: .anythingBut(PartialBytes(hostOrder: 1).value)
        }
    }

    private func name(_ interface: InterfaceKnowledge) -> PacketFact {
        func padded(_ name: String) -> [UInt8] {
            Array((Array(name.utf8) + [UInt8](repeating: 0, count: 16)).prefix(16))
        }
        return switch interface {
        case .none: .bytes(PartialBytes(padded("")))
        case .known(let name, _): .bytes(PartialBytes(padded(name)))
        case .notLoopback: .anythingBut(padded("lo"))
        }
    }

    /// What `ct` loads; nil where there is no connection to ask about.
    ///
    /// - Source: linux `net/netfilter/nft_ct.c`, `nft_ct_get_eval`.
    func value(of conntrack: ConntrackExpression, at place: RuleWalk.Place) -> PartialBytes? {
        if conntrack.key == .state {
            return place.isBeforeTracking
                ? PartialBytes(hostOrder: GuardedPacket.State.invalid) : state
        }
        if place.isBeforeTracking { return nil }
        switch conntrack.key {
        case .direction: return PartialBytes([kind == .reply ? 1 : 0])
        case .family: return PartialBytes([family.rawValue])
        case .transportProtocol: return PartialBytes([transport])
        case .source where conntrack.direction == 0, .sourceIP where conntrack.direction == 0,
            .sourceIP6 where conntrack.direction == 0:
            return PartialBytes(origin)
        default: return PartialBytes(unknown: 16)
        }
    }
}
