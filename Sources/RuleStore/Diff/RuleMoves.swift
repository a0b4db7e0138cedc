/// Which rules of a diff stand elsewhere among the others than before.
///
/// A rule that got another key has not moved if it stands between the same others: where the keys at a place are worn out, rules get new
/// ones (``Ruleset/respacing(at:of:)``), which nobody but the store has to know of.
///
/// - Cost: in proportion to the changes of chains in which keys differ, times a logarithm.
public struct RuleMoves: Sendable {
    private var moved: Set<ObjectID> = []
    private var respaced: Set<ObjectID> = []
    /// The chains in which rules got new keys and stand where they stood.
    public private(set) var respacedChains: Set<ObjectID> = []

    /// Compares the two sides of a diff.
    ///
    /// - Parameter changes: what turns `old` into `new`; at most one change an object.
    public init(_ changes: [Change], from old: Ruleset, to new: Ruleset) {
        var rekeyed: [ObjectID: [ObjectID]] = [:]
        for case .modify(let before, let after) in changes where before.orderKey != after.orderKey {
            if let chain = after.parent { rekeyed[chain, default: []].append(after.id) }
        }
        guard !rekeyed.isEmpty else { return }
        var gone: [ObjectID: [Int]] = [:]
        var come: [ObjectID: [Int]] = [:]
        for change in changes where change.object.kind == .rule {
            guard let chain = change.object.parent, rekeyed[chain] != nil,
                change.before?.orderKey != change.after?.orderKey
            else { continue }
            if let index = old.ruleIndex(of: change.id) { gone[chain, default: []].append(index) }
            if let index = new.ruleIndex(of: change.id) { come[chain, default: []].append(index) }
        }
        for (chain, rules) in rekeyed {
            let places = rules.compactMap { id in
                old.ruleIndex(of: id).flatMap { before in
                    new.ruleIndex(of: id).map { Place(id: id, before: before, after: $0) }
                }
            }
            compare(
                places, gone: gone[chain, default: []].sorted(),
                come: come[chain, default: []].sorted(), chain)
        }
    }

    /// Where a rule stands on both sides.
    private struct Place {
        let id: ObjectID
        let before: Int
        let after: Int
    }

    private mutating func compare(
        _ places: [Place], gone: [Int], come: [Int], _ chain: ObjectID
    ) {
        // Between the same of those that kept their keys; among each other as many as possible stay.
        let staying = places.filter { place in
            place.before - gone.rank(of: place.before) == place.after - come.rank(of: place.after)
        }.sorted { $0.after < $1.after }
        let kept = Self.longestRun(staying)
        respaced.formUnion(kept)
        if !kept.isEmpty { respacedChains.insert(chain) }
        moved.formUnion(places.map(\.id).filter { !kept.contains($0) })
    }

    /// The most rules that stood in the order in which they stand.
    private static func longestRun(_ places: [Place]) -> Set<ObjectID> {
        // The last of the best run of each length, and for each rule the one before it in its run.
        var ends: [Int] = []
        var previous = [Int?](repeating: nil, count: places.count)
        for (index, place) in places.enumerated() {
            let length = ends.countFirst { places[$0].before < place.before }
            previous[index] = length > 0 ? ends[length - 1] : nil
            if length == ends.count { ends.append(index) } else { ends[length] = index }
        }
        var run: Set<ObjectID> = []
        var current = ends.last
        while let index = current {
            run.insert(places[index].id)
            current = previous[index]
        }
        return run
    }

    /// Whether a rule stands elsewhere.
    public func hasMoved(_ rule: ObjectID) -> Bool { moved.contains(rule) }

    /// Whether a change gives a rule another key and does nothing else that anybody could see.
    public func isHidden(_ change: Change) -> Bool {
        guard case .modify(let before, let after) = change, respaced.contains(after.id) else {
            return false
        }
        return before.body == after.body
    }
}

extension [Change] {
    /// The changes that somebody can see: without rules that only got other keys.
    public func visible(from old: Ruleset, to new: Ruleset) -> [Change] {
        let moves = RuleMoves(self, from: old, to: new)
        return moves.respacedChains.isEmpty ? self : filter { !moves.isHidden($0) }
    }
}

extension [Int] {
    /// How many of these, which are sorted, are less than a number.
    fileprivate func rank(of value: Int) -> Int { countFirst { $0 < value } }

    /// How many of the first ones something holds for; it must not hold for any behind them.
    fileprivate func countFirst(_ holds: (Int) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if holds(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
