/// Hands the packet to a socket of this host without changing it.
///
/// - Source: linux `net/netfilter/nft_tproxy.c`; expression `tproxy`.
public struct TransparentProxyExpression: ExpressionBody {
    /// The kernel's name of the expression.
    public static let name = "tproxy"

    /// `NFPROTO_IPV4` or `NFPROTO_IPV6`; 0 for both.
    public var family: UInt32
    /// Holds the address that the socket is bound to.
    public var address: Register?
    /// Holds its port.
    public var port: Register?

    /// Makes one from its parts; those with a default may be left out.
    public init(family: UInt32, address: Register? = nil, port: Register? = nil) {
        self.family = family
        self.address = address
        self.port = port
    }

    /// Reads the attributes of `NFTA_EXPR_DATA`; see ``ExpressionBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var family: UInt32?
        var address: Register?
        var port: Register?
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: family = try attribute.uint32()
            case 2: address = Register(try attribute.uint32())
            case 3: port = Register(try attribute.uint32())
            default: throw attribute.unrecognised(in: Self.name)
            }
        }
        guard let family else { throw WireError.missing("family", in: Self.name) }
        self.init(family: family, address: address, port: port)
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(1, uint32: family)
        if let address { writer.attribute(2, uint32: address.rawValue) }
        if let port { writer.attribute(3, uint32: port.rawValue) }
    }
}
