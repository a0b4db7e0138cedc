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
        var generator = SeededGenerator("keysStaySmallAndInOrder(\(pattern))")
        var places = SortedList<RulePlace>()
        var last = 0
        var longest = 0
        for age in 0..<UInt64(100_000) {
            let index = Self.index(pattern, places.count, last, &generator)
            let lower = index > 0 ? places[index - 1] : nil
            let upper = index < places.count ? places[index] : nil
            let isLowerNewer = (lower?.id.rawValue ?? 0) > (upper?.id.rawValue ?? 0)
            let key = try #require(
                OrderKey.between(lower?.key, upper?.key, newer: isLowerNewer ? .lower : .upper))
            if let lower, key <= lower.key { Issue.record("\(key) is not after \(lower.key)") }
            if let upper, upper.key <= key { Issue.record("\(key) is not before \(upper.key)") }
            places.insert(RulePlace(key: key, id: ObjectID(rawValue: age + 1)))
            last = index
            longest = max(longest, key.digitCount)
        }
        #expect(places.count == 100_000)
        #expect(longest <= 3)
    }

    private static func index(
        _ pattern: Pattern, _ count: Int, _ last: Int, _ generator: inout SeededGenerator
    ) -> Int {
        switch pattern {
        case .head: 0
        case .tail: count
        case .fixedIndex: min(5, count)
        case .beforeLast: count < 2 ? count : last
        case .afterLast: count < 2 ? 0 : last + 1
        case .random: generator.below(count + 1)
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
