/// Loads what the kernel knows about a packet, or sets its mark and the like.
///
/// - Source: linux `net/netfilter/nft_meta.c`; expression `meta`.
public struct MetaExpression: ExpressionBody {
    /// The kernel's name of the expression.
    public static let name = "meta"

    /// What is loaded or set.
    public var key: Key
    /// Where it goes; nil for a set.
    public var destination: Register?
    /// What is set; nil for a load.
    public var source: Register?

    /// What can be asked about a packet; numbers are in host order in the register.
    ///
    /// - Source: linux `include/uapi/linux/netfilter/nf_tables.h`, `enum nft_meta_keys`.
    public struct Key: RawRepresentable, Hashable, Sendable {
        /// The number on the wire.
        public let rawValue: UInt32
        /// Wraps a number.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// `NFT_META_LEN`.
        public static let length = Key(rawValue: 0)
        /// `NFT_META_PROTOCOL`.
        public static let etherType = Key(rawValue: 1)
        /// `NFT_META_PRIORITY`.
        public static let priority = Key(rawValue: 2)
        /// `NFT_META_MARK`.
        public static let mark = Key(rawValue: 3)
        /// `NFT_META_IIF`.
        public static let inputInterface = Key(rawValue: 4)
        /// `NFT_META_OIF`.
        public static let outputInterface = Key(rawValue: 5)
        /// `NFT_META_IIFNAME`.
        public static let inputInterfaceName = Key(rawValue: 6)
        /// `NFT_META_OIFNAME`.
        public static let outputInterfaceName = Key(rawValue: 7)
        /// `NFT_META_IIFTYPE`.
        public static let inputInterfaceType = Key(rawValue: 8)
        /// `NFT_META_OIFTYPE`.
        public static let outputInterfaceType = Key(rawValue: 9)
        /// `NFT_META_SKUID`.
        public static let socketUserID = Key(rawValue: 10)
        /// `NFT_META_SKGID`.
        public static let socketGroupID = Key(rawValue: 11)
        /// `NFT_META_NFTRACE`.
        public static let trace = Key(rawValue: 12)
        /// `NFT_META_RTCLASSID`.
        public static let realm = Key(rawValue: 13)
        /// `NFT_META_SECMARK`.
        public static let securityMark = Key(rawValue: 14)
        /// `NFT_META_NFPROTO`.
        public static let family = Key(rawValue: 15)
        /// `NFT_META_L4PROTO`.
        public static let transportProtocol = Key(rawValue: 16)
        /// `NFT_META_BRI_IIFNAME`.
        public static let bridgeInputName = Key(rawValue: 17)
        /// `NFT_META_BRI_OIFNAME`.
        public static let bridgeOutputName = Key(rawValue: 18)
        /// `NFT_META_PKTTYPE`.
        public static let packetType = Key(rawValue: 19)
        /// `NFT_META_CPU`.
        public static let cpu = Key(rawValue: 20)
        /// `NFT_META_IIFGROUP`.
        public static let inputInterfaceGroup = Key(rawValue: 21)
        /// `NFT_META_OIFGROUP`.
        public static let outputInterfaceGroup = Key(rawValue: 22)
        /// `NFT_META_CGROUP`.
        public static let cgroup = Key(rawValue: 23)
        /// `NFT_META_PRANDOM`.
        public static let random = Key(rawValue: 24)
        /// `NFT_META_SECPATH`.
        public static let securityPath = Key(rawValue: 25)
        /// `NFT_META_IIFKIND`.
        public static let inputInterfaceKind = Key(rawValue: 26)
        /// `NFT_META_OIFKIND`.
        public static let outputInterfaceKind = Key(rawValue: 27)
        /// `NFT_META_BRI_IIFPVID`.
        public static let bridgePVID = Key(rawValue: 28)
        /// `NFT_META_BRI_IIFVPROTO`.
        public static let bridgeVLANProtocol = Key(rawValue: 29)
        /// `NFT_META_TIME_NS`.
        public static let timeNanoseconds = Key(rawValue: 30)
        /// `NFT_META_TIME_DAY`.
        public static let timeDay = Key(rawValue: 31)
        /// `NFT_META_TIME_HOUR`.
        public static let timeHour = Key(rawValue: 32)
        /// `NFT_META_SDIF`.
        public static let slaveInterface = Key(rawValue: 33)
        /// `NFT_META_SDIFNAME`.
        public static let slaveInterfaceName = Key(rawValue: 34)
    }

    /// Makes one from its parts; those with a default may be left out.
    public init(
        key: Key, destination: Register? = nil, source: Register? = nil
    ) {
        self.key = key
        self.destination = destination
        self.source = source
    }

    /// Reads the attributes of `NFTA_EXPR_DATA`; see ``ExpressionBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var key: Key?
        var destination: Register?
        var source: Register?
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 2: key = Key(rawValue: try attribute.uint32())
            case 1: destination = Register(try attribute.uint32())
            case 3: source = Register(try attribute.uint32())
            default: throw attribute.unrecognised(in: Self.name)
            }
        }
        guard let key else { throw WireError.missing("key", in: Self.name) }
        self.init(
            key: key, destination: destination, source: source)
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(2, uint32: key.rawValue)
        if let destination { writer.attribute(1, uint32: destination.rawValue) }
        if let source { writer.attribute(3, uint32: source.rawValue) }
    }
}
