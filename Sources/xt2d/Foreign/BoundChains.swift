import NetlinkProto
import RuleStore

// nft makes a chain for `jump { … }` that belongs to the rule: it cannot be changed, and the kernel takes it away with the rule, without
// a word about it.
extension StoredObject {
    /// Whether this is a chain that belongs to a rule.
    var isBoundChain: Bool {
        kind == .chain && (try? ChainBody(encoded: body))?.flags.isBinding == true
    }
}

extension Ruleset {
    /// The changes that take away what goes with a rule.
    ///
    /// - Parameter kept: what the rule says from now on; nil if it goes.
    func changesBound(to rule: StoredObject, but kept: [UInt8]? = nil) -> [Change] {
        let targets = boundTargets(of: rule.body, in: rule)
        guard !targets.isEmpty else { return [] }
        let stay = kept.map { boundTargets(of: $0, in: rule) } ?? []
        return targets.filter { !stay.contains($0) }.flatMap { chain -> [Change] in
            // The kernel has no such chains inside of such chains.
            self.rules(of: chain.id).map(Change.delete) + [.delete(chain)]
        }
    }

    /// The chains that belong to a rule which says this.
    func boundTargets(of body: [UInt8], in rule: StoredObject) -> [StoredObject] {
        guard ChainGraph.mayMatter(body), let table = rule.parent.flatMap({ object($0)?.parent }),
            let body = try? RuleBody(encoded: body)
        else { return [] }
        return body.targets.compactMap { child(of: table, kind: .chain, name: $0) }
            .filter(\.isBoundChain)
    }
}

extension UInt32 {
    /// `NFT_CHAIN_BINDING` among the flags of a chain.
    fileprivate var isBinding: Bool { self & 4 != 0 }
}
