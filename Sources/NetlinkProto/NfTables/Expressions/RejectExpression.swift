/// Drops the packet and tells its sender.
///
/// - Source: linux `net/netfilter/nft_reject.c`; expression `reject`.
public struct RejectExpression: ExpressionBody {
    /// The kernel's name of the expression.
    public static let name = "reject"

    /// How the sender is told.
    public var type: Kind
    /// The ICMP code, or the `NFT_REJECT_ICMPX_*` code.
    public var code: UInt8

    /// How the sender is told.
    ///
    /// - Source: linux `include/uapi/linux/netfilter/nf_tables.h`, `enum nft_reject_types`.
    public struct Kind: RawRepresentable, Hashable, Sendable {
        /// The number on the wire.
        public let rawValue: UInt32
        /// Wraps a number.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// `NFT_REJECT_ICMP_UNREACH`.
        public static let icmpUnreachable = Kind(rawValue: 0)
        /// `NFT_REJECT_TCP_RST`.
        public static let tcpReset = Kind(rawValue: 1)
        /// `NFT_REJECT_ICMPX_UNREACH`.
        public static let icmpxUnreachable = Kind(rawValue: 2)
    }

    /// Makes one from its parts; those with a default may be left out.
    public init(
        type: Kind, code: UInt8 = 0
    ) {
        self.type = type
        self.code = code
    }

    /// Reads the attributes of `NFTA_EXPR_DATA`; see ``ExpressionBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var type: Kind?
        var code = UInt8(0)
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: type = Kind(rawValue: try attribute.uint32())
            case 2: code = try attribute.uint8()
            default: throw attribute.unrecognised(in: Self.name)
            }
        }
        guard let type else { throw WireError.missing("type", in: Self.name) }
        self.init(
            type: type, code: code)
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(1, uint32: type.rawValue)
        writer.attribute(2, uint8: code)
    }
}
