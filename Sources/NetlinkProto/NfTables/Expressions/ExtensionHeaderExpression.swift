/// Loads an IPv6 extension header, an IPv4 option, a TCP option or an SCTP chunk.
///
/// Without destination and source it removes a TCP option from the packet; offset, length and flags
/// are 0 then.
/// - Source: linux `net/netfilter/nft_exthdr.c`; expression `exthdr`.
public struct ExtensionHeaderExpression: ExpressionBody {
    /// The kernel's name of the expression.
    public static let name = "exthdr"

    /// Where the bytes go.
    public var destination: Register?
    /// What is written into the option.
    public var source: Register?
    /// The header, option or chunk number.
    public var type: UInt8
    /// Bytes from its start.
    public var offset: UInt32
    /// Bytes to load.
    public var length: UInt32
    /// Which kind of header.
    public var operation: Operation
    /// 1: only whether it is there.
    public var flags: UInt32

    /// Which kind of header is looked for.
    ///
    /// - Source: linux `include/uapi/linux/netfilter/nf_tables.h`, `enum nft_exthdr_op`.
    public struct Operation: RawRepresentable, Hashable, Sendable {
        /// The number on the wire.
        public let rawValue: UInt32
        /// Wraps a number.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// `NFT_EXTHDR_OP_IPV6`.
        public static let ip6 = Operation(rawValue: 0)
        /// `NFT_EXTHDR_OP_TCPOPT`.
        public static let tcpOption = Operation(rawValue: 1)
        /// `NFT_EXTHDR_OP_IPV4`.
        public static let ip = Operation(rawValue: 2)
        /// `NFT_EXTHDR_OP_SCTP`.
        public static let sctp = Operation(rawValue: 3)
    }

    /// Makes one from its parts; those with a default may be left out.
    public init(
        destination: Register? = nil, source: Register? = nil, type: UInt8, offset: UInt32 = 0,
        length: UInt32 = 0, operation: Operation = .init(rawValue: 0), flags: UInt32 = 0
    ) {
        self.destination = destination
        self.source = source
        self.type = type
        self.offset = offset
        self.length = length
        self.operation = operation
        self.flags = flags
    }

    /// Reads the attributes of `NFTA_EXPR_DATA`; see ``ExpressionBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var destination: Register?
        var source: Register?
        var type: UInt8?
        var offset = UInt32(0)
        var length = UInt32(0)
        var operation = Operation(rawValue: 0)
        var flags = UInt32(0)
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: destination = Register(try attribute.uint32())
            case 7: source = Register(try attribute.uint32())
            case 2: type = try attribute.uint8()
            case 3: offset = try attribute.uint32()
            case 4: length = try attribute.uint32()
            case 6: operation = Operation(rawValue: try attribute.uint32())
            case 5: flags = try attribute.uint32()
            default: throw attribute.unrecognised(in: Self.name)
            }
        }
        guard let type else { throw WireError.missing("type", in: Self.name) }
        self.init(
            destination: destination, source: source, type: type, offset: offset, length: length,
            operation: operation, flags: flags)
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        if let destination { writer.attribute(1, uint32: destination.rawValue) }
        if let source { writer.attribute(7, uint32: source.rawValue) }
        writer.attribute(2, uint8: type)
        // The kernel dumps these for a removal too, but takes none of them there.
        let isRemoval = destination == nil && source == nil
        if !isRemoval {
            writer.attribute(3, uint32: offset)
            writer.attribute(4, uint32: length)
        }
        writer.attribute(6, uint32: operation.rawValue)
        if destination != nil || flags != 0 { writer.attribute(5, uint32: flags) }
    }
}
