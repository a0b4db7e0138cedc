/// The steps that turn one list into another, in the order in which they are done, each on what the ones before have left.
///
/// Elements that stay, as ``ListDiff`` finds them, are in no step. What goes makes place for what comes instead; an element that goes
/// in one place and comes in another is moved.
public struct ListPlan: Hashable, Sendable {
    /// One step; elements are named by their indices in the old and in the new list.
    public enum Step: Hashable, Sendable {
        /// An old element goes.
        case delete(old: Int)
        /// A new element takes the place of an old one.
        case replace(old: Int, new: Int)
        /// A new element comes in front of an old one, which stays or has been replaced; at the end, if there is none.
        case insert(new: Int, before: Int?)
        /// An old element, which is the same as a new one, goes in front of another; at the end, if there is none.
        case move(old: Int, new: Int, before: Int?)
    }

    /// What stays.
    public let matches: [ListDiff.Match]
    /// What is done.
    public private(set) var steps: [Step] = []

    /// Works out the steps.
    public init<Element: Hashable>(from old: [Element], to new: [Element]) {
        self.init(ListNumbers(old, new))
    }

    /// Works out the steps for lists that have numbers already.
    public init(_ numbers: ListNumbers) {
        let diff = ListDiff(numbers)
        matches = diff.matches
        let gaps = diff.gaps
        let moves = ListPlan.moves(gaps, numbers)
        let moved = Set(moves.values)
        for gap in gaps { plan(gap, numbers.old.count, moves, moved) }
    }

    /// How many elements stay.
    public var kept: Int { matches.reduce(0) { $0 + $1.count } }

    /// The elements that are in both lists, whether they stay or are moved, by their indices.
    public var pairs: [(old: Int, new: Int)] {
        let stay = matches.flatMap { match in
            (0..<match.count).map { (old: match.old + $0, new: match.new + $0) }
        }
        let moved = steps.compactMap { step -> (old: Int, new: Int)? in
            guard case .move(let old, let new, _) = step else { return nil }
            return (old, new)
        }
        return stay + moved
    }

    /// Pairs what goes with what comes: the old index by the new one.
    private static func moves(_ gaps: [ListDiff.Gap], _ numbers: ListNumbers) -> [Int: Int] {
        var going: [Int: [Int]] = [:]
        for index in gaps.reversed().flatMap({ $0.old.reversed() }) {
            going[numbers.old[index], default: []].append(index)
        }
        var moves: [Int: Int] = [:]
        for index in gaps.flatMap(\.new) {
            if let from = going[numbers.new[index]]?.popLast() { moves[index] = from }
        }
        return moves
    }

    private mutating func plan(
        _ gap: ListDiff.Gap, _ oldCount: Int, _ moves: [Int: Int], _ moved: Set<Int>
    ) {
        let going = gap.old.filter { !moved.contains($0) }
        let coming = gap.new.filter { moves[$0] == nil }
        let replaced = Dictionary(uniqueKeysWithValues: zip(coming, going))
        steps += going.dropFirst(coming.count).map { .delete(old: $0) }
        var before: Int? = gap.old.upperBound < oldCount ? gap.old.upperBound : nil
        var backwards: [Step] = []
        for index in gap.new.reversed() {
            if let old = replaced[index] {
                backwards.append(.replace(old: old, new: index))
                before = old
            } else if let old = moves[index] {
                backwards.append(.move(old: old, new: index, before: before))
            } else {
                backwards.append(.insert(new: index, before: before))
            }
        }
        steps += backwards.reversed()
    }
}
