/// Rewrites the source or the destination of a connection.
///
/// - Source: linux `net/netfilter/nft_nat.c`; expression `nat`.
public struct NATExpression: ExpressionBody {
    /// The kernel's name of the expression.
    public static let name = "nat"

    /// Source or destination.
    public var type: Kind
    /// `NFPROTO_IPV4` or `NFPROTO_IPV6`.
    public var family: UInt32
    /// Holds the first address.
    public var addressMin: Register?
    /// Holds the last address; nil when it is the first.
    public var addressMax: Register?
    /// Holds the first port.
    public var portMin: Register?
    /// Holds the last port; nil when it is the first.
    public var portMax: Register?
    /// `NF_NAT_RANGE_*`: 2 port (always there with ports), 4 random, 8 persistent, 16 fully random,
    /// 64 prefix.
    ///
    /// 1 (`NF_NAT_RANGE_MAP_IPS`) is left out with an address: the kernel adds it, and nft does not
    /// send it.
    public var flags: UInt32

    /// Which end of the connection is rewritten.
    ///
    /// - Source: linux `include/uapi/linux/netfilter/nf_tables.h`, `enum nft_nat_types`.
    public struct Kind: RawRepresentable, Hashable, Sendable {
        /// The number on the wire.
        public let rawValue: UInt32
        /// Wraps a number.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// `NFT_NAT_SNAT`.
        public static let source = Kind(rawValue: 0)
        /// `NFT_NAT_DNAT`.
        public static let destination = Kind(rawValue: 1)
    }

    /// Makes one from its parts; those with a default may be left out.
    public init(
        type: Kind, family: UInt32, addressMin: Register? = nil, addressMax: Register? = nil,
        portMin: Register? = nil, portMax: Register? = nil, flags: UInt32 = 0
    ) {
        self.type = type
        self.family = family
        self.addressMin = addressMin
        self.addressMax = addressMax == addressMin ? nil : addressMax
        self.portMin = portMin
        self.portMax = portMax == portMin ? nil : portMax
        let implied: UInt32 = portMin == nil ? 0 : 2
        self.flags = (addressMin == nil ? flags : flags & ~1) | implied
    }

    /// Reads the attributes of `NFTA_EXPR_DATA`; see ``ExpressionBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var type: Kind?
        var family: UInt32?
        var addressMin: Register?
        var addressMax: Register?
        var portMin: Register?
        var portMax: Register?
        var flags = UInt32(0)
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: type = Kind(rawValue: try attribute.uint32())
            case 2: family = try attribute.uint32()
            case 3: addressMin = Register(try attribute.uint32())
            case 4: addressMax = Register(try attribute.uint32())
            case 5: portMin = Register(try attribute.uint32())
            case 6: portMax = Register(try attribute.uint32())
            case 7: flags = try attribute.uint32()
            default: throw attribute.unrecognised(in: Self.name)
            }
        }
        guard let type else { throw WireError.missing("type", in: Self.name) }
        guard let family else { throw WireError.missing("family", in: Self.name) }
        self.init(
            type: type, family: family, addressMin: addressMin, addressMax: addressMax,
            portMin: portMin, portMax: portMax, flags: flags)
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(1, uint32: type.rawValue)
        writer.attribute(2, uint32: family)
        if let addressMin { writer.attribute(3, uint32: addressMin.rawValue) }
        if let addressMax { writer.attribute(4, uint32: addressMax.rawValue) }
        if let portMin { writer.attribute(5, uint32: portMin.rawValue) }
        if let portMax { writer.attribute(6, uint32: portMax.rawValue) }
        if flags != 0 { writer.attribute(7, uint32: flags) }
    }
}
