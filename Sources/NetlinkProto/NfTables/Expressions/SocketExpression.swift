/// Loads what the receiving socket says about itself.
///
/// - Source: linux `net/netfilter/nft_socket.c`; expression `socket`.
public struct SocketExpression: ExpressionBody {
    /// The kernel's name of the expression.
    public static let name = "socket"

    /// `enum nft_socket_keys`: 0 transparent, 1 mark, 2 wildcard, 3 cgroup.
    public var key: UInt32
    /// Where it goes.
    public var destination: Register
    /// For ``cgroupKey``: how far down from the root of the hierarchy; nil for the other keys.
    public var level: UInt32?

    /// `NFT_SOCKET_CGROUPV2`, the only key with a ``level``.
    public static let cgroupKey: UInt32 = 3

    /// Makes one from its parts; those with a default may be left out.
    public init(
        key: UInt32, destination: Register, level: UInt32? = nil
    ) {
        self.key = key
        self.destination = destination
        // nft sends a level with every key; the kernel passes over it and does not dump it.
        self.level = key == Self.cgroupKey ? level : nil
    }

    /// Reads the attributes of `NFTA_EXPR_DATA`; see ``ExpressionBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var key: UInt32?
        var destination: Register?
        var level: UInt32?
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: key = try attribute.uint32()
            case 2: destination = Register(try attribute.uint32())
            case 3: level = try attribute.uint32()
            default: throw attribute.unrecognised(in: Self.name)
            }
        }
        guard let key else { throw WireError.missing("key", in: Self.name) }
        guard let destination else { throw WireError.missing("destination", in: Self.name) }
        self.init(
            key: key, destination: destination, level: level)
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(1, uint32: key)
        writer.attribute(2, uint32: destination.rawValue)
        writer.attribute(3, uint32: level ?? 0)
    }
}
