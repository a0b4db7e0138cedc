/// How one list becomes another: which elements stay, in order; all others are removed or added between them.
///
/// Made for rules: most stay, most are there only once, and there may be a million. Space is linear, time nearly so. As many
/// elements stay as can (a longest common subsequence) where no element is there twice, and between elements that stay as long as
/// the product of both sides is at most ``exactCells``; beyond that nearly as many.
public struct ListDiff: Hashable, Sendable {
    /// A run of elements that stay.
    public struct Match: Hashable, Sendable {
        /// Where it begins in the old list.
        public var old: Int
        /// Where it begins in the new list.
        public var new: Int
        /// How many elements it has, at least one.
        public var count: Int

        /// A run.
        public init(old: Int, new: Int, count: Int) {
            self.old = old
            self.new = new
            self.count = count
        }
    }

    /// A place where the lists differ.
    public struct Gap: Hashable, Sendable {
        /// What goes.
        public var old: Range<Int>
        /// What comes instead.
        public var new: Range<Int>

        /// A place.
        public init(old: Range<Int>, new: Range<Int>) {
            self.old = old
            self.new = new
        }
    }

    /// The runs that stay, in order; two never touch in both lists.
    public let matches: [Match]
    /// How many elements the old list has.
    public let oldCount: Int
    /// How many elements the new list has.
    public let newCount: Int

    /// Up to which product of both sides a place is compared exactly.
    public static let exactCells = 1 << 14

    /// Compares two lists.
    public init<Element: Hashable>(
        from old: [Element], to new: [Element], exactCells: Int = ListDiff.exactCells
    ) {
        let numbers = ListNumbers(old, new)
        self.init(numbers, exactCells: exactCells)
    }

    init(_ numbers: ListNumbers, exactCells: Int = ListDiff.exactCells) {
        oldCount = numbers.old.count
        newCount = numbers.new.count
        var matcher = ListMatcher(numbers, exactCells: exactCells)
        matches = matcher.matches()
    }

    /// How many elements stay.
    public var kept: Int { matches.reduce(0) { $0 + $1.count } }

    /// The places where the lists differ, in order.
    public var gaps: [Gap] {
        var gaps: [Gap] = []
        var (old, new) = (0, 0)
        for match in matches + [Match(old: oldCount, new: newCount, count: 0)] {
            if old < match.old || new < match.new {
                gaps.append(Gap(old: old..<match.old, new: new..<match.new))
            }
            (old, new) = (match.old + match.count, match.new + match.count)
        }
        return gaps
    }
}

/// Two lists of numbers, which stand for their elements: equal ones for equal elements.
public struct ListNumbers: Sendable {
    /// The old list.
    public let old: [Int]
    /// The new list.
    public let new: [Int]
    /// Every number is smaller than this, and none is negative.
    let bound: Int

    /// Numbers two lists.
    public init<Element: Hashable>(_ old: [Element], _ new: [Element]) {
        var numbers: [Element: Int] = [:]
        numbers.reserveCapacity(old.count)
        func number(_ element: Element) -> Int {
            if let known = numbers[element] { return known }
            defer { numbers[element] = numbers.count }
            return numbers.count
        }
        self.old = old.map(number)
        self.new = new.map(number)
        bound = numbers.count
    }

    /// Lists that have numbers already.
    ///
    /// - Precondition: they are all in `0..<bound`; space is taken in proportion to it.
    public init(old: [Int], new: [Int], bound: Int) {
        (self.old, self.new, self.bound) = (old, new, bound)
    }
}

/// Finds what two lists of numbers have in common.
private struct ListMatcher {
    let old: [Int]
    let new: [Int]
    let exactCells: Int
    /// Of each number the first place in the new list that has no partner yet; -1 if there is none.
    ///
    /// All are -1 between two uses.
    private var first: [Int]
    /// Of each place in the new list the next one with the same number.
    private var next: [Int]
    private var found: [ListDiff.Match] = []
    /// Places still to be compared, and how deep they lie in others.
    private var pending: [(place: ListDiff.Gap, depth: Int)] = []

    /// Each level pairs equal elements anew; where that has not helped so often, it will not.
    private static let depthLimit = 16

    init(_ numbers: ListNumbers, exactCells: Int) {
        (old, new) = (numbers.old, numbers.new)
        self.exactCells = exactCells
        first = [Int](repeating: -1, count: numbers.bound)
        next = [Int](repeating: -1, count: numbers.new.count)
    }

    mutating func matches() -> [ListDiff.Match] {
        pending = [(ListDiff.Gap(old: 0..<old.count, new: 0..<new.count), 0)]
        while let (place, depth) = pending.popLast() {
            compare(trimmed(place), depth)
        }
        return joined()
    }

    /// The runs in order, those that touch made one.
    private func joined() -> [ListDiff.Match] {
        var runs: [ListDiff.Match] = []
        for match in found.sorted(by: { $0.old < $1.old }) {
            if let last = runs.last, last.old + last.count == match.old,
                last.new + last.count == match.new
            {
                runs[runs.count - 1].count += match.count
            } else {
                runs.append(match)
            }
        }
        return runs
    }

    /// Takes away what is the same at both ends.
    private mutating func trimmed(_ place: ListDiff.Gap) -> ListDiff.Gap {
        let limit = min(place.old.count, place.new.count)
        var head = 0
        while head < limit, old[place.old.lowerBound + head] == new[place.new.lowerBound + head] {
            head += 1
        }
        var tail = 0
        while tail < limit - head,
            old[place.old.upperBound - 1 - tail] == new[place.new.upperBound - 1 - tail]
        {
            tail += 1
        }
        let rest = ListDiff.Gap(
            old: place.old.lowerBound + head..<place.old.upperBound - tail,
            new: place.new.lowerBound + head..<place.new.upperBound - tail)
        keep(place.old.lowerBound, place.new.lowerBound, head)
        keep(rest.old.upperBound, rest.new.upperBound, tail)
        return rest
    }

    private mutating func keep(_ oldIndex: Int, _ newIndex: Int, _ count: Int) {
        if count > 0 { found.append(ListDiff.Match(old: oldIndex, new: newIndex, count: count)) }
    }

    private mutating func compare(_ place: ListDiff.Gap, _ depth: Int) {
        if place.old.isEmpty || place.new.isEmpty { return }
        let (cells, overflows) = place.old.count.multipliedReportingOverflow(by: place.new.count)
        if !overflows, cells <= exactCells { return compareExactly(place) }
        let anchors = longestRise(pairs(place))
        guard !anchors.isEmpty, depth < ListMatcher.depthLimit else {
            for pair in anchors { keep(pair.old, pair.new, 1) }
            return
        }
        var (oldIndex, newIndex) = (place.old.lowerBound, place.new.lowerBound)
        for pair in anchors + [(place.old.upperBound, place.new.upperBound)] {
            if oldIndex < pair.old && newIndex < pair.new {
                let between = ListDiff.Gap(old: oldIndex..<pair.old, new: newIndex..<pair.new)
                pending.append((between, depth + 1))
            }
            if pair.old < place.old.upperBound { keep(pair.old, pair.new, 1) }
            (oldIndex, newIndex) = (pair.old + 1, pair.new + 1)
        }
    }

    /// Pairs the first of equal elements with the first, the second with the second, and so on; in the order of the old list.
    private mutating func pairs(_ place: ListDiff.Gap) -> [(old: Int, new: Int)] {
        for index in place.new.reversed() {
            next[index] = first[new[index]]
            first[new[index]] = index
        }
        var pairs: [(old: Int, new: Int)] = []
        for index in place.old {
            let partner = first[old[index]]
            guard partner >= 0 else { continue }
            pairs.append((index, partner))
            first[old[index]] = next[partner]
        }
        for index in place.new { first[new[index]] = -1 }
        return pairs
    }

    /// The longest part of the pairs that also rises in the new list (patience sorting).
    private func longestRise(_ pairs: [(old: Int, new: Int)]) -> [(old: Int, new: Int)] {
        /// The pair that ends the best rise of each length, and which stands in front of each pair.
        var ends: [Int] = []
        var previous = [Int](repeating: -1, count: pairs.count)
        for index in pairs.indices {
            var (low, high) = (0, ends.count)
            while low < high {
                let middle = (low + high) / 2
                if pairs[ends[middle]].new < pairs[index].new {
                    low = middle + 1
                } else {
                    high = middle
                }
            }
            if low > 0 { previous[index] = ends[low - 1] }
            if low == ends.count { ends.append(index) } else { ends[low] = index }
        }
        var rise: [(old: Int, new: Int)] = []
        var index = ends.last ?? -1
        while index >= 0 {
            rise.append(pairs[index])
            index = previous[index]
        }
        return rise.reversed()
    }

    /// A longest common subsequence by the table of all prefixes; only for small places.
    private mutating func compareExactly(_ place: ListDiff.Gap) {
        let width = place.new.count + 1
        var lengths = [Int32](repeating: 0, count: (place.old.count + 1) * width)
        for row in (0..<place.old.count).reversed() {
            for column in (0..<place.new.count).reversed() {
                let same =
                    old[place.old.lowerBound + row] == new[place.new.lowerBound + column]
                lengths[row * width + column] =
                    same
                    ? lengths[(row + 1) * width + column + 1] + 1
                    : max(
                        lengths[(row + 1) * width + column], lengths[row * width + column + 1])
            }
        }
        var (row, column) = (0, 0)
        while row < place.old.count && column < place.new.count {
            let (oldIndex, newIndex) = (place.old.lowerBound + row, place.new.lowerBound + column)
            if old[oldIndex] == new[newIndex] {
                keep(oldIndex, newIndex, 1)
                (row, column) = (row + 1, column + 1)
            } else if lengths[(row + 1) * width + column] >= lengths[row * width + column + 1] {
                row += 1
            } else {
                column += 1
            }
        }
    }
}
