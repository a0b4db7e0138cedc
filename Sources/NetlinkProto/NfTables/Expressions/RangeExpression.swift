/// Ends the rule unless a register lies inside, or outside, of two bounds.
///
/// - Source: linux `net/netfilter/nft_range.c`; expression `range`.
public struct RangeExpression: ExpressionBody {
    /// The kernel's name of the expression.
    public static let name = "range"

    /// What is compared.
    public var source: Register
    /// Inside or outside.
    public var operation: Operation
    /// The lower bound, included.
    public var from: [UInt8]
    /// The upper bound, included.
    public var to: [UInt8]

    /// Whether the value must lie inside or outside.
    ///
    /// - Source: linux `include/uapi/linux/netfilter/nf_tables.h`, `enum nft_range_ops`.
    public struct Operation: RawRepresentable, Hashable, Sendable {
        /// The number on the wire.
        public let rawValue: UInt32
        /// Wraps a number.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// `NFT_RANGE_EQ`.
        public static let inside = Operation(rawValue: 0)
        /// `NFT_RANGE_NEQ`.
        public static let outside = Operation(rawValue: 1)
    }

    /// Makes one from its parts; those with a default may be left out.
    public init(
        source: Register, operation: Operation, from: [UInt8], to: [UInt8]
    ) {
        self.source = source
        self.operation = operation
        self.from = from
        self.to = to
    }

    /// Reads the attributes of `NFTA_EXPR_DATA`; see ``ExpressionBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var source: Register?
        var operation: Operation?
        var from: [UInt8]?
        var to: [UInt8]?
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: source = Register(try attribute.uint32())
            case 2: operation = Operation(rawValue: try attribute.uint32())
            case 3: from = try attribute.dataValue()
            case 4: to = try attribute.dataValue()
            default: throw attribute.unrecognised(in: Self.name)
            }
        }
        guard let source else { throw WireError.missing("source", in: Self.name) }
        guard let operation else { throw WireError.missing("operation", in: Self.name) }
        guard let from else { throw WireError.missing("from", in: Self.name) }
        guard let to else { throw WireError.missing("to", in: Self.name) }
        self.init(
            source: source, operation: operation, from: from, to: to)
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(1, uint32: source.rawValue)
        writer.attribute(2, uint32: operation.rawValue)
        writer.dataValue(3, from)
        writer.dataValue(4, to)
    }
}
