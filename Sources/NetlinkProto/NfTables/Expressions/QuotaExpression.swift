/// Matches until a number of bytes has passed.
///
/// - Source: linux `net/netfilter/nft_quota.c`; expression `quota`.
public struct QuotaExpression: ExpressionBody {
    /// The kernel's name of the expression.
    public static let name = "quota"

    /// The quota.
    public var bytes: UInt64
    /// Bytes so far; state, not rule.
    public var consumed: UInt64
    /// 1: match when it is used up.
    public var flags: UInt32

    /// Makes one from its parts; those with a default may be left out.
    public init(
        bytes: UInt64, consumed: UInt64 = 0, flags: UInt32 = 0
    ) {
        self.bytes = bytes
        self.consumed = consumed
        self.flags = flags
    }

    /// Reads the attributes of `NFTA_EXPR_DATA`; see ``ExpressionBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var bytes: UInt64?
        var consumed = UInt64(0)
        var flags = UInt32(0)
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: bytes = try attribute.uint64()
            case 4: consumed = try attribute.uint64()
            case 2: flags = try attribute.uint32()
            case 3: break  // padding
            default: throw attribute.unrecognised(in: Self.name)
            }
        }
        guard let bytes else { throw WireError.missing("bytes", in: Self.name) }
        self.init(
            bytes: bytes, consumed: consumed, flags: flags)
    }

    /// Forgets what has been used up, and that it was used up (`NFT_QUOTA_F_DEPLETED`, 2).
    mutating func resetState() {
        consumed = 0
        flags &= ~2
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(1, uint64: bytes)
        writer.attribute(4, uint64: consumed)
        writer.attribute(2, uint32: flags)
    }
}
