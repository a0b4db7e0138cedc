/// Rewrites the source to the address of the outgoing interface.
///
/// - Source: linux `net/netfilter/nft_masq.c`; expression `masq`.
public struct MasqueradeExpression: ExpressionBody {
    /// The kernel's name of the expression.
    public static let name = "masq"

    /// `NF_NAT_RANGE_*`: 2 port (always there with ports), 4 random, 8 persistent, 16 fully random.
    public var flags: UInt32
    /// Holds the first port.
    public var portMin: Register?
    /// Holds the last port; nil when it is the first.
    public var portMax: Register?

    /// Makes one from its parts; those with a default may be left out.
    public init(
        flags: UInt32 = 0, portMin: Register? = nil, portMax: Register? = nil
    ) {
        self.flags = portMin == nil ? flags : flags | 2
        self.portMin = portMin
        self.portMax = portMax == portMin ? nil : portMax
    }

    /// Reads the attributes of `NFTA_EXPR_DATA`; see ``ExpressionBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var flags = UInt32(0)
        var portMin: Register?
        var portMax: Register?
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: flags = try attribute.uint32()
            case 2: portMin = Register(try attribute.uint32())
            case 3: portMax = Register(try attribute.uint32())
            default: throw attribute.unrecognised(in: Self.name)
            }
        }
        self.init(
            flags: flags, portMin: portMin, portMax: portMax)
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        if flags != 0 { writer.attribute(1, uint32: flags) }
        if let portMin { writer.attribute(2, uint32: portMin.rawValue) }
        if let portMax { writer.attribute(3, uint32: portMax.rawValue) }
    }
}
