import TestSupport
import Testing

@testable import RuleStore

@Suite struct OrderKeyTests {
    /// How the place of the next rule follows from the places before it.
    enum Pattern: CaseIterable {
        case head, tail, fixedIndex, beforeLast, afterLast, random
    }

    /// One hundred thousand inserts, each checked against the neighbours that it was put between.
    @Test(arguments: Pattern.allCases)
    func keysStaySmallAndInOrder(_ pattern: Pattern) throws {
        var generator = SeededGenerator(for: "keysStaySmallAndInOrder(\(pattern))")
        var ring = Ring()
        var longest = 0
        for _ in 0..<100_000 {
            let lower = ring.neighbour(pattern, &generator)
            let upper = ring.next[lower]
            let key = try #require(
                OrderKey.between(
                    ring.keys[lower], ring.keys[upper], newer: lower > upper ? .lower : .upper))
            if let low = ring.keys[lower], key <= low { Issue.record("\(key) is not after \(low)") }
            if let high = ring.keys[upper], high <= key {
                Issue.record("\(key) is not before \(high)")
            }
            ring.insert(key, after: lower)
            longest = max(longest, key.digitCount)
        }
        #expect(longest <= 3)
    }

    /// The rules of a chain in a ring, numbered by age; number 0 is both ends.
    private struct Ring {
        var keys: [OrderKey?] = [nil]
        var next = [0]
        var previous = [0]

        mutating func insert(_ key: OrderKey, after lower: Int) {
            let upper = next[lower]
            keys.append(key)
            next.append(upper)
            previous.append(lower)
            next[lower] = keys.count - 1
            previous[upper] = keys.count - 1
        }

        /// The number of the rule after which the next one goes.
        func neighbour(_ pattern: Pattern, _ generator: inout SeededGenerator) -> Int {
            switch pattern {
            case .head: 0
            case .tail: previous[0]
            case .fixedIndex: (0..<min(5, keys.count - 1)).reduce(0) { rule, _ in next[rule] }
            case .beforeLast: previous[keys.count - 1]
            case .afterLast: keys.count - 1
            case .random: generator.below(keys.count)
            }
        }
    }

    @Test func endsStepFarEnoughForYears() throws {
        let first = try #require(OrderKey.between(nil, nil))
        #expect(first == .at(1 << 63))
        #expect(OrderKey.between(first, nil) == .at(1 << 63 + 1 << 32))
        #expect(OrderKey.between(nil, first) == .at(1 << 63 - 1 << 32))
    }

    @Test func thereIsRoomBesideTheOutermostKeys() throws {
        for outer in [OrderKey.at(1), .at(1 << 32)] {
            let before = try #require(OrderKey.between(nil, outer))
            #expect(before < outer)
        }
        for outer in [OrderKey.at(.max), .at(.max - 1)] {
            let after = try #require(OrderKey.between(outer, nil))
            #expect(outer < after)
        }
    }

    @Test func bytesOrderAsKeysDoAndComeBack() throws {
        var generator = SeededGenerator()
        for _ in 0..<20_000 {
            let (one, other) = (Self.anyKey(&generator), Self.anyKey(&generator))
            #expect(OrderKey(bytes: one.bytes) == one)
            #expect(one.bytes.lexicographicallyPrecedes(other.bytes) == (one < other))
        }
    }

    /// Neighbours as a damaged or hostile file may hold them.
    @Test func aKeyFitsBetweenAnyTwo() throws {
        var generator = SeededGenerator()
        for _ in 0..<20_000 {
            let pair = [Self.anyKey(&generator), Self.anyKey(&generator)].sorted()
            guard pair[0] < pair[1] else { continue }
            for newer in [OrderKey.NewerNeighbour.lower, .upper, .neither] {
                let key = try #require(OrderKey.between(pair[0], pair[1], newer: newer))
                #expect(pair[0] < key && key < pair[1])
                #expect(OrderKey(bytes: key.bytes) == key)
            }
        }
    }

    /// Then the rules around get other keys (``RespacingTests``).
    @Test func aWornOutPlaceGivesNoKey() {
        // To and fro between the last two inserts is the one pattern that cannot be kept short.
        var pair: (lower: OrderKey, upper: OrderKey) = (.at(1), .at(2))
        var count = 0
        while let key = OrderKey.between(
            pair.lower, pair.upper, newer: count.isMultiple(of: 2) ? .lower : .upper)
        {
            if count.isMultiple(of: 2) { pair.upper = key } else { pair.lower = key }
            count += 1
            guard count < 100_000 else { break }
        }
        #expect(count > 500 && count < 100_000)
        #expect(pair.lower.digitCount <= StoreLimits.orderKeyDigits)
    }

    @Test(arguments: [
        [], [1, 2, 3], [UInt8](repeating: 0, count: 8),
        [0, 0, 0, 0, 0, 0, 0, 1] + [UInt8](repeating: 0, count: 8),
        [UInt8](repeating: 1, count: 33 * 8),
    ])
    func malformedBytesAreRefused(_ bytes: [UInt8]) {
        #expect(OrderKey(bytes: bytes) == nil)
    }

    /// A key with digits that are often equal, 0 or the greatest, where mistakes would show.
    private static func anyKey(_ generator: inout SeededGenerator) -> OrderKey {
        let digits: [UInt64] = (0...generator.below(4)).map { _ in
            let choices: [UInt64] = [0, 1, 2, 1 << 16, .max - 1, .max, generator.next()]
            return choices[generator.below(7)]
        }
        let last = digits.lastIndex { $0 != 0 }
        guard let last else { return .at(1) }
        return OrderKey(first: digits[0], tail: Array(digits[1..<max(last + 1, 1)]))
    }
}
