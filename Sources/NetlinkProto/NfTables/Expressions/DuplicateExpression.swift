/// Sends a copy of the packet elsewhere.
///
/// - Source: linux `net/netfilter/nft_dup_netdev.c`, `nft_dup_ipv4.c`, `nft_dup_ipv6.c`; expression `dup`.
public struct DuplicateExpression: ExpressionBody {
    /// The kernel's name of the expression.
    public static let name = "dup"

    /// Holds the gateway that the copy is sent to; in `ip` and `ip6` tables.
    public var address: Register?
    /// Holds the number of the interface that the copy goes out by.
    public var device: Register?

    /// Makes one from its parts; those with a default may be left out.
    public init(address: Register? = nil, device: Register? = nil) {
        self.address = address
        self.device = device
    }

    /// Reads the attributes of `NFTA_EXPR_DATA`; see ``ExpressionBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var address: Register?
        var device: Register?
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: address = Register(try attribute.uint32())
            case 2: device = Register(try attribute.uint32())
            default: throw attribute.unrecognised(in: Self.name)
            }
        }
        self.init(address: address, device: device)
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        if let address { writer.attribute(1, uint32: address.rawValue) }
        if let device { writer.attribute(2, uint32: device.rawValue) }
    }
}
