/// Compares a register with a constant and ends the rule unless it holds.
///
/// - Source: linux `net/netfilter/nft_cmp.c`; expression `cmp`.
public struct CompareExpression: ExpressionBody {
    /// The kernel's name of the expression.
    public static let name = "cmp"

    /// What is compared.
    public var source: Register
    /// How.
    public var operation: Operation
    /// With what; as many bytes as are compared.
    public var value: [UInt8]

    /// How two values are compared, as unsigned big-endian bytes.
    ///
    /// - Source: linux `include/uapi/linux/netfilter/nf_tables.h`, `enum nft_cmp_ops`.
    public struct Operation: RawRepresentable, Hashable, Sendable {
        /// The number on the wire.
        public let rawValue: UInt32
        /// Wraps a number.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// `NFT_CMP_EQ`.
        public static let equal = Operation(rawValue: 0)
        /// `NFT_CMP_NEQ`.
        public static let notEqual = Operation(rawValue: 1)
        /// `NFT_CMP_LT`.
        public static let less = Operation(rawValue: 2)
        /// `NFT_CMP_LTE`.
        public static let lessOrEqual = Operation(rawValue: 3)
        /// `NFT_CMP_GT`.
        public static let greater = Operation(rawValue: 4)
        /// `NFT_CMP_GTE`.
        public static let greaterOrEqual = Operation(rawValue: 5)
    }

    /// Makes one from its parts; those with a default may be left out.
    public init(
        source: Register, operation: Operation, value: [UInt8]
    ) {
        self.source = source
        self.operation = operation
        self.value = value
    }

    /// Reads the attributes of `NFTA_EXPR_DATA`; see ``ExpressionBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var source: Register?
        var operation: Operation?
        var value: [UInt8]?
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: source = Register(try attribute.uint32())
            case 2: operation = Operation(rawValue: try attribute.uint32())
            case 3: value = try attribute.dataValue()
            default: throw attribute.unrecognised(in: Self.name)
            }
        }
        guard let source else { throw WireError.missing("source", in: Self.name) }
        guard let operation else { throw WireError.missing("operation", in: Self.name) }
        guard let value else { throw WireError.missing("value", in: Self.name) }
        self.init(
            source: source, operation: operation, value: value)
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(1, uint32: source.rawValue)
        writer.attribute(2, uint32: operation.rawValue)
        writer.dataValue(3, value)
    }
}
