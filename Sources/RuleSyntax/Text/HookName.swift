public import NetlinkProto

/// nft's names of the hooks.
///
/// - Source: linux `include/uapi/linux/netfilter.h` `NF_INET_*`, `NF_NETDEV_*`; `netfilter_arp.h`; `netfilter_bridge.h`.
public enum HookName {
    private static let inet = ["prerouting", "input", "forward", "output", "postrouting"]
    private static let arp = ["input", "output"]
    private static let netdev = ["ingress", "egress"]

    /// The hooks of a family, in the order of their numbers.
    public static func names(family: Family) -> [String] {
        switch family {
        case .ip, .ip6: inet
        case .inet, .bridge: inet + (family == .inet ? ["ingress"] : [])
        case .arp: arp
        case .netdev: netdev
        default: []
        }
    }

    /// The number of a hook; nil if the family has none of this name.
    public static func number(_ name: String, family: Family) -> UInt32? {
        names(family: family).firstIndex(of: name).map { UInt32($0) }
    }

    /// The name of a hook; nil if the family has none of this number.
    public static func name(_ number: UInt32, family: Family) -> String? {
        let names = names(family: family)
        return names.indices.contains(Int(number)) ? names[Int(number)] : nil
    }
}
