/// The protocol that a rule's xt extensions may ask for.
///
/// - Shape: nested; PROTO (1, be32), FLAGS (2, be32; bit 1 inverts).
/// - Source: linux `nft_compat.c`, `nft_parse_compat`.
public struct RuleCompat: Hashable, Sendable {
    /// `IPPROTO_*`.
    public var transportProtocol: UInt32
    /// 2 (`NFT_RULE_COMPAT_F_INV`): any protocol but this.
    public var flags: UInt32

    /// A protocol.
    public init(transportProtocol: UInt32, flags: UInt32) {
        self.transportProtocol = transportProtocol
        self.flags = flags
    }

    init(_ attributes: consuming AttributeReader) throws(WireError) {
        var transportProtocol: UInt32 = 0
        var flags: UInt32 = 0
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: transportProtocol = try attribute.uint32()
            case 2: flags = try attribute.uint32()
            default: throw attribute.fault(.unrecognised, "not an attribute of COMPAT")
            }
        }
        self.init(transportProtocol: transportProtocol, flags: flags)
    }

    func write(to writer: inout MessageWriter) {
        writer.nest(5) { writer in
            writer.attribute(1, uint32: transportProtocol)
            writer.attribute(2, uint32: flags)
        }
    }
}
