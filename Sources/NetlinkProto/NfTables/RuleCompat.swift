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

    /// Writes the whole attribute.
    public func write(to writer: inout MessageWriter) {
        writer.nest(5) { writer in
            writer.attribute(1, uint32: transportProtocol)
            writer.attribute(2, uint32: flags)
        }
    }
}

extension RuleCompat {
    /// `NFT_RULE_COMPAT_F_INV`.
    public static let inverted: UInt32 = 2

    /// What a rule says of its protocol by other means, if it has xt extensions; nil if it says nothing.
    ///
    /// Why: the kernel wants it when such a rule is made, and does not tell it afterwards.
    public init?(inferredFrom expressions: [Expression]) {
        guard expressions.contains(where: \.isCompat) else { return nil }
        for (index, expression) in expressions.enumerated().dropLast() {
            guard let register = expression.protocolRegister,
                case .compare(let comparison) = expressions[index + 1],
                comparison.source == register, comparison.value.count == 1
            else { continue }
            switch comparison.operation {
            case .equal: self.init(transportProtocol: UInt32(comparison.value[0]), flags: 0)
            case .notEqual:
                self.init(
                    transportProtocol: UInt32(comparison.value[0]), flags: RuleCompat.inverted)
            default: continue
            }
            return
        }
        return nil
    }
}

extension Expression {
    fileprivate var isCompat: Bool {
        switch self {
        case .compatMatch, .compatTarget: true
        default: false
        }
    }

    /// Where the expression puts the transport protocol; nil if it does not.
    fileprivate var protocolRegister: Register? {
        switch self {
        case .meta(let meta) where meta.key == .transportProtocol: meta.destination
        case .payload(let payload)
        where payload.base == .network && payload.length == 1
            && (payload.offset == 9 || payload.offset == 6):
            payload.destination
        default: nil
        }
    }
}
