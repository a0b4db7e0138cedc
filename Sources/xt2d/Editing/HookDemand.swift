import Glibc
import NetlinkProto

/// What an expression demands of the tables and base chains that it is reached from.
///
/// Those of xt extensions are in ``ExtensionDemand``.
/// - Source: the `validate` functions and families of linux `net/netfilter/nft_nat.c`, `nft_masq.c`, `nft_redir.c`,
///   `nft_reject*.c`, `nft_fib*.c`, `nft_tproxy.c`, `nft_socket.c`, `nft_rt.c`, `nft_meta.c`, `nft_osf.c`,
///   `nft_xfrm.c`, `nft_synproxy.c`, `nft_dup_netdev.c`, `nft_fwd_netdev.c`, `nft_compat.c`.
struct HookDemand: Hashable, Sendable {
    /// The expression, as people know it.
    let what: String
    /// The chain type that it needs; nil for any.
    let chainType: String?
    /// The hooks that can hold it, one bit each: in `ip`, `ip6` and `inet` tables.
    let hooks: UInt32
    /// The same in other tables; 0 where it cannot be at all.
    let netdev: UInt32
    let bridge: UInt32
    let arp: UInt32
    /// Whether `inet` tables cannot hold it, though `ip` and `ip6` can.
    let needsOneFamily: Bool

    /// Expressions that may demand something of a hook; `meta` does for a few keys only.
    static let names: Set<String> = [
        "nat", "masq", "redir", "reject", "fib", "tproxy", "socket", "rt", "osf", "xfrm",
        "synproxy", "fwd", "dup", "match", "target",
    ]

    static let prerouting: UInt32 = 1 << 0
    static let input: UInt32 = 1 << 1
    static let forward: UInt32 = 1 << 2
    static let output: UInt32 = 1 << 3
    static let postrouting: UInt32 = 1 << 4
    private static let ingress: UInt32 = 1 << 5
    private static let netdevIngress: UInt32 = 1 << 0

    private static let tcpMSSKey: UInt32 = 3  // NFT_RT_TCPMSS

    init(
        _ what: String, chainType: String? = nil, hooks: UInt32, netdev: UInt32 = 0,
        bridge: UInt32 = 0, arp: UInt32 = 0, needsOneFamily: Bool = false
    ) {
        self.what = what
        self.chainType = chainType
        self.hooks = hooks
        self.netdev = netdev
        self.bridge = bridge
        self.arp = arp
        self.needsOneFamily = needsOneFamily
    }

    /// What the kernel refuses it with: xt extensions are checked by nft_compat, which has another number for it.
    var errno: Int32 { what.hasPrefix("-") ? EINVAL : EOPNOTSUPP }

    /// What an expression demands of the hook; nil if any does.
    init?(_ expression: Expression) {
        switch expression {
        case .nat(let nat) where nat.type == .source:
            self.init("SNAT", chainType: "nat", hooks: Self.postrouting | Self.input)
        case .nat:
            self.init("DNAT", chainType: "nat", hooks: Self.prerouting | Self.output)
        case .masquerade: self.init("MASQUERADE", chainType: "nat", hooks: Self.postrouting)
        case .redirect:
            self.init("REDIRECT", chainType: "nat", hooks: Self.prerouting | Self.output)
        case .reject:
            self.init(
                "REJECT",
                hooks: Self.input | Self.forward | Self.output | Self.prerouting | Self.ingress,
                netdev: Self.netdevIngress, bridge: Self.prerouting | Self.input)
        case .fib(let fib):
            self.init(
                "a routing look-up (addrtype or fib)", hooks: HookDemand.hooks(of: fib),
                netdev: .max)
        case .socket:
            self.init("a socket match", hooks: Self.prerouting | Self.input | Self.output)
        case .routing(let routing) where routing.key == Self.tcpMSSKey:
            self.init("the route's TCP MSS", hooks: Self.forward | Self.output | Self.postrouting)
        case .compatMatch(let match):
            guard let demand = ExtensionDemand.match(match.name) else { return nil }
            self = demand
        case .compatTarget(let target):
            guard let demand = ExtensionDemand.target(target.name) else { return nil }
            self = demand
        case .routing: self.init("the packet's route", hooks: .max)
        case .meta(let meta): self.init(meta: meta)
        case .transparentProxy: self.init("TPROXY", hooks: Self.prerouting)
        case .forward: self.init("FWD", hooks: 0, netdev: .max)
        case .duplicate: self.init("DUP", hooks: .max, netdev: .max, needsOneFamily: true)
        case .unknown(let other): self.init(name: other.name)
        default: return nil
        }
    }

    private init?(meta: MetaExpression) {
        switch meta.key {
        case .packetType where meta.source != nil:
            self.init(
                "setting the packet's type", hooks: Self.prerouting, netdev: Self.netdevIngress,
                bridge: Self.prerouting)
        case .slaveInterface, .slaveInterfaceName:
            self.init("the slave interface", hooks: Self.input | Self.forward)
        case .securityPath:
            self.init(
                "a look for IPsec", hooks: Self.prerouting | Self.input | Self.forward,
                netdev: Self.netdevIngress)
        default: return nil
        }
    }

    /// Expressions that this program has no type for.
    private init?(name: String) {
        switch name {
        case "osf":
            self.init(
                "a guess of the operating system",
                hooks: Self.prerouting | Self.input | Self.forward)
        case "synproxy": self.init("SYNPROXY", hooks: Self.input | Self.forward)
        default: return nil
        }
    }

    /// What an expression demands of the family alone; nil if it demands nothing, or something of the hook.
    init?(ofFamily expression: Expression) {
        switch expression {
        case .conntrack, .connectionLimit:
            self.init("connection tracking", hooks: .max, bridge: .max)
        case .compatMatch(let match):
            self.init("the xt match \(match.name)", hooks: .max, bridge: .max, arp: .max)
        case .compatTarget(let target):
            self.init("the xt target \(target.name)", hooks: .max, bridge: .max, arp: .max)
        default: return nil
        }
    }

    private static func hooks(of fib: FibExpression) -> UInt32 {
        let incoming = prerouting | input | forward
        if fib.result != .addressType { return incoming }
        if fib.flags.rawValue & FibExpression.Flags.inputInterface.rawValue != 0 { return incoming }
        if fib.flags.rawValue & FibExpression.Flags.outputInterface.rawValue != 0 {
            return output | postrouting | forward
        }
        return incoming | output | postrouting
    }

    /// The hooks of a family's base chains that can hold it, one bit each; 0 if the family cannot.
    func hooks(in family: Family) -> UInt32 {
        switch family {
        case .netdev: netdev
        case .bridge: bridge
        case .arp: arp
        case .inet where needsOneFamily: 0
        default: hooks
        }
    }

    /// The names of the hooks that can hold it.
    func hookNames(in family: Family) -> String {
        let hooks = hooks(in: family)
        return HookNames.all(family).enumerated()
            .filter { hooks & (1 << UInt32($0.offset)) != 0 }.map(\.element)
            .joined(separator: " or ")
    }

    /// The families whose tables can hold it.
    var familyNames: String {
        Family.all.filter { hooks(in: $0) != 0 }.map(\.name).joined(separator: ", ")
    }
}

/// What the hooks of a family are called, in the order of their numbers.
///
/// - Source: linux `include/uapi/linux/netfilter.h`, `netfilter_arp.h`, `netfilter_bridge.h`.
enum HookNames {
    static func all(_ family: Family) -> [String] {
        let packets = ["prerouting", "input", "forward", "output", "postrouting"]
        return switch family {
        case .inet: packets + ["ingress"]
        case .ip, .ip6, .bridge: packets
        case .arp: ["input", "output"]
        case .netdev: ["ingress", "egress"]
        default: []
        }
    }

    /// The names of the hooks in a mask of one bit each.
    static func of(_ mask: UInt32, _ family: Family) -> String {
        all(family).enumerated().filter { mask & (1 << UInt32($0.offset)) != 0 }.map(\.element)
            .joined(separator: ", ")
    }
}
