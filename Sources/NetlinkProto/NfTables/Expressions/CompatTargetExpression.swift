/// Runs an xt target of the kernel through nft_compat.
///
/// - Source: linux `net/netfilter/nft_compat.c`; expression `target`.
public struct CompatTargetExpression: ExpressionBody {
    /// The kernel's name of the expression.
    public static let name = "target"

    /// The extension.
    public var name: String
    /// Its revision.
    public var revision: UInt32
    /// Its own structure, as iptables would pass it.
    public var info: [UInt8]

    /// Makes one from its parts; those with a default may be left out.
    public init(
        name: String, revision: UInt32, info: [UInt8]
    ) {
        self.name = name
        self.revision = revision
        self.info = info
    }

    /// Reads the attributes of `NFTA_EXPR_DATA`; see ``ExpressionBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var name: String?
        var revision: UInt32?
        var info: [UInt8]?
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: name = try attribute.string()
            case 2: revision = try attribute.uint32()
            case 3: info = attribute.bytes()
            default: throw attribute.unrecognised(in: Self.name)
            }
        }
        guard let name else { throw WireError.missing("name", in: Self.name) }
        guard let revision else { throw WireError.missing("revision", in: Self.name) }
        guard let info else { throw WireError.missing("info", in: Self.name) }
        self.init(
            name: name, revision: revision, info: info)
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(1, string: name)
        writer.attribute(2, uint32: revision)
        writer.attribute(3, bytes: info)
    }
}
