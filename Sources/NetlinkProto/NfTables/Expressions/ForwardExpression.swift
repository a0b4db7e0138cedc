/// Sends the packet out by another interface and is done with it.
///
/// - Source: linux `net/netfilter/nft_fwd_netdev.c`; expression `fwd`.
public struct ForwardExpression: ExpressionBody {
    /// The kernel's name of the expression.
    public static let name = "fwd"

    /// Holds the number of the interface.
    public var device: Register
    /// Holds the neighbour that the packet is sent to; nil to leave the link header as it is.
    public var address: Register?
    /// Which addresses `address` is one of, `NFPROTO_*`; nil without.
    public var family: UInt32?

    /// Makes one from its parts; those with a default may be left out.
    public init(device: Register, address: Register? = nil, family: UInt32? = nil) {
        self.device = device
        self.address = address
        self.family = family
    }

    /// Reads the attributes of `NFTA_EXPR_DATA`; see ``ExpressionBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var device: Register?
        var address: Register?
        var family: UInt32?
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: device = Register(try attribute.uint32())
            case 2: address = Register(try attribute.uint32())
            case 3: family = try attribute.uint32()
            default: throw attribute.unrecognised(in: Self.name)
            }
        }
        guard let device else { throw WireError.missing("device", in: Self.name) }
        self.init(device: device, address: address, family: family)
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(1, uint32: device.rawValue)
        if let address { writer.attribute(2, uint32: address.rawValue) }
        if let family { writer.attribute(3, uint32: family) }
    }
}
