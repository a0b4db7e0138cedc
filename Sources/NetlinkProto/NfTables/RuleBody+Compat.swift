extension RuleBody {
    /// The protocol that the rule's xt extensions are told: the one that the rule itself asks for.
    ///
    /// The kernel takes it with a rule and does not give it back, so it is worked out of the expressions, as iptables does
    /// when it writes them. Nil for a rule without xt extensions, or that asks for no protocol.
    /// - Source: linux `net/netfilter/nft_compat.c`, `nft_parse_compat`; iptables `iptables/nft.c`, `add_compat`.
    public var impliedCompat: RuleCompat? {
        guard expressions.contains(where: \.isExtension) else { return nil }
        var loaded: Set<Register> = []
        var linkTypes: Set<Register> = []
        var found: RuleCompat?
        for expression in expressions {
            switch expression {
            case .meta(let meta):
                guard let register = meta.destination else { continue }
                linkTypes.remove(register)
                if meta.key == .transportProtocol {
                    loaded.insert(register)
                } else {
                    loaded.remove(register)
                }
            case .payload(let payload):
                guard let register = payload.destination else { continue }
                if payload.isTransportProtocol {
                    loaded.insert(register)
                } else {
                    loaded.remove(register)
                }
                if payload.isLinkType {
                    linkTypes.insert(register)
                } else {
                    linkTypes.remove(register)
                }
            case .compare(let compare) where linkTypes.contains(compare.source):
                if found == nil { found = RuleCompat(linkType: compare) }
            case .compare(let compare):
                guard found == nil, loaded.contains(compare.source), compare.value.count == 1 else {
                    continue
                }
                found = RuleCompat(compare)
            case .compatMatch, .compatTarget: return found
            default: continue
            }
        }
        return nil
    }
}

extension Expression {
    /// Whether it is one of xt's matches or targets (linux `net/netfilter/nft_compat.c`).
    public var isExtension: Bool {
        switch self {
        case .compatMatch, .compatTarget: true
        default: false
        }
    }
}

extension PayloadExpression {
    /// Whether this reads the protocol out of the IPv4 or IPv6 header, as older releases of iptables do.
    fileprivate var isTransportProtocol: Bool {
        base == .network && length == 1 && (offset == 9 || offset == 6)
    }
}

extension RuleCompat {
    private static let inverted: UInt32 = 2  // NFT_RULE_COMPAT_F_INV

    /// The Ethernet type that a comparison asks for, as extensions of ebtables are told it: two bytes as they are on the wire.
    fileprivate init?(linkType compare: CompareExpression) {
        guard compare.value.count == 2 else { return nil }
        let type = compare.value.withUnsafeBytes { $0.loadUnaligned(as: UInt16.self) }
        switch compare.operation {
        case .equal: self.init(transportProtocol: UInt32(type), flags: 0)
        case .notEqual: self.init(transportProtocol: UInt32(type), flags: RuleCompat.inverted)
        default: return nil
        }
    }

    /// The protocol that a comparison asks for; nil if it asks for neither one nor all but one.
    fileprivate init?(_ compare: CompareExpression) {
        switch compare.operation {
        case .equal: self.init(transportProtocol: UInt32(compare.value[0]), flags: 0)
        case .notEqual:
            self.init(transportProtocol: UInt32(compare.value[0]), flags: RuleCompat.inverted)
        default: return nil
        }
    }
}

extension PayloadExpression {
    /// Whether it loads the type of an Ethernet frame.
    fileprivate var isLinkType: Bool { base == .link && offset == 12 && length == 2 }
}
