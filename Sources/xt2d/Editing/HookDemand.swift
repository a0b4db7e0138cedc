import NetlinkProto

/// What an expression demands of the base chains that it is reached from.
///
/// Those of xt extensions are in ``ExtensionDemand``.
/// - Source: the `validate` functions of linux `net/netfilter/nft_nat.c`, `nft_masq.c`, `nft_redir.c`, `nft_reject.c`,
///   `nft_fib.c`, `nft_tproxy.c`, `nft_socket.c`, `nft_rt.c`.
struct HookDemand: Hashable, Sendable {
    /// The expression, as people know it.
    let what: String
    /// The chain type that it needs; nil for any.
    let chainType: String?
    /// The hooks that can hold it, one bit each.
    let hooks: UInt32

    /// Expressions that may demand something.
    static let names: Set<String> = [
        "nat", "masq", "redir", "reject", "fib", "tproxy", "socket", "rt", "match", "target",
    ]

    static let prerouting: UInt32 = 1 << 0
    static let input: UInt32 = 1 << 1
    static let forward: UInt32 = 1 << 2
    static let output: UInt32 = 1 << 3
    static let postrouting: UInt32 = 1 << 4
    private static let ingress: UInt32 = 1 << 5

    private static let tcpMSSKey: UInt32 = 3  // NFT_RT_TCPMSS

    init(_ what: String, chainType: String? = nil, hooks: UInt32) {
        self.what = what
        self.chainType = chainType
        self.hooks = hooks
    }

    /// The demand of an expression; nil if it has none.
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
                hooks: Self.input | Self.forward | Self.output | Self.prerouting | Self.ingress)
        case .fib(let fib):
            guard let hooks = HookDemand.hooks(of: fib) else { return nil }
            self.init("a routing look-up (addrtype or fib)", hooks: hooks)
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
        case .unknown(let other) where other.name == "tproxy":
            self.init("TPROXY", hooks: Self.prerouting)
        default: return nil
        }
    }

    private static func hooks(of fib: FibExpression) -> UInt32? {
        let incoming = prerouting | input | forward
        if fib.result != .addressType { return incoming }
        if fib.flags.rawValue & FibExpression.Flags.inputInterface.rawValue != 0 { return incoming }
        if fib.flags.rawValue & FibExpression.Flags.outputInterface.rawValue != 0 {
            return output | postrouting | forward
        }
        return nil
    }

    /// The names of the hooks that can hold it.
    var hookNames: String {
        let names = ["prerouting", "input", "forward", "output", "postrouting", "ingress"]
        return names.indices.filter { hooks & (1 << UInt32($0)) != 0 }.map { names[$0] }
            .joined(separator: " or ")
    }
}
