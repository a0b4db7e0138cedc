/// Rewrites the destination to this host.
///
/// - Source: linux `net/netfilter/nft_redir.c`; expression `redir`.
public struct RedirectExpression: ExpressionBody {
    /// The kernel's name of the expression.
    public static let name = "redir"

    /// Holds the first port.
    public var portMin: Register?
    /// Holds the last port; nil when it is the first.
    public var portMax: Register?
    /// `NF_NAT_RANGE_*`: 2 port (always there with ports), 4 random, 8 persistent, 16 fully random.
    public var flags: UInt32

    /// Makes one from its parts; those with a default may be left out.
    public init(
        portMin: Register? = nil, portMax: Register? = nil, flags: UInt32 = 0
    ) {
        self.portMin = portMin
        self.portMax = portMax == portMin ? nil : portMax
        self.flags = portMin == nil ? flags : flags | 2
    }

    /// Reads the attributes of `NFTA_EXPR_DATA`; see ``ExpressionBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var portMin: Register?
        var portMax: Register?
        var flags = UInt32(0)
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: portMin = Register(try attribute.uint32())
            case 2: portMax = Register(try attribute.uint32())
            case 3: flags = try attribute.uint32()
            default: throw attribute.unrecognised(in: Self.name)
            }
        }
        self.init(
            portMin: portMin, portMax: portMax, flags: flags)
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        if let portMin { writer.attribute(1, uint32: portMin.rawValue) }
        if let portMax { writer.attribute(2, uint32: portMax.rawValue) }
        if flags != 0 { writer.attribute(3, uint32: flags) }
    }
}
