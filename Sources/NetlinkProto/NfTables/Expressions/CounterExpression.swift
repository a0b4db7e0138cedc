/// Counts packets and bytes.
///
/// - Source: linux `net/netfilter/nft_counter.c`; expression `counter`.
public struct CounterExpression: ExpressionBody {
    /// The kernel's name of the expression.
    public static let name = "counter"

    /// Bytes so far; state, not rule.
    public var bytes: UInt64
    /// Packets so far; state, not rule.
    public var packets: UInt64

    /// Makes one from its parts; those with a default may be left out.
    public init(
        bytes: UInt64 = 0, packets: UInt64 = 0
    ) {
        self.bytes = bytes
        self.packets = packets
    }

    /// Reads the attributes of `NFTA_EXPR_DATA`; see ``ExpressionBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var bytes = UInt64(0)
        var packets = UInt64(0)
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: bytes = try attribute.uint64()
            case 2: packets = try attribute.uint64()
            case 3: break  // padding
            default: throw attribute.unrecognised(in: Self.name)
            }
        }
        self.init(
            bytes: bytes, packets: packets)
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        guard bytes != 0 || packets != 0 else { return }
        writer.attribute(1, uint64: bytes)
        writer.attribute(2, uint64: packets)
    }
}
