import NetlinkProto

/// What is known about a network interface that a packet passes.
enum InterfaceKnowledge: Sendable, Equatable {
    /// There is none at this hook.
    case none
    /// This one.
    case known(name: String, index: UInt32)
    /// Some interface, but not the loopback device.
    case notLoopback

    /// The loopback device; its number is 1 in each network namespace.
    static let loopback = InterfaceKnowledge.known(name: "lo", index: 1)
}

/// The hooks that the packets of a connection pass on this host.
///
/// - Source: linux `include/uapi/linux/netfilter.h`, `enum nf_inet_hooks`.
struct PacketRoute: Sendable, Equatable {
    /// `NF_INET_*`, in order.
    var hooks: [UInt32]
    /// Where it comes in, for the hooks before the output.
    var input: InterfaceKnowledge
    /// Where it goes out.
    var output: InterfaceKnowledge

    /// `NF_INET_INGRESS`: chains of a device, before all others.
    static let ingress: UInt32 = 5
    /// Chains of a device, behind all others; a number of this guard's own.
    static let egress: UInt32 = 6
    static let prerouting: UInt32 = 0
    static let input: UInt32 = 1
    static let forward: UInt32 = 2
    static let output: UInt32 = 3
    static let postrouting: UInt32 = 4
}

/// One packet of a connection, as far as it is known, on its way through the hooks.
struct GuardedPacket: Sendable {
    /// Which packet of the connection it is.
    enum Kind: Sendable, Equatable, CaseIterable {
        /// Of a connection that is open, in the direction in which it was begun.
        case established
        /// Of a connection that is open, the other way.
        case reply
        /// The first of a new connection.
        case first
    }

    /// Bits of `ct state`.
    ///
    /// - Source: linux `include/uapi/linux/netfilter/nf_conntrack_common.h`.
    enum State {
        static let invalid: UInt32 = 1
        static let established: UInt32 = 2
        static let new: UInt32 = 8
        static let untracked: UInt32 = 0x40
    }

    let kind: Kind
    /// `ip` or `ip6`.
    let family: Family
    /// `IPPROTO_TCP` or `IPPROTO_UDP`.
    let transport: UInt8
    let route: PacketRoute
    /// The address that the connection was begun from.
    let origin: [UInt8]
    /// Whether the destination is an address of this host.
    let isForHost: Bool
    /// From the start of the network header.
    private(set) var networkHeader: PartialBytes
    /// From the start of the transport header.
    private(set) var transportHeader: PartialBytes
    /// The mark; rules may set it.
    private(set) var mark = PartialBytes(unknown: 4)
    /// The state of the connection, four bytes; a rule may take the packet out of tracking.
    private(set) var state: PartialBytes
    /// Counts what rules did to the packet: what was found out about a chain holds for one value.
    private(set) var epoch = 0

    /// A packet of a connection.
    init(_ kind: Kind, of connection: ProtectedConnection, _ host: HostKnowledge) {
        self.kind = kind
        let (source, destination) =
            kind == .reply
            ? (connection.destination, connection.source)
            : (connection.source, connection.destination)
        family = source.address.count == 4 ? .ip : .ip6
        transport = connection.transport
        route = host.route(from: source.address, to: destination.address)
        origin = connection.source.address
        isForHost = host.isLocal(destination.address)
        networkHeader = PacketHeader.network(
            source.address, destination.address, transport: transport)
        transportHeader = PacketHeader.transport(
            transport, source.port, destination.port, isFirst: kind == .first)
        state = PartialBytes(hostOrder: kind == .first ? State.new : State.established)
    }

    // MARK: What rules do to it

    mutating func setMark(_ mark: PartialBytes) {
        if mark != self.mark { epoch += 1 }
        self.mark = mark
    }

    mutating func setState(_ state: PartialBytes) {
        if state != self.state { epoch += 1 }
        self.state = state
    }

    /// Bytes of a header were overwritten.
    mutating func forgetHeader(_ base: PayloadExpression.Base, _ offset: Int, _ count: Int) {
        epoch += 1
        let nothing = PartialBytes(unknown: count)
        if base == .network { networkHeader.replace(at: offset, with: nothing) }
        if base == .transport { transportHeader.replace(at: offset, with: nothing) }
    }

    /// It was sent somewhere else: which addresses and ports it has is not known any more.
    mutating func forgetEnds() {
        let length = family == .ip ? 4 : 16
        forgetHeader(.network, family == .ip ? 12 : 8, 2 * length)
        forgetHeader(.transport, 0, 4)
    }

    /// The packet with nothing known that rules may have made of it before.
    var withoutHistory: GuardedPacket {
        var packet = self
        packet.setMark(PartialBytes(unknown: 4))
        packet.setState(PartialBytes(unknown: 4))
        return packet
    }

    /// Takes back what is known of it where another history would have made it differ.
    mutating func forgetDifferences(from other: GuardedPacket) {
        if epoch == other.epoch { return }
        networkHeader.forgetDifferences(from: other.networkHeader)
        transportHeader.forgetDifferences(from: other.transportHeader)
        if mark != other.mark { setMark(PartialBytes(unknown: 4)) }
        if state != other.state { setState(PartialBytes(unknown: 4)) }
    }
}

extension PartialBytes {
    /// A number as the kernel keeps it in a register.
    init(hostOrder number: UInt32) {
        self.init(withUnsafeBytes(of: number) { Array($0) })
    }
}

/// The headers of a packet, as far as they are known.
private enum PacketHeader {
    /// A header without options or extension headers.
    static func network(
        _ source: [UInt8], _ destination: [UInt8], transport: UInt8
    ) -> PartialBytes {
        if source.count == 4 {
            var value: [UInt8] = [0x45, 0, 0, 0, 0, 0, 0, 0, 0, transport, 0, 0]
            // Not a fragment: neither the bit for more of them nor an offset.
            var known: [UInt8] = [255, 0, 0, 0, 0, 0, 0x3F, 255, 0, 255, 0, 0]
            value += source + destination
            known += [UInt8](repeating: 255, count: 8)
            return PartialBytes(value: value, known: known)
        }
        let value: [UInt8] = [0x60, 0, 0, 0, 0, 0, transport, 0] + source + destination
        let known: [UInt8] = [0xF0, 0, 0, 0, 0, 0, 255, 0] + [UInt8](repeating: 255, count: 32)
        return PartialBytes(value: value, known: known)
    }

    static func transport(
        _ transport: UInt8, _ source: UInt16?, _ destination: UInt16?, isFirst: Bool
    ) -> PartialBytes {
        var bytes = PartialBytes(unknown: transport == 6 ? 20 : 8)
        for (offset, port) in [(0, source), (2, destination)] {
            guard let port else { continue }
            let value = [UInt8(port >> 8), UInt8(truncatingIfNeeded: port)]
            bytes.replace(at: offset, with: PartialBytes(value))
        }
        guard transport == 6 else { return bytes }
        // FIN, SYN, RST, ACK and URG; a segment with data may have PSH or not, and the first may ask for ECN.
        let flags: UInt8 = isFirst ? 0x02 : 0x10
        let known: UInt8 = isFirst ? 0x3F : 0x37
        bytes.replace(at: 13, with: PartialBytes(value: [flags], known: [known]))
        return bytes
    }
}
