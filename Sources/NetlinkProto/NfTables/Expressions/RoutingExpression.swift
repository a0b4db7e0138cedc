/// Loads what routing decided about a packet.
///
/// - Source: linux `net/netfilter/nft_rt.c`; expression `rt`.
public struct RoutingExpression: ExpressionBody {
    /// The kernel's name of the expression.
    public static let name = "rt"

    /// `enum nft_rt_keys`: 0 realm, 1 next hop, 2 IPv6 next hop, 3 TCP MSS, 4 IPsec.
    public var key: UInt32
    /// Where it goes.
    public var destination: Register

    /// Makes one from its parts; those with a default may be left out.
    public init(
        key: UInt32, destination: Register
    ) {
        self.key = key
        self.destination = destination
    }

    /// Reads the attributes of `NFTA_EXPR_DATA`; see ``ExpressionBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var key: UInt32?
        var destination: Register?
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 2: key = try attribute.uint32()
            case 1: destination = Register(try attribute.uint32())
            default: throw attribute.unrecognised(in: Self.name)
            }
        }
        guard let key else { throw WireError.missing("key", in: Self.name) }
        guard let destination else { throw WireError.missing("destination", in: Self.name) }
        self.init(
            key: key, destination: destination)
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(2, uint32: key)
        writer.attribute(1, uint32: destination.rawValue)
    }
}
