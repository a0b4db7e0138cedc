import Glibc
import NetlinkProto

/// Checks of a chain by itself, before the kernel sees it.
enum ChainCheck {
    /// The body as it is stored: with the defaults that the kernel would fill in.
    ///
    /// - Throws: ``Refusal`` for a hook, type or policy that does not go together.
    static func canonical(_ body: ChainBody, family: Family) throws(Refusal) -> ChainBody {
        var body = body
        guard let hook = body.hook else {
            if body.policy != nil {
                throw Refusal(
                    EINVAL,
                    "Only a base chain has a policy; give --type, --hook and --priority too.")
            }
            if body.type != nil {
                throw Refusal(EINVAL, "A chain with a type needs --hook and --priority too.")
            }
            return body
        }
        let type = body.type ?? "filter"
        body.type = type
        try check(type, hook, family)
        try checkDevices(hook, family)
        body.policy = body.policy ?? .accept
        try checkPolicy(body.policy ?? .accept, chain: "", body: body)
        return body
    }

    /// Which hooks a chain type has in a family, one bit each.
    ///
    /// - Source: linux `net/netfilter/nft_chain_filter.c`, `nft_chain_nat.c`, `nft_chain_route.c`, the `hook_mask`s.
    private static func hooks(_ type: String, _ family: Family) -> UInt32? {
        switch (type, family) {
        case ("filter", .ip), ("filter", .ip6): 0b11111
        case ("filter", .inet): 0b111111
        case ("filter", .arp): 0b11
        case ("filter", .bridge): 0b11111
        case ("filter", .netdev): 0b11
        case ("nat", .ip), ("nat", .ip6), ("nat", .inet): 0b11011
        case ("route", .ip), ("route", .ip6), ("route", .inet): 0b1000
        default: nil
        }
    }

    private static func check(_ type: String, _ hook: Hook, _ family: Family) throws(Refusal) {
        guard let mask = hooks(type, family) else {
            throw Refusal(
                EOPNOTSUPP, "There is no chain type '\(type)' in family \(family.name).")
        }
        guard hook.number < 32, mask & (1 << hook.number) != 0 else {
            throw Refusal(
                EOPNOTSUPP,
                "A chain of type '\(type)' cannot be at this hook in family \(family.name).")
        }
        // Source: nf_tables_api.c, nft_chain_parse_hook: NAT before conntrack cannot work.
        if type == "nat" && hook.priority <= -200 {
            throw Refusal(
                EOPNOTSUPP, "A nat chain needs a priority above -200, behind connection tracking.")
        }
    }

    private static func checkDevices(_ hook: Hook, _ family: Family) throws(Refusal) {
        let needsDevice = family == .netdev || (family == .inet && hook.number == 5)
        if needsDevice == hook.devices.isEmpty {
            throw Refusal(
                EINVAL,
                needsDevice
                    ? "A chain at this hook needs --device."
                    : "A chain at this hook takes no device.")
        }
    }

    /// Checks that a chain can have a policy, and this one.
    static func checkPolicy(
        _ policy: ChainPolicy, chain: String, body: ChainBody
    ) throws(Refusal) {
        guard body.hook != nil else {
            throw Refusal(
                EINVAL, "The chain \(chain) is no base chain; only base chains have a policy.")
        }
        guard policy == .accept || policy == .drop else {
            throw Refusal(EINVAL, "A policy is accept or drop.")
        }
    }
}
