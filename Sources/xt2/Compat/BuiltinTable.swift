import NetlinkProto

/// A table that iptables has without anybody making it.
struct BuiltinTable {
    /// A chain that it has, where the kernel calls it.
    struct Chain {
        var name: String
        var hook: UInt32
        var priority: Int32
        var type: String
        var family: Family

        /// What makes the chain, with a policy or, if it is there, without touching it.
        func body(policy: ChainPolicy? = nil) -> ChainBody {
            ChainBody(hook: Hook(number: hook, priority: priority), policy: policy, type: type)
        }
    }

    /// Its name.
    var name: String
    /// Whose it is.
    var family: Family
    /// Its chains, in the order of their hooks.
    var chains: [Chain]

    /// Names of the hooks of IP, `NF_INET_PRE_ROUTING` and so on, in the order of their numbers.
    private static let hooks = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]

    /// The names of a family's tables in the order in which they are saved.
    static func names(_ family: Family) -> [String] {
        switch family {
        case .arp: ["filter"]
        case .bridge: ["filter", "nat"]
        default: ["mangle", "security", "raw", "filter", "nat"]
        }
    }

    /// The table of this name; nil if iptables has none.
    ///
    /// - Source: linux `include/uapi/linux/netfilter_ipv4.h`, `enum nf_ip_hook_priorities`, `netfilter_bridge.h`, `enum nf_br_hook_priorities`.
    init?(_ name: String, _ family: Family) {
        self.name = name
        self.family = family
        func chains(_ numbers: [UInt32], _ priority: Int32) -> [Chain] {
            numbers.map { number in
                Chain(
                    name: BuiltinTable.hooks[Int(number)], hook: number, priority: priority,
                    type: "filter", family: family)
            }
        }
        switch (family, name) {
        case (.arp, "filter"):
            self.chains = chains([0, 1], 0)
            self.chains[0].name = "INPUT"
            self.chains[1].name = "OUTPUT"
        case (.bridge, "filter"): self.chains = chains([1, 2, 3], -200)
        case (.bridge, "nat"):
            self.chains = chains([0, 3, 4], -300)
            self.chains[1].priority = 100
            self.chains[2].priority = 300
        case (.arp, _), (.bridge, _): return nil
        case (_, "filter"): self.chains = chains([1, 2, 3], 0)
        // Behind the kernel's own place for it (50): so does iptables-nft.
        case (_, "security"): self.chains = chains([1, 2, 3], 150)
        case (_, "raw"): self.chains = chains([0, 3], -300)
        case (_, "mangle"):
            self.chains = chains([0, 1, 2, 3, 4], -150)
            // What it changes may change the route.
            self.chains[3].type = "route"
        case (_, "nat"):
            self.chains = chains([0, 1, 3, 4], 0)
            for index in self.chains.indices {
                self.chains[index].type = "nat"
                // Destinations are changed early (-100), sources late (100).
                self.chains[index].priority = [0, 3].contains(self.chains[index].hook) ? -100 : 100
            }
        default: return nil
        }
    }

    /// The built-in chain of this name.
    func chain(_ name: String) -> Chain? {
        chains.first { $0.name == name }
    }

    /// The edits that make the table and one of its chains, where they are not there yet.
    ///
    /// - Parameter counters: what the policy is to count from; nil for leaving it alone.
    func creation(
        of chain: Chain, policy: ChainPolicy? = nil, counters: CounterExpression? = nil
    ) -> [Edit] {
        [
            creation,
            Edit(
                type: .newChain, flags: .create,
                message: .chain(
                    ChainMessage(
                        family: family, table: name, name: chain.name,
                        body: chain.body(policy: policy), counters: counters)),
                done: ""),
        ]
    }

    /// The edit that makes the table, where it is not there yet; whose it is then, is left open.
    var creation: Edit {
        Edit(
            type: .newTable, flags: .create,
            message: .table(
                TableMessage(family: family, name: name)),
            done: "")
    }
}
