// One type for each kind of number on the wire, so that a handle cannot be passed where a sequence
// belongs.

/// A kernel handle: unique within a table, given by the kernel, gone with the object.
///
/// On the control socket the same field carries the rule id, which is the daemon's handle for a
/// rule.
/// - Source: linux `nf_tables_api.c` `nf_tables_alloc_handle`.
public struct Handle: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt64
    /// Wraps a number.
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    /// Wraps a number.
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// The address of a netlink socket, which is no process id; 0 is the kernel.
public struct PortID: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt32
    /// Wraps a number.
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// The kernel's own address.
    public static let kernel = PortID(rawValue: 0)
}

/// The number by which a reply names its request.
public struct SequenceNumber: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt32
    /// Wraps a number.
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// Wraps a number.
    public init(_ rawValue: UInt32) { self.rawValue = rawValue }
}

/// The kernel's count of nf_tables commits in this network namespace; wraps at 32 bits.
public struct GenerationID: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt32
    /// Wraps a number.
    public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// An address family of nf_tables.
///
/// - Source: linux `include/uapi/linux/netfilter.h`, `NFPROTO_*`.
public struct Family: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt8
    /// Wraps a number.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// `NFPROTO_UNSPEC`: any family, in requests.
    public static let unspecified = Family(rawValue: 0)
    /// `NFPROTO_INET`: IPv4 and IPv6.
    public static let inet = Family(rawValue: 1)
    /// `NFPROTO_IPV4`.
    public static let ip = Family(rawValue: 2)
    /// `NFPROTO_ARP`.
    public static let arp = Family(rawValue: 3)
    /// `NFPROTO_NETDEV`.
    public static let netdev = Family(rawValue: 5)
    /// `NFPROTO_BRIDGE`.
    public static let bridge = Family(rawValue: 7)
    /// `NFPROTO_IPV6`.
    public static let ip6 = Family(rawValue: 10)

    private static let names: [(Family, String)] = [
        (.inet, "inet"), (.ip, "ip"), (.arp, "arp"), (.netdev, "netdev"), (.bridge, "bridge"),
        (.ip6, "ip6"),
    ]

    /// The family that nft calls `name`, or nil.
    public init?(name: String) {
        guard let match = Family.names.first(where: { $0.1 == name }) else { return nil }
        self = match.0
    }

    /// nft's word for the family, or `family N`.
    public var name: String {
        Family.names.first { $0.0 == self }?.1 ?? "family \(rawValue)"
    }

    /// All families that hold tables, in nft's order.
    public static var all: [Family] { names.map(\.0) }
}
