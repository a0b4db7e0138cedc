/// Computes `(source & mask) ^ xor`, or a shift, over a register.
///
/// - Source: linux `net/netfilter/nft_bitwise.c`; expression `bitwise`.
public struct BitwiseExpression: ExpressionBody {
    /// The kernel's name of the expression.
    public static let name = "bitwise"

    /// Where the operand is.
    public var source: Register
    /// Where the result goes.
    public var destination: Register
    /// What is computed.
    public var operation: Operation
    /// Bytes of the operand, 1 to 64.
    public var length: UInt32
    /// The mask, `length` bytes; only for ``Operation/boolean``.
    public var mask: [UInt8]?
    /// What is exclusive-ored; only for ``Operation/boolean``.
    public var xor: [UInt8]?
    /// How far is shifted, four bytes; only for shifts.
    public var shift: [UInt8]?

    /// What a bitwise expression computes.
    ///
    /// - Source: linux `include/uapi/linux/netfilter/nf_tables.h`, `enum nft_bitwise_ops`.
    public struct Operation: RawRepresentable, Hashable, Sendable {
        /// The number on the wire.
        public let rawValue: UInt32
        /// Wraps a number.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// `NFT_BITWISE_MASK_XOR`.
        public static let boolean = Operation(rawValue: 0)
        /// `NFT_BITWISE_LSHIFT`.
        public static let leftShift = Operation(rawValue: 1)
        /// `NFT_BITWISE_RSHIFT`.
        public static let rightShift = Operation(rawValue: 2)
    }

    /// Makes one from its parts; those with a default may be left out.
    public init(
        source: Register, destination: Register, operation: Operation, length: UInt32,
        mask: [UInt8]? = nil, xor: [UInt8]? = nil, shift: [UInt8]? = nil
    ) {
        self.source = source
        self.destination = destination
        self.operation = operation
        self.length = length
        self.mask = mask
        self.xor = xor
        self.shift = shift
    }

    /// Reads the attributes of `NFTA_EXPR_DATA`; see ``ExpressionBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var source: Register?
        var destination: Register?
        var operation = Operation.boolean  // what the kernel takes when there is none
        var length: UInt32?
        var mask: [UInt8]?
        var xor: [UInt8]?
        var shift: [UInt8]?
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: source = Register(try attribute.uint32())
            case 2: destination = Register(try attribute.uint32())
            case 6: operation = Operation(rawValue: try attribute.uint32())
            case 3: length = try attribute.uint32()
            case 4: mask = try attribute.dataValue()
            case 5: xor = try attribute.dataValue()
            case 7: shift = try attribute.dataValue()
            default: throw attribute.unrecognised(in: Self.name)
            }
        }
        guard let source else { throw WireError.missing("source", in: Self.name) }
        guard let destination else { throw WireError.missing("destination", in: Self.name) }
        guard let length else { throw WireError.missing("length", in: Self.name) }
        self.init(
            source: source, destination: destination, operation: operation, length: length,
            mask: mask, xor: xor, shift: shift)
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(1, uint32: source.rawValue)
        writer.attribute(2, uint32: destination.rawValue)
        writer.attribute(6, uint32: operation.rawValue)
        writer.attribute(3, uint32: length)
        if let mask { writer.dataValue(4, mask) }
        if let xor { writer.dataValue(5, xor) }
        if let shift { writer.dataValue(7, shift) }
    }
}
