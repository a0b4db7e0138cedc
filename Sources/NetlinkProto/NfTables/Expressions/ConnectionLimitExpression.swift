/// Ends the rule once there are more connections than a limit.
///
/// - Source: linux `net/netfilter/nft_connlimit.c`; expression `connlimit`.
public struct ConnectionLimitExpression: ExpressionBody {
    /// The kernel's name of the expression.
    public static let name = "connlimit"

    /// The limit.
    public var count: UInt32
    /// 1: match when there are more.
    public var flags: UInt32

    /// Makes one from its parts; those with a default may be left out.
    public init(
        count: UInt32, flags: UInt32 = 0
    ) {
        self.count = count
        self.flags = flags
    }

    /// Reads the attributes of `NFTA_EXPR_DATA`; see ``ExpressionBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var count: UInt32?
        var flags = UInt32(0)
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: count = try attribute.uint32()
            case 2: flags = try attribute.uint32()
            default: throw attribute.unrecognised(in: Self.name)
            }
        }
        guard let count else { throw WireError.missing("count", in: Self.name) }
        self.init(
            count: count, flags: flags)
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(1, uint32: count)
        writer.attribute(2, uint32: flags)
    }
}
