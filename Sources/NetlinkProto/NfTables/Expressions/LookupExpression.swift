/// Looks a register up in a set, or maps it through a map.
///
/// - Source: linux `net/netfilter/nft_lookup.c`; expression `lookup`.
public struct LookupExpression: ExpressionBody {
    /// The kernel's name of the expression.
    public static let name = "lookup"

    /// The key.
    public var source: Register
    /// Where a map puts its data; ``Register/verdict`` for a verdict map.
    public var destination: Register?
    /// The set; `__set%d` and a `setID` for an anonymous one that is made in the same batch.
    public var set: String
    /// Names a set of the same batch.
    public var setID: UInt32?
    /// 1 (`NFT_LOOKUP_F_INV`): must not be in the set.
    public var flags: UInt32

    /// `NFT_LOOKUP_F_INV`: the key must not be in the set.
    public static let inverted: UInt32 = 1

    /// Makes one from its parts; those with a default may be left out.
    public init(
        source: Register, destination: Register? = nil, set: String, setID: UInt32? = nil,
        flags: UInt32 = 0
    ) {
        self.source = source
        self.destination = destination
        self.set = set
        self.setID = setID
        self.flags = flags
    }

    /// Reads the attributes of `NFTA_EXPR_DATA`; see ``ExpressionBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var source: Register?
        var destination: Register?
        var set: String?
        var setID: UInt32?
        var flags = UInt32(0)
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 2: source = Register(try attribute.uint32())
            case 3: destination = Register(try attribute.uint32())
            case 1: set = try attribute.string()
            case 4: setID = try attribute.uint32()
            case 5: flags = try attribute.uint32()
            default: throw attribute.unrecognised(in: Self.name)
            }
        }
        guard let source else { throw WireError.missing("source", in: Self.name) }
        guard let set else { throw WireError.missing("set", in: Self.name) }
        self.init(
            source: source, destination: destination, set: set, setID: setID, flags: flags)
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(2, uint32: source.rawValue)
        if let destination { writer.attribute(3, uint32: destination.rawValue) }
        writer.attribute(1, string: set)
        if let setID { writer.attribute(4, uint32: setID) }
        if flags != 0 { writer.attribute(5, uint32: flags) }
    }
}
