import HashTreeCollections
import NetlinkProto
import RuleStore

/// Ways through the chains of a ruleset.
///
/// Remembers what it has worked out, so it serves one check.
struct ChainPath {
    let ruleset: Ruleset
    let graph: ChainGraph
    private var below: [ObjectID: Int] = [:]
    private var above: [ObjectID: Int?] = [:]

    init(ruleset: Ruleset, graph: ChainGraph) {
        self.ruleset = ruleset
        self.graph = graph
    }

    /// The chains that rules of `chain` jump to.
    private func targets(_ chain: StoredObject) -> [StoredObject] {
        guard let table = chain.parent else { return [] }
        return graph.facts(of: chain.id).targets.keys.sorted()
            .compactMap { ruleset.child(of: table, kind: .chain, name: $0) }
    }

    private func sources(_ chain: StoredObject) -> [StoredObject] {
        graph.sources(ofTarget: chain).compactMap { ruleset.object($0) }
    }

    /// The chains from `start` to `end`, both included, if jumps lead there.
    func way(from start: StoredObject, to end: StoredObject) -> [StoredObject]? {
        var previous: [ObjectID: StoredObject] = [:]
        var seen: Set<ObjectID> = [start.id]
        var queue = [start]
        while let chain = queue.popLast() {
            if chain.id == end.id { return trace(chain, previous) }
            for next in targets(chain) where seen.insert(next.id).inserted {
                previous[next.id] = chain
                queue.append(next)
            }
        }
        return nil
    }

    private func trace(_ end: StoredObject, _ previous: [ObjectID: StoredObject]) -> [StoredObject]
    {
        var way = [end]
        while let last = way.last, let before = previous[last.id] { way.append(before) }
        return way.reversed()
    }

    /// Whether jumps lead from `start` into a loop.
    func hasLoop(below start: StoredObject) -> Bool {
        var way = [start]
        var rest = [targets(start)[...]]
        var onWay: Set<ObjectID> = [start.id]
        var finished: Set<ObjectID> = []
        while let chain = way.last {
            guard let next = rest[rest.count - 1].popFirst() else {
                finished.insert(chain.id)
                onWay.remove(chain.id)
                way.removeLast()
                rest.removeLast()
                continue
            }
            if onWay.contains(next.id) { return true }
            if finished.contains(next.id) { continue }
            onWay.insert(next.id)
            way.append(next)
            rest.append(targets(next)[...])
        }
        return false
    }

    /// All chains that jumps lead to from `start`, itself included.
    func chains(below start: StoredObject) -> [StoredObject] {
        collect(from: start, targets)
    }

    /// The base chains from which jumps lead to `chain`, itself included.
    mutating func baseChains(above chain: StoredObject) -> [StoredObject] {
        collect(from: chain, sources).filter(\.isBaseChain)
    }

    private func collect(
        from start: StoredObject, _ next: (StoredObject) -> [StoredObject]
    ) -> [StoredObject] {
        var seen: Set<ObjectID> = [start.id]
        var found = [start]
        var position = 0
        while position < found.count {
            for chain in next(found[position]) where seen.insert(chain.id).inserted {
                found.append(chain)
            }
            position += 1
        }
        return found
    }

    /// How many jumps follow each other at most from `chain` on.
    ///
    /// There must be no loop.
    ///
    /// The recursion ends: a way without a loop visits no chain twice, and one longer than the limit is cut there.
    mutating func depthBelow(_ chain: StoredObject, _ level: Int = 0) -> Int {
        if let known = below[chain.id] { return known }
        guard level <= WireLimits.jumpDepth else { return 0 }
        var depth = 0
        for target in targets(chain) { depth = max(depth, 1 + depthBelow(target, level + 1)) }
        below[chain.id] = depth
        return depth
    }

    /// How many jumps lead to `chain` at most from a base chain; nil if none does.
    mutating func depthAbove(_ chain: StoredObject, _ level: Int = 0) -> Int? {
        if let known = above[chain.id] { return known }
        if chain.isBaseChain { return 0 }
        guard level <= WireLimits.jumpDepth else { return nil }
        var depth: Int?
        for source in sources(chain) {
            guard let way = depthAbove(source, level + 1) else { continue }
            depth = max(depth ?? 0, way + 1)
        }
        above[chain.id] = depth
        return depth
    }
}
