/// A logical chain as the kernel has it, put together again from the parts that it was split into, by what nft lists alone.
struct KernelParts {
    /// The rules in the order in which packets meet them, without the jumps to parts.
    private(set) var rules: [KernelListing.Rule] = []
    /// How many rules each part has, in order.
    private(set) var sizes: [Int] = []
    /// How many rules the chain itself has, jumps to parts left out.
    private(set) var ownCount = 0
    /// What must not be.
    private(set) var faults: [String] = []

    /// - Parameter chain: `family table chain`.
    init(_ listing: KernelListing, _ chain: String) {
        let table = chain.split(separator: " ").prefix(2).joined(separator: " ")
        var met: Set<String> = []
        for rule in listing.chains[chain]?.rules ?? [] {
            guard let part = rule.target, part.hasPrefix("_xt2.") else {
                rules.append(rule)
                ownCount += 1
                continue
            }
            if !met.insert(part).inserted { faults.append("\(part) is jumped to twice") }
            guard let chain = listing.chains["\(table) \(part)"] else {
                faults.append("\(part) is not there")
                continue
            }
            if chain.rules.isEmpty { faults.append("\(part) is empty") }
            if !chain.hook.isEmpty { faults.append("\(part) has a hook") }
            sizes.append(chain.rules.count)
            rules += chain.rules
            for rule in chain.rules where KernelParts.leaves(rule.text) {
                faults.append("in \(part): \(rule.text)")
            }
        }
        let all = listing.chains.keys.filter { $0.hasPrefix("\(table) _xt2.") }
        if all.count != met.count { faults.append("\(all.count) parts, \(met.count) in use") }
    }

    var ids: [UInt64] { rules.map { $0.id ?? 0 } }

    /// Whether nft's words for a rule say that a packet may leave the chain undecided.
    private static func leaves(_ text: String) -> Bool {
        text.split(separator: " ").contains { $0 == "return" || $0 == "goto" || $0 == "vmap" }
    }
}

extension Daemon {
    /// A chain of the kernel, put together from its parts.
    func parts(_ chain: String) throws -> KernelParts { KernelParts(try kernel(), chain) }
}
