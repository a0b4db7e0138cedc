/// Runs a named object: a counter, a quota, a helper.
///
/// - Source: linux `net/netfilter/nft_objref.c`; expression `objref`.
public struct ObjectReferenceExpression: ExpressionBody {
    /// The kernel's name of the expression.
    public static let name = "objref"

    /// `NFT_OBJECT_*` of a fixed object.
    public var type: UInt32?
    /// The fixed object.
    public var name: String?
    /// The key into a map of objects.
    public var source: Register?
    /// The map of objects.
    public var set: String?
    /// Names a map of the same batch.
    public var setID: UInt32?

    /// Makes one from its parts; those with a default may be left out.
    public init(
        type: UInt32? = nil, name: String? = nil, source: Register? = nil, set: String? = nil,
        setID: UInt32? = nil
    ) {
        self.type = type
        self.name = name
        self.source = source
        self.set = set
        self.setID = setID
    }

    /// Reads the attributes of `NFTA_EXPR_DATA`; see ``ExpressionBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var type: UInt32?
        var name: String?
        var source: Register?
        var set: String?
        var setID: UInt32?
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: type = try attribute.uint32()
            case 2: name = try attribute.string()
            case 3: source = Register(try attribute.uint32())
            case 4: set = try attribute.string()
            case 5: setID = try attribute.uint32()
            default: throw attribute.unrecognised(in: Self.name)
            }
        }
        self.init(
            type: type, name: name, source: source, set: set, setID: setID)
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        if let type { writer.attribute(1, uint32: type) }
        if let name { writer.attribute(2, unterminated: name) }
        if let source { writer.attribute(3, uint32: source.rawValue) }
        if let set { writer.attribute(4, unterminated: set) }
        if let setID { writer.attribute(5, uint32: setID) }
    }
}
