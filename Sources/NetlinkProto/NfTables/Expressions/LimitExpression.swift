/// Ends the rule once packets come faster than a rate.
///
/// - Source: linux `net/netfilter/nft_limit.c`; expression `limit`.
public struct LimitExpression: ExpressionBody {
    /// The kernel's name of the expression.
    public static let name = "limit"

    /// Packets or bytes in each `unitSeconds`.
    public var rate: UInt64
    /// 1, 60, 3600, 86400 or 604800.
    public var unitSeconds: UInt64
    /// How much may come at once on top; of packets at least 1, and ``defaultBurst`` when nothing
    /// is said.
    public var burst: UInt32
    /// 0 packets, 1 bytes.
    public var type: UInt32
    /// 1: match what is over the limit.
    public var flags: UInt32

    /// `NFT_LIMIT_PKT_BURST_DEFAULT`: what the kernel takes for a limit of packets without burst.
    public static let defaultBurst: UInt32 = 5
    /// `NFT_LIMIT_PKTS`, the ``type`` of a limit of packets.
    public static let packetType: UInt32 = 0

    /// Makes one from its parts; those with a default may be left out.
    public init(
        rate: UInt64, unitSeconds: UInt64, burst: UInt32 = 0,
        type: UInt32 = packetType, flags: UInt32 = 0
    ) {
        self.rate = rate
        self.unitSeconds = unitSeconds
        self.burst = burst == 0 && type == Self.packetType ? Self.defaultBurst : burst
        self.type = type
        self.flags = flags
    }

    /// Reads the attributes of `NFTA_EXPR_DATA`; see ``ExpressionBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var rate: UInt64?
        var unitSeconds: UInt64?
        var burst = UInt32(0)
        var type = LimitExpression.packetType
        var flags = UInt32(0)
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: rate = try attribute.uint64()
            case 2: unitSeconds = try attribute.uint64()
            case 3: burst = try attribute.uint32()
            case 4: type = try attribute.uint32()
            case 5: flags = try attribute.uint32()
            case 6: break  // padding
            default: throw attribute.unrecognised(in: Self.name)
            }
        }
        guard let rate else { throw WireError.missing("rate", in: Self.name) }
        guard let unitSeconds else { throw WireError.missing("unitSeconds", in: Self.name) }
        self.init(
            rate: rate, unitSeconds: unitSeconds, burst: burst, type: type, flags: flags)
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(1, uint64: rate)
        writer.attribute(2, uint64: unitSeconds)
        if burst != 0 { writer.attribute(3, uint32: burst) }
        writer.attribute(4, uint32: type)
        writer.attribute(5, uint32: flags)
    }
}
