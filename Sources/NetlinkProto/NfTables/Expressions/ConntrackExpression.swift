/// Loads what connection tracking knows about a packet, or sets it.
///
/// - Source: linux `net/netfilter/nft_ct.c`; expression `ct`.
public struct ConntrackExpression: ExpressionBody {
    /// The kernel's name of the expression.
    public static let name = "ct"

    /// What is loaded or set.
    public var key: Key
    /// Where it goes; nil for a set.
    public var destination: Register?
    /// 0 original, 1 reply; nil where the key has none.
    public var direction: UInt8?
    /// What is set; nil for a load.
    public var source: Register?

    /// What can be asked about a connection.
    ///
    /// - Source: linux `include/uapi/linux/netfilter/nf_tables.h`, `enum nft_ct_keys`.
    public struct Key: RawRepresentable, Hashable, Sendable {
        /// The number on the wire.
        public let rawValue: UInt32
        /// Wraps a number.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// `NFT_CT_STATE`.
        public static let state = Key(rawValue: 0)
        /// `NFT_CT_DIRECTION`.
        public static let direction = Key(rawValue: 1)
        /// `NFT_CT_STATUS`.
        public static let status = Key(rawValue: 2)
        /// `NFT_CT_MARK`.
        public static let mark = Key(rawValue: 3)
        /// `NFT_CT_SECMARK`.
        public static let securityMark = Key(rawValue: 4)
        /// `NFT_CT_EXPIRATION`.
        public static let expiration = Key(rawValue: 5)
        /// `NFT_CT_HELPER`.
        public static let helper = Key(rawValue: 6)
        /// `NFT_CT_L3PROTOCOL`.
        public static let family = Key(rawValue: 7)
        /// `NFT_CT_SRC`.
        public static let source = Key(rawValue: 8)
        /// `NFT_CT_DST`.
        public static let destination = Key(rawValue: 9)
        /// `NFT_CT_PROTOCOL`.
        public static let transportProtocol = Key(rawValue: 10)
        /// `NFT_CT_PROTO_SRC`.
        public static let sourcePort = Key(rawValue: 11)
        /// `NFT_CT_PROTO_DST`.
        public static let destinationPort = Key(rawValue: 12)
        /// `NFT_CT_LABELS`.
        public static let labels = Key(rawValue: 13)
        /// `NFT_CT_PKTS`.
        public static let packets = Key(rawValue: 14)
        /// `NFT_CT_BYTES`.
        public static let bytes = Key(rawValue: 15)
        /// `NFT_CT_AVGPKT`.
        public static let averagePacket = Key(rawValue: 16)
        /// `NFT_CT_ZONE`.
        public static let zone = Key(rawValue: 17)
        /// `NFT_CT_EVENTMASK`.
        public static let eventMask = Key(rawValue: 18)
        /// `NFT_CT_SRC_IP`.
        public static let sourceIP = Key(rawValue: 19)
        /// `NFT_CT_DST_IP`.
        public static let destinationIP = Key(rawValue: 20)
        /// `NFT_CT_SRC_IP6`.
        public static let sourceIP6 = Key(rawValue: 21)
        /// `NFT_CT_DST_IP6`.
        public static let destinationIP6 = Key(rawValue: 22)
        /// `NFT_CT_ID`.
        public static let id = Key(rawValue: 23)
    }

    /// Makes one from its parts; those with a default may be left out.
    public init(
        key: Key, destination: Register? = nil, direction: UInt8? = nil, source: Register? = nil
    ) {
        self.key = key
        self.destination = destination
        self.direction = direction
        self.source = source
    }

    /// Reads the attributes of `NFTA_EXPR_DATA`; see ``ExpressionBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var key: Key?
        var destination: Register?
        var direction: UInt8?
        var source: Register?
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 2: key = Key(rawValue: try attribute.uint32())
            case 1: destination = Register(try attribute.uint32())
            case 3: direction = try attribute.uint8()
            case 4: source = Register(try attribute.uint32())
            default: throw attribute.unrecognised(in: Self.name)
            }
        }
        guard let key else { throw WireError.missing("key", in: Self.name) }
        self.init(
            key: key, destination: destination, direction: direction, source: source)
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(2, uint32: key.rawValue)
        if let destination { writer.attribute(1, uint32: destination.rawValue) }
        if let direction { writer.attribute(3, uint8: direction) }
        if let source { writer.attribute(4, uint32: source.rawValue) }
    }
}
