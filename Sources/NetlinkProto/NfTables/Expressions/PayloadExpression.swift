/// Loads bytes of the packet into a register, or writes a register into the packet.
///
/// - Source: linux `net/netfilter/nft_payload.c`; expression `payload`.
public struct PayloadExpression: ExpressionBody {
    /// The kernel's name of the expression.
    public static let name = "payload"

    /// What is written into the packet; nil for a load.
    public var source: Register?
    /// Where the bytes go; nil for a write.
    public var destination: Register?
    /// Which header `offset` counts from.
    public var base: Base
    /// Bytes from the start of the header.
    public var offset: UInt32
    /// Bytes to load or write.
    public var length: UInt32
    /// For writes: 0 none, 1 internet checksum, 2 SCTP.
    public var checksumType: UInt32
    /// For writes: where the checksum is, from `base`.
    public var checksumOffset: UInt32
    /// For writes: 1 also fixes the pseudo header sum.
    public var checksumFlags: UInt32

    /// A header of the packet.
    ///
    /// - Source: linux `include/uapi/linux/netfilter/nf_tables.h`, `enum nft_payload_bases`.
    public struct Base: RawRepresentable, Hashable, Sendable {
        /// The number on the wire.
        public let rawValue: UInt32
        /// Wraps a number.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// `NFT_PAYLOAD_LL_HEADER`.
        public static let link = Base(rawValue: 0)
        /// `NFT_PAYLOAD_NETWORK_HEADER`.
        public static let network = Base(rawValue: 1)
        /// `NFT_PAYLOAD_TRANSPORT_HEADER`.
        public static let transport = Base(rawValue: 2)
        /// `NFT_PAYLOAD_INNER_HEADER`.
        public static let inner = Base(rawValue: 3)
    }

    /// Makes one from its parts; those with a default may be left out.
    public init(
        source: Register? = nil, destination: Register? = nil, base: Base, offset: UInt32,
        length: UInt32, checksumType: UInt32 = 0, checksumOffset: UInt32 = 0,
        checksumFlags: UInt32 = 0
    ) {
        self.source = source
        self.destination = destination
        self.base = base
        self.offset = offset
        self.length = length
        self.checksumType = checksumType
        self.checksumOffset = checksumOffset
        self.checksumFlags = checksumFlags
    }

    /// Reads the attributes of `NFTA_EXPR_DATA`; see ``ExpressionBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var source: Register?
        var destination: Register?
        var base: Base?
        var offset: UInt32?
        var length: UInt32?
        var checksumType = UInt32(0)
        var checksumOffset = UInt32(0)
        var checksumFlags = UInt32(0)
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 5: source = Register(try attribute.uint32())
            case 1: destination = Register(try attribute.uint32())
            case 2: base = Base(rawValue: try attribute.uint32())
            case 3: offset = try attribute.uint32()
            case 4: length = try attribute.uint32()
            case 6: checksumType = try attribute.uint32()
            case 7: checksumOffset = try attribute.uint32()
            case 8: checksumFlags = try attribute.uint32()
            default: throw attribute.unrecognised(in: Self.name)
            }
        }
        guard let base else { throw WireError.missing("base", in: Self.name) }
        guard let offset else { throw WireError.missing("offset", in: Self.name) }
        guard let length else { throw WireError.missing("length", in: Self.name) }
        self.init(
            source: source, destination: destination, base: base, offset: offset, length: length,
            checksumType: checksumType, checksumOffset: checksumOffset, checksumFlags: checksumFlags
        )
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        if let source { writer.attribute(5, uint32: source.rawValue) }
        if let destination { writer.attribute(1, uint32: destination.rawValue) }
        writer.attribute(2, uint32: base.rawValue)
        writer.attribute(3, uint32: offset)
        writer.attribute(4, uint32: length)
        if checksumType != 0 || checksumOffset != 0 {
            writer.attribute(6, uint32: checksumType)
            writer.attribute(7, uint32: checksumOffset)
        }
        if checksumFlags != 0 { writer.attribute(8, uint32: checksumFlags) }
    }
}
