// Pure: what differs between two rulesets, from the rows that only one of them has.

extension Array where Element == Change {
    /// Pairs the objects that only the old side has with those that only the new side has.
    ///
    /// - Returns: the changes that turn old into new, in application order; an object that is equal
    ///   on both sides makes none.
    static func pairing(old: [StoredObject], new: [StoredObject]) -> [Change] {
        var remaining = Dictionary(old.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
        var changes: [Change] = []
        changes.reserveCapacity(Swift.max(old.count, new.count))
        for object in new {
            guard let before = remaining.removeValue(forKey: object.id) else {
                changes.append(.add(object))
                continue
            }
            if before != object { changes.append(.modify(from: before, to: object)) }
        }
        changes += remaining.values.map { .delete($0) }
        return changes.inApplicationOrder()
    }

    /// Sorts changes so that each can be made when its turn comes: deletions, modifications,
    /// additions.
    ///
    /// What refers to others is deleted first and added last. Rules of one chain follow each other
    /// in the chain's order, everything else in the order of creation.
    public func inApplicationOrder() -> [Change] {
        // Most are: what a client does, it does in an order in which it can be done.
        if zip(self, dropFirst()).allSatisfy({ !$1.isBefore($0) }) { return self }
        return map { (rank: $0.applicationRank, change: $0) }
            .sorted { left, right in
                left.rank != right.rank
                    ? left.rank < right.rank : left.change.object.precedes(right.change.object)
            }
            .map(\.change)
    }
}

extension Change {
    /// Whether it must be made before another.
    fileprivate func isBefore(_ other: Change) -> Bool {
        let (rank, otherRank) = (applicationRank, other.applicationRank)
        return rank != otherRank ? rank < otherRank : object.precedes(other.object)
    }

    fileprivate var applicationRank: Int {
        switch self {
        case .delete(let object): -object.kind.dependence
        case .modify(_, let object): 10 + object.kind.dependence
        case .add(let object): 20 + object.kind.dependence
        }
    }
}

extension ObjectKind {
    /// How late in a transaction an object can be added: after all that it may refer to.
    fileprivate var dependence: Int {
        switch self {
        case .table: 1
        case .chain: 2
        case .object: 3
        case .flowtable: 4
        case .set: 5
        case .element: 6
        case .rule: 7
        }
    }
}

extension StoredObject {
    fileprivate func precedes(_ other: StoredObject) -> Bool {
        guard let parent, let key = orderKey, let otherParent = other.parent,
            let otherKey = other.orderKey
        else { return id < other.id }
        if parent != otherParent { return parent < otherParent }
        return key != otherKey ? key < otherKey : id < other.id
    }
}
