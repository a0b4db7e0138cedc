/// What the kernel's xt extensions demand of the base chains that they are reached from.
///
/// The other tables that extensions name (mangle, raw, filter, security) mean nothing in nf_tables, which has only its chain
/// types. What an extension checks beyond this in its own options, the kernel tells.
/// - Source: linux `net/netfilter/nft_compat.c`, `nft_compat_chain_validate_dependency`; the `.hooks` and `.table` of the
///   extensions in `net/netfilter/xt_*.c`, `net/ipv4/netfilter/ipt_*.c`, `net/ipv6/netfilter/ip6t_*.c`.
enum ExtensionDemand {
    /// The demand of a match; nil if it has none.
    static func match(_ name: String) -> HookDemand? { matches[name] }

    /// The demand of a target; nil if it has none.
    static func target(_ name: String) -> HookDemand? { targets[name] }

    private static let prerouting = HookDemand.prerouting
    private static let input = HookDemand.input
    private static let forward = HookDemand.forward
    private static let output = HookDemand.output
    private static let postrouting = HookDemand.postrouting

    private static let matches: [String: HookDemand] = table(
        [
            ("mac", prerouting | input | forward),
            ("owner", output | postrouting),
            ("cgroup", output | postrouting | input),
            ("realm", postrouting | forward | output | input),
            ("rpfilter", prerouting),
            ("socket", prerouting | input),
        ], "-m ")

    private static let targets: [String: HookDemand] = table(
        [
            ("CLASSIFY", output | forward | postrouting),
            ("CLUSTERIP", input),
            ("DNPT", prerouting | output),
            ("SNPT", input | postrouting),
            ("REJECT", input | forward | output),
            ("SYNPROXY", input | forward),
            ("TPROXY", prerouting),
        ], "-j "
    ).merging(
        table(
            [
                ("SNAT", postrouting | input),
                ("DNAT", prerouting | output),
                ("MASQUERADE", postrouting),
                ("REDIRECT", prerouting | output),
                ("NETMAP", prerouting | input | output | postrouting),
            ], "-j ", chainType: "nat")
    ) { first, _ in first }

    private static func table(
        _ demands: [(name: String, hooks: UInt32)], _ option: String, chainType: String? = nil
    ) -> [String: HookDemand] {
        Dictionary(
            demands.map { name, hooks in
                (
                    name,
                    HookDemand(
                        option + name, chainType: chainType, hooks: hooks, bridge: .max, arp: .max)
                )
            }, uniquingKeysWith: { first, _ in first })
    }
}
