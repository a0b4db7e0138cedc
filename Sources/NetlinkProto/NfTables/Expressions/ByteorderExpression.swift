/// Turns a register between host and network order.
///
/// - Source: linux `net/netfilter/nft_byteorder.c`; expression `byteorder`.
public struct ByteorderExpression: ExpressionBody {
    /// The kernel's name of the expression.
    public static let name = "byteorder"

    /// Where the operand is.
    public var source: Register
    /// Where the result goes.
    public var destination: Register
    /// Which way.
    public var operation: Operation
    /// Bytes in all.
    public var length: UInt32
    /// Bytes of each number: 2, 4 or 8.
    public var size: UInt32

    /// Which way the bytes are turned.
    ///
    /// - Source: linux `include/uapi/linux/netfilter/nf_tables.h`, `enum nft_byteorder_ops`.
    public struct Operation: RawRepresentable, Hashable, Sendable {
        /// The number on the wire.
        public let rawValue: UInt32
        /// Wraps a number.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// `NFT_BYTEORDER_NTOH`.
        public static let networkToHost = Operation(rawValue: 0)
        /// `NFT_BYTEORDER_HTON`.
        public static let hostToNetwork = Operation(rawValue: 1)
    }

    /// Makes one from its parts; those with a default may be left out.
    public init(
        source: Register, destination: Register, operation: Operation, length: UInt32, size: UInt32
    ) {
        self.source = source
        self.destination = destination
        self.operation = operation
        self.length = length
        self.size = size
    }

    /// Reads the attributes of `NFTA_EXPR_DATA`; see ``ExpressionBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var source: Register?
        var destination: Register?
        var operation: Operation?
        var length: UInt32?
        var size: UInt32?
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: source = Register(try attribute.uint32())
            case 2: destination = Register(try attribute.uint32())
            case 3: operation = Operation(rawValue: try attribute.uint32())
            case 4: length = try attribute.uint32()
            case 5: size = try attribute.uint32()
            default: throw attribute.unrecognised(in: Self.name)
            }
        }
        guard let source else { throw WireError.missing("source", in: Self.name) }
        guard let destination else { throw WireError.missing("destination", in: Self.name) }
        guard let operation else { throw WireError.missing("operation", in: Self.name) }
        guard let length else { throw WireError.missing("length", in: Self.name) }
        guard let size else { throw WireError.missing("size", in: Self.name) }
        self.init(
            source: source, destination: destination, operation: operation, length: length,
            size: size)
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(1, uint32: source.rawValue)
        writer.attribute(2, uint32: destination.rawValue)
        writer.attribute(3, uint32: operation.rawValue)
        writer.attribute(4, uint32: length)
        writer.attribute(5, uint32: size)
    }
}
