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
            let types = ["filter", "nat", "route"].filter { hooks($0, family) != nil }
            throw Refusal(
                EOPNOTSUPP,
                "There is no chain type '\(type)' in family \(family.name); there is \(types.joined(separator: ", "))."
            )
        }
        guard hook.number < 32, mask & (1 << hook.number) != 0 else {
            throw Refusal(
                EOPNOTSUPP,
                "A chain of type '\(type)' cannot be at this hook in family \(family.name); it can be at \(HookNames.of(mask, family))."
            )
        }
        // Source: nf_tables_api.c, nft_chain_parse_hook: NAT before conntrack cannot work.
        if type == "nat" && hook.priority <= -200 {
            throw Refusal(
                EOPNOTSUPP, "A nat chain needs a priority above -200, behind connection tracking.")
        }
    }

    /// Checks the devices: there must be some at the hooks that belong to a device, each once, and none at others.
    ///
    /// A device need not exist: the kernel hooks the chain in when one of that name comes.
    /// - Source: linux `nf_tables_api.c`, `nft_chain_parse_netdev`, `nf_tables_parse_netdev_hooks`.
    private static func checkDevices(_ hook: Hook, _ family: Family) throws(Refusal) {
        let needsDevice = family == .netdev || (family == .inet && hook.number == 5)
        if needsDevice == (hook.devices.isEmpty && hook.unknown.isEmpty) {
            throw Refusal(
                EINVAL,
                needsDevice
                    ? "A chain at this hook needs --device NAME."
                    : "A chain at this hook takes no device; those at ingress and egress do.")
        }
        guard hook.devices.count <= deviceLimit else {
            throw Refusal(
                EFBIG,
                "A chain has at most \(deviceLimit) devices, not \(hook.devices.count); make several chains."
            )
        }
        var seen = Set<String>()
        for device in hook.devices {
            guard !device.isEmpty else { throw Refusal(EINVAL, "A device needs a name.") }
            guard seen.insert(device).inserted else {
                throw Refusal(EEXIST, "The device \(device) is named twice.")
            }
        }
    }

    private static let deviceLimit = 256  // NFT_NETDEVICE_MAX

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
