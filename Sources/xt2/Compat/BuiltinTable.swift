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

    /// The tables in the order in which they are saved.
    static let names = ["mangle", "security", "raw", "filter", "nat"]

    /// The table of this name; nil if iptables has none.
    ///
    /// - Source: linux `include/uapi/linux/netfilter_ipv4.h`, `enum nf_ip_hook_priorities`.
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
        switch name {
        case "filter": self.chains = chains([1, 2, 3], 0)
        // Behind the kernel's own place for it (50): so does iptables-nft.
        case "security": self.chains = chains([1, 2, 3], 150)
        case "raw": self.chains = chains([0, 3], -300)
        case "mangle":
            self.chains = chains([0, 1, 2, 3, 4], -150)
            // What it changes may change the route.
            self.chains[3].type = "route"
        case "nat":
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
    func creation(of chain: Chain, policy: ChainPolicy? = nil) -> [Edit] {
        [
            creation,
            Edit(
                type: .newChain, flags: .create,
                message: .chain(
                    ChainMessage(
                        family: family, table: name, name: chain.name,
                        body: chain.body(policy: policy))),
                done: ""),
        ]
    }

    /// The edit that makes the table, where it is not there yet.
    var creation: Edit {
        Edit(
            type: .newTable, flags: .create,
            message: .table(
                TableMessage(
                    family: family, name: name, body: TableBody(flags: [.owner, .persist]))),
            done: "")
    }
}
