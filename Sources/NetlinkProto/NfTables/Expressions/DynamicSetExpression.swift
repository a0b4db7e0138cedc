/// Adds, updates or deletes a set element from the packet path.
///
/// - Source: linux `net/netfilter/nft_dynset.c`; expression `dynset`.
public struct DynamicSetExpression: ExpressionBody {
    /// The kernel's name of the expression.
    public static let name = "dynset"

    /// The key.
    public var key: Register
    /// What a map stores.
    public var data: Register?
    /// Add, update or delete.
    public var operation: Operation
    /// How long the element lives; nil for as long as the set says.
    public var timeoutMilliseconds: UInt64?
    /// The set.
    public var set: String
    /// Names a set of the same batch.
    public var setID: UInt32?
    /// 1 inverted; 2 (``severalExpressions``) is left out when there are several.
    public var flags: UInt32
    /// What each new element gets, such as a counter.
    public var expressions: [Expression]

    /// `NFT_DYNSET_F_EXPR`: a list of expressions follows; the kernel wants it and does not dump
    /// it.
    private static let severalExpressions: UInt32 = 2

    /// What happens to the element.
    ///
    /// - Source: linux `include/uapi/linux/netfilter/nf_tables.h`, `enum nft_dynset_ops`.
    public struct Operation: RawRepresentable, Hashable, Sendable {
        /// The number on the wire.
        public let rawValue: UInt32
        /// Wraps a number.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// `NFT_DYNSET_OP_ADD`.
        public static let add = Operation(rawValue: 0)
        /// `NFT_DYNSET_OP_UPDATE`.
        public static let update = Operation(rawValue: 1)
        /// `NFT_DYNSET_OP_DELETE`.
        public static let delete = Operation(rawValue: 2)
    }

    /// Makes one from its parts; those with a default may be left out.
    public init(
        key: Register, data: Register? = nil, operation: Operation,
        timeoutMilliseconds: UInt64? = nil, set: String, setID: UInt32? = nil, flags: UInt32 = 0,
        expressions: [Expression] = []
    ) {
        self.key = key
        self.data = data
        self.operation = operation
        // The kernel dumps 0 for a timeout that was not given.
        self.timeoutMilliseconds = timeoutMilliseconds == 0 ? nil : timeoutMilliseconds
        self.set = set
        self.setID = setID
        self.flags = expressions.isEmpty ? flags : flags & ~Self.severalExpressions
        self.expressions = expressions
    }

    /// Reads the attributes of `NFTA_EXPR_DATA`; see ``ExpressionBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var key: Register?
        var data: Register?
        var operation: Operation?
        var timeoutMilliseconds: UInt64?
        var set: String?
        var setID: UInt32?
        var flags = UInt32(0)
        var expressions: [Expression] = []
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 4: key = Register(try attribute.uint32())
            case 5: data = Register(try attribute.uint32())
            case 3: operation = Operation(rawValue: try attribute.uint32())
            case 6: timeoutMilliseconds = try attribute.uint64()
            case 1: set = try attribute.string()
            case 2: setID = try attribute.uint32()
            case 9: flags = try attribute.uint32()
            case 7: expressions = [try Expression(try attribute.nested())]
            case 10: expressions = try Expression.list(try attribute.nested())
            case 8: break  // padding
            default: throw attribute.unrecognised(in: Self.name)
            }
        }
        guard let key else { throw WireError.missing("key", in: Self.name) }
        guard let operation else { throw WireError.missing("operation", in: Self.name) }
        guard let set else { throw WireError.missing("set", in: Self.name) }
        self.init(
            key: key, data: data, operation: operation, timeoutMilliseconds: timeoutMilliseconds,
            set: set, setID: setID, flags: flags, expressions: expressions)
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(4, uint32: key.rawValue)
        if let data { writer.attribute(5, uint32: data.rawValue) }
        writer.attribute(3, uint32: operation.rawValue)
        if let timeoutMilliseconds { writer.attribute(6, uint64: timeoutMilliseconds) }
        writer.attribute(1, string: set)
        if let setID { writer.attribute(2, uint32: setID) }
        Expression.writeOneOrMore(expressions, one: 7, more: 10, to: &writer)
        let allFlags = expressions.count > 1 ? flags | Self.severalExpressions : flags
        if allFlags != 0 { writer.attribute(9, uint32: allFlags) }
    }
}
