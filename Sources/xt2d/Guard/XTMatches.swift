import NetlinkProto

// Matches of xt that are understood; iptables writes them where nf_tables has no expression of its own.

extension GuardedPacket {
    /// Whether an xt match holds.
    func holds(_ match: CompatMatchExpression, at place: RuleWalk.Place) -> Truth {
        let info = MatchInfo(bytes: match.info)
        return switch match.name {
        case "comment": .yes
        case "tcp" where info.bytes.count >= 12: tcp(info)
        case "udp" where info.bytes.count >= 9: transport == 17 ? ports(info, flags: 8) : .no
        case "multiport" where match.revision == 1 && info.bytes.count >= 48: multiport(info)
        case "state" where info.bytes.count >= 4: isIn(info.word32(0), at: place)
        case "conntrack" where match.revision >= 2 && info.bytes.count >= 152:
            conntrack(info, at: place)
        default: .unknown
        }
    }

    /// - Source: linux `include/uapi/linux/netfilter/xt_tcpudp.h`, `struct xt_tcp`: two ranges of ports, option, mask and value of the
    ///   flags, what is inverted.
    private func tcp(_ info: MatchInfo) -> Truth {
        guard transport == 6 else { return .no }
        let invertsFlags: UInt8 = 4
        guard info.bytes[8] == 0 else { return .unknown }
        let flags = transportHeader.slice(13, 1).masked([info.bytes[9]], xor: [0])
            .equals([info.bytes[10]])
        return ports(info, flags: 11)
            .and(info.bytes[11] & invertsFlags == 0 ? flags : flags.inverted)
    }

    /// Two ranges of ports; bits 1 and 2 of a byte invert them.
    private func ports(_ info: MatchInfo, flags: Int) -> Truth {
        let source = port(0, from: info.word(0), to: info.word(2))
        let destination = port(2, from: info.word(4), to: info.word(6))
        let inverted = info.bytes[flags]
        return (inverted & 1 == 0 ? source : source.inverted)
            .and(inverted & 2 == 0 ? destination : destination.inverted)
    }

    private func port(_ offset: Int, from: UInt16, to: UInt16) -> Truth {
        transportHeader.slice(offset, 2).lies(from: from.networkBytes, to: to.networkBytes)
    }

    /// - Source: linux `include/uapi/linux/netfilter/xt_multiport.h`, `struct xt_multiport_v1`: which ports, how many, 15 ports, 15 marks
    ///   of those that begin a range, whether it is inverted.
    private func multiport(_ info: MatchInfo) -> Truth {
        let offsets: [[Int]] = [[0], [2], [0, 2]]
        let count = Int(info.bytes[1])
        guard offsets.indices.contains(Int(info.bytes[0])), count <= 15 else { return .unknown }
        var truth = Truth.no
        var index = 0
        while index < count {
            let isRange = info.bytes[32 + index] != 0 && index + 1 < count
            let from = info.word(2 + 2 * index)
            if isRange { index += 1 }
            let to = info.word(2 + 2 * index)
            for offset in offsets[Int(info.bytes[0])] {
                truth = truth.or(port(offset, from: from, to: to))
            }
            index += 1
        }
        return info.bytes[47] == 0 ? truth : truth.inverted
    }

    /// `-m conntrack --ctstate`, and nothing else.
    ///
    /// - Source: linux `include/uapi/linux/netfilter/xt_conntrack.h`, `struct xt_conntrack_mtinfo3`: eight addresses of 16 bytes, two
    ///   times, protocol and ports, then three words of 16 bits each: what is asked, what is inverted, the states.
    private func conntrack(_ info: MatchInfo, at place: RuleWalk.Place) -> Truth {
        let asksForState: UInt16 = 1
        guard info.word(146) == asksForState else { return .unknown }
        var states = UInt32(info.word(150))
        // What is not tracked has another number there.
        let untracked: UInt32 = 1 << 8
        if states & untracked != 0 { states |= State.untracked }
        let truth = isIn(states & ~untracked, at: place)
        return info.word(148) & asksForState == 0 ? truth : truth.inverted
    }

    private func isIn(_ states: UInt32, at place: RuleWalk.Place) -> Truth {
        guard !place.isBeforeTracking, state.isKnown else { return .unknown }
        let none = PartialBytes(hostOrder: 0)
        let zero = [UInt8](repeating: 0, count: 4)
        let mask = PartialBytes(hostOrder: states).value
        return state.masked(mask, xor: zero) == none ? .no : .yes
    }
}

/// The bytes of an xt match; numbers are in host order.
private struct MatchInfo {
    let bytes: [UInt8]

    func word(_ offset: Int) -> UInt16 {
        let pair = [bytes[offset], bytes[offset + 1]]
        return pair.withUnsafeBytes { $0.loadUnaligned(as: UInt16.self) }
    }

    func word32(_ offset: Int) -> UInt32 {
        bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self) }
    }
}

extension UInt16 {
    fileprivate var networkBytes: [UInt8] { [UInt8(self >> 8), UInt8(truncatingIfNeeded: self)] }
}
