/// A sorted list without duplicates that is cheap to copy and to edit at any size.
///
/// Why: a chain may have a million rules, each version is a value of its own, and an edit must not
/// copy what it does not touch.
/// - Shape: chunks of at most ``chunkLimit`` elements, each an array of its own that copies share,
///   and the index at which each chunk starts. Look-up, rank and access by index are binary
///   searches; an edit rewrites one chunk and the outer arrays.
/// - Invariants: no chunk is empty; elements ascend strictly within a chunk and from one to the
///   next.
struct SortedList<Element: Comparable & Sendable>: Sendable {
    static var chunkLimit: Int { 256 }

    private var chunks: [[Element]] = []
    private var starts: [Int] = []
    private(set) var count = 0

    init() {}

    /// Makes a list of elements that ascend strictly; `nil` if they do not.
    init?(ascending elements: [Element]) {
        guard zip(elements, elements.dropFirst()).allSatisfy({ $0 < $1 }) else { return nil }
        count = elements.count
        starts = Array(stride(from: 0, to: count, by: Self.chunkLimit / 2))
        chunks = starts.map {
            Array(elements[$0..<Swift.min($0 + Self.chunkLimit / 2, elements.count)])
        }
    }
}

// MARK: - Look-up

extension SortedList: RandomAccessCollection {
    var startIndex: Int { 0 }
    var endIndex: Int { count }

    subscript(index: Int) -> Element {
        precondition(index >= 0 && index < count, "index out of range")
        let chunk = Self.lowerBound(starts) { $0 <= index } - 1
        return chunks[chunk][index - starts[chunk]]
    }

    /// The elements at some indices, as far as there are so many.
    ///
    /// Why: a step of an index is a search; going through the chunks is not.
    func elements(at range: Range<Int>) -> [Element] {
        let range = range.clamped(to: 0..<count)
        var elements: [Element] = []
        elements.reserveCapacity(range.count)
        var chunk = Swift.max(Self.lowerBound(starts) { $0 <= range.lowerBound } - 1, 0)
        while elements.count < range.count {
            let first = range.lowerBound + elements.count - starts[chunk]
            let rest = range.count - elements.count
            elements += chunks[chunk][first...].prefix(rest)
            chunk += 1
        }
        return elements
    }

    /// How many elements are less than `element`.
    func rank(of element: Element) -> Int {
        guard let chunk = chunkIndex(for: element) else { return 0 }
        return starts[chunk] + Self.lowerBound(chunks[chunk]) { $0 < element }
    }

    /// The index of `element`; `nil` if it is not in the list.
    func index(of element: Element) -> Int? {
        let rank = rank(of: element)
        return rank < count && self[rank] == element ? rank : nil
    }

    /// The last chunk whose first element is not greater than `element`, else the first chunk;
    /// `nil` if there is none.
    private func chunkIndex(for element: Element) -> Int? {
        guard !chunks.isEmpty else { return nil }
        return Swift.max(Self.lowerBound(chunks) { $0[0] <= element } - 1, 0)
    }

    /// How many elements at the front of `items` satisfy a condition that holds for a prefix.
    private static func lowerBound<Item>(
        _ items: [Item], while isInPrefix: (Item) -> Bool
    ) -> Int {
        var low = 0
        var high = items.count
        while low < high {
            let middle = (low + high) / 2
            if isInPrefix(items[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

// MARK: - Edits

extension SortedList {
    /// Puts an element in its place and says whether it was new.
    @discardableResult
    mutating func insert(_ element: Element) -> Bool {
        guard let chunk = chunkIndex(for: element) else {
            chunks = [[element]]
            starts = [0]
            count = 1
            return true
        }
        let place = Self.lowerBound(chunks[chunk]) { $0 < element }
        if place < chunks[chunk].count && chunks[chunk][place] == element { return false }
        insert(element, at: place, in: chunk)
        return true
    }

    /// Takes an element out and says whether it was there.
    @discardableResult
    mutating func remove(_ element: Element) -> Bool {
        guard let chunk = chunkIndex(for: element) else { return false }
        let place = Self.lowerBound(chunks[chunk]) { $0 < element }
        guard place < chunks[chunk].count, chunks[chunk][place] == element else { return false }
        chunks[chunk].remove(at: place)
        count -= 1
        mergeIfSmall(chunk)
        restart(from: Swift.max(chunk - 1, 0))
        return true
    }

    private mutating func insert(_ element: Element, at place: Int, in chunk: Int) {
        count += 1
        if chunks[chunk].count < Self.chunkLimit {
            chunks[chunk].insert(element, at: place)
        } else if chunk == chunks.count - 1 && place == chunks[chunk].count {
            // Appending leaves full chunks behind, not half full ones.
            chunks.append([element])
        } else {
            split(chunk)
            let half = chunks[chunk].count
            if place <= half {
                chunks[chunk].insert(element, at: place)
            } else {
                chunks[chunk + 1].insert(element, at: place - half)
            }
        }
        restart(from: chunk)
    }

    private mutating func split(_ chunk: Int) {
        let half = chunks[chunk].count / 2
        chunks.insert(Array(chunks[chunk][half...]), at: chunk + 1)
        chunks[chunk].removeSubrange(half...)
    }

    /// Keeps the number of chunks in proportion to the elements: joins a small chunk with the one
    /// before it.
    private mutating func mergeIfSmall(_ chunk: Int) {
        if chunks[chunk].isEmpty {
            chunks.remove(at: chunk)
        } else if chunk > 0 && chunks[chunk - 1].count + chunks[chunk].count <= Self.chunkLimit / 2
        {
            chunks[chunk - 1].append(contentsOf: chunks[chunk])
            chunks.remove(at: chunk)
        }
    }

    /// Counts the starts again from a chunk on.
    private mutating func restart(from chunk: Int) {
        starts.removeLast(Swift.max(starts.count - chunks.count, 0))
        while starts.count < chunks.count { starts.append(0) }
        guard chunk < chunks.count else { return }
        var start = chunk == 0 ? 0 : starts[chunk - 1] + chunks[chunk - 1].count
        for index in chunk..<chunks.count {
            starts[index] = start
            start += chunks[index].count
        }
    }
}
