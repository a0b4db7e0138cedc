/// Logs the packet to the kernel log or to a netlink group.
///
/// - Source: linux `net/netfilter/nft_log.c`; expression `log`.
public struct LogExpression: ExpressionBody {
    /// The kernel's name of the expression.
    public static let name = "log"

    /// Put in front of each line; at most 127 bytes.
    public var prefix: String?
    /// The nfnetlink_log group; nil for the kernel log.
    public var group: UInt16?
    /// How much of the packet is copied to the group; nil for as much as the listener wants.
    public var snapLengthBytes: UInt32?
    /// Packets to collect before sending.
    public var queueThreshold: UInt16
    /// `enum nft_log_level`, 0 to 8; nil with a group, ``warning`` when nothing is said.
    public var level: UInt32?
    /// `NF_LOG_*`: 1 TCP sequence, 2 TCP options, 4 IP options, 8 uid, 32 MAC.
    public var flags: UInt32

    /// `NFT_LOGLEVEL_WARNING`: the level that the kernel takes when it is told none.
    public static let warning: UInt32 = 4

    /// Makes one from its parts; those with a default may be left out.
    public init(
        prefix: String? = nil, group: UInt16? = nil, snapLengthBytes: UInt32? = nil,
        queueThreshold: UInt16 = 0, level: UInt32? = nil, flags: UInt32 = 0
    ) {
        self.prefix = prefix
        self.group = group
        self.snapLengthBytes = snapLengthBytes
        self.queueThreshold = queueThreshold
        self.level = level ?? (group == nil ? Self.warning : nil)
        self.flags = flags
    }

    /// Reads the attributes of `NFTA_EXPR_DATA`; see ``ExpressionBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var prefix: String?
        var group: UInt16?
        var snapLengthBytes: UInt32?
        var queueThreshold = UInt16(0)
        var level: UInt32?
        var flags = UInt32(0)
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 2: prefix = try attribute.string()
            case 1: group = try attribute.uint16()
            case 3: snapLengthBytes = try attribute.uint32()
            case 4: queueThreshold = try attribute.uint16()
            case 5: level = try attribute.uint32()
            case 6: flags = try attribute.uint32()
            default: throw attribute.unrecognised(in: Self.name)
            }
        }
        self.init(
            prefix: prefix, group: group, snapLengthBytes: snapLengthBytes,
            queueThreshold: queueThreshold, level: level, flags: flags)
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        if let prefix { writer.attribute(2, string: prefix) }
        if let group { writer.attribute(1, uint16: group) }
        if let snapLengthBytes { writer.attribute(3, uint32: snapLengthBytes) }
        if queueThreshold != 0 { writer.attribute(4, uint16: queueThreshold) }
        if let level, group != nil || level != Self.warning {
            writer.attribute(5, uint32: level)
        }
        if flags != 0 { writer.attribute(6, uint32: flags) }
    }
}
