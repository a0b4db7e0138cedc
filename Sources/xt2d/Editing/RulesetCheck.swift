import Glibc
import HashTreeCollections
import NetlinkProto
import RuleStore

/// Checks of a changed ruleset as a whole: everything that the kernel would find only by walking it.
///
/// - Source: linux `nf_tables_api.c`, `nft_chain_validate`, `nf_tables_delchain`.
struct RulesetCheck {
    let ruleset: Ruleset
    let graph: ChainGraph
    /// The chain of the last rule: most rules follow others of the same chain.
    private var lastPlace: Place?

    /// Where a rule is.
    private struct Place {
        let chain: StoredObject
        let family: Family
        /// Whether what rules demand is all in the graph: in other families some demand something of the family alone.
        let isInternet: Bool
        /// Whether no rule there jumps or demands anything.
        let isPlain: Bool
    }

    init(ruleset: Ruleset, graph: ChainGraph) {
        self.ruleset = ruleset
        self.graph = graph
    }

    /// Checks one change in the ruleset that has all of them.
    mutating func check(_ change: Change) throws(Refusal) {
        switch change.object.kind {
        case .rule:
            if let rule = change.after, let place = place(of: rule) {
                try checkRule(rule, in: place)
            }
        case .chain:
            try checkChain(change)
            if case .add(let chain) = change { try checkJumps(to: chain) }
        default: break
        }
    }

    // MARK: Chains

    /// Checks a name that goes and one that comes: rules that do not change may jump to either.
    private func checkChain(_ change: Change) throws(Refusal) {
        if let before = change.before, before.name != change.after?.name {
            try checkIsUnused(before)
        }
        guard let after = change.after, after.name != change.before?.name else { return }
        for source in graph.sources(ofTarget: after).compactMap({ ruleset.object($0) }) {
            try checkJump(from: source, to: after.name)
        }
    }

    // MARK: Jumps

    private mutating func place(of rule: StoredObject) -> Place? {
        if let lastPlace, lastPlace.chain.id == rule.parent { return lastPlace }
        guard let chain = rule.parent.flatMap({ ruleset.object($0) }),
            let family = family(of: chain)
        else { return nil }
        let isInternet = [Family.ip, .ip6, .inet].contains(family)
        lastPlace = Place(
            chain: chain, family: family, isInternet: isInternet,
            isPlain: isInternet && graph.facts(of: chain.id).isEmpty)
        return lastPlace
    }

    private func checkRule(_ rule: StoredObject, in place: Place) throws(Refusal) {
        let (chain, family) = (place.chain, place.family)
        guard !place.isPlain,
            // Most rules of these families need not be read in full.
            !place.isInternet || ChainGraph.mayMatter(rule.body),
            let body = try? RuleBody(encoded: rule.body)
        else { return }
        for target in body.targets { try checkJump(from: chain, to: target) }
        for demand in body.expressions.compactMap(HookDemand.init(ofFamily:)) {
            try check(demand, in: family)
        }
        let demands = body.expressions.compactMap { HookDemand($0) }
        for demand in demands { try check(demand, in: family) }
        if !demands.isEmpty { try check(demands, in: chain) }
    }

    private func family(of chain: StoredObject) -> Family? {
        chain.parent.flatMap { ruleset.object($0) }.map { Family(rawValue: $0.family) }
    }

    private func check(_ demand: HookDemand, in family: Family) throws(Refusal) {
        guard demand.hooks(in: family) == 0 else { return }
        throw Refusal(
            EOPNOTSUPP,
            "A table of family \(family.name) cannot hold \(demand.what); tables of family \(demand.familyNames) can."
        )
    }

    private func checkJump(from chain: StoredObject, to name: String) throws(Refusal) {
        guard let table = chain.parent,
            let target = ruleset.child(of: table, kind: .chain, name: name)
        else {
            throw Refusal(
                ENOENT, "There is no chain \(name) to jump to; 'xt2 add chain' makes one.")
        }
        if target.isBaseChain {
            throw Refusal(
                EOPNOTSUPP, "\(name) is a base chain; packets reach it by its hook, not by a jump.")
        }
        var path = ChainPath(ruleset: ruleset, graph: graph)
        if let loop = path.way(from: target, to: chain) {
            let names = ([chain] + loop).map(\.name).joined(separator: " -> ")
            throw Refusal(EMLINK, "The jump to \(name) would make a loop: \(names).")
        }
        try checkDepth(chain, target, &path)
        try checkDemands(below: target, reachedFrom: chain, &path)
    }

    /// A chain that takes a deleted one's name takes over the jumps of rules that do not change.
    private func checkJumps(to chain: StoredObject) throws(Refusal) {
        for source in graph.sources(ofTarget: chain).compactMap({ ruleset.object($0) }) {
            try checkJump(from: source, to: chain.name)
        }
    }

    private func checkDepth(
        _ chain: StoredObject, _ target: StoredObject, _ path: inout ChainPath
    ) throws(Refusal) {
        guard let above = path.depthAbove(chain) else { return }
        let depth = above + 1 + path.depthBelow(target)
        // Level 0 is the base chain; the kernel refuses to enter level NFT_JUMP_STACK_SIZE.
        guard depth < WireLimits.jumpDepth else {
            // A loop further down has no depth. The change that makes it is the one that is wrong, and is checked too.
            if path.hasLoop(below: target) { return }
            throw Refusal(
                EMLINK,
                "The jump to \(target.name) would nest \(depth) jumps deep; the kernel follows \(WireLimits.jumpDepth - 1)."
            )
        }
    }

    private func checkIsUnused(_ chain: StoredObject) throws(Refusal) {
        guard let table = chain.parent, ruleset.object(table) != nil,
            // Another chain that has taken the name is what the rules jump to now.
            ruleset.child(of: table, kind: .chain, name: chain.name) == nil,
            let source = graph.sources(ofTarget: chain).first.flatMap({ ruleset.object($0) })
        else { return }
        throw Refusal(
            EBUSY,
            "The chain \(chain.name) is in use: a rule in chain \(source.name) jumps to it; delete that rule first."
        )
    }

    // MARK: Hooks

    private func check(_ demands: [HookDemand], in chain: StoredObject) throws(Refusal) {
        var path = ChainPath(ruleset: ruleset, graph: graph)
        for base in path.baseChains(above: chain) {
            for demand in demands { try check(demand, at: base) }
        }
    }

    private func checkDemands(
        below target: StoredObject, reachedFrom chain: StoredObject, _ path: inout ChainPath
    ) throws(Refusal) {
        var demands: [HookDemand] = []
        for below in path.chains(below: target) {
            // In no order of a set: the same fault is told in the same words each time.
            demands += graph.facts(of: below.id).demands.keys.sorted { $0.what < $1.what }
        }
        guard !demands.isEmpty else { return }
        for base in path.baseChains(above: chain) {
            for demand in demands { try check(demand, at: base) }
        }
    }

    private func check(_ demand: HookDemand, at base: StoredObject) throws(Refusal) {
        guard let family = family(of: base), let body = try? ChainBody(encoded: base.body),
            let hook = body.hook
        else { return }
        if let type = demand.chainType, type != body.type {
            throw Refusal(
                demand.errno,
                "\(demand.what) needs a chain of type \(type); \(base.name), from which it is reached, is of type \(body.type ?? "filter")."
            )
        }
        guard hook.number < 32, demand.hooks(in: family) & (1 << hook.number) != 0 else {
            throw Refusal(
                demand.errno,
                "\(demand.what) can only be used at hook \(demand.hookNames(in: family)); chain \(base.name), from which it is reached, is at another."
            )
        }
    }
}

extension StoredObject {
    /// Whether a chain is hooked in.
    var isBaseChain: Bool { (try? ChainBody(encoded: body))?.hook != nil }
}
