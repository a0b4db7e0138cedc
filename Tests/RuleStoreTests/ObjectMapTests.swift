import TestSupport
import Testing

@testable import RuleStore

@Suite struct ObjectMapTests {
    /// Beside a dictionary: edits of each kind, and copies that must stay as they were.
    @Test func randomEditsEqualADictionary() throws {
        var generator = SeededGenerator()
        var map = ObjectMap<Int>()
        var model: [ObjectID: Int] = [:]
        var copies: [(map: ObjectMap<Int>, model: [ObjectID: Int])] = []
        for step in 0..<30_000 {
            let id = id(&generator)
            switch generator.below(6) {
            case 0, 1, 2:
                map[id] = step
                model[id] = step
            case 3:
                map[id] = nil
                model[id] = nil
            case 4:
                let old = map.update(id) { value in
                    defer { value = value.map { $0 + 1 } }
                    return value
                }
                #expect(old == model[id])
                model[id] = model[id].map { $0 + 1 }
            default:
                #expect(map[id] == model[id])
                #expect(map[id, default: -1] == model[id, default: -1])
            }
            try #require(map.count == model.count)
            if step % 1_000 == 0 { copies.append((map, model)) }
        }
        for (map, model) in copies + [(map, model)] { expect(map, model) }
        for id in model.keys { map[id] = nil }
        #expect(map.isEmpty)
        #expect(map == ObjectMap())
    }

    private func expect(_ map: ObjectMap<Int>, _ model: [ObjectID: Int]) {
        #expect(Array(map.keys) == model.keys.sorted())
        #expect(Array(map.values) == model.sorted { $0.key < $1.key }.map(\.value))
        var again = ObjectMap<Int>()
        for (id, value) in model { again[id] = value }
        #expect(map == again)
    }

    /// Mostly of a dense range, as ids are; some of everywhere.
    private func id(_ generator: inout SeededGenerator) -> ObjectID {
        switch generator.below(20) {
        case 0: ObjectID(rawValue: generator.next())
        case 1: ObjectID(rawValue: generator.next() >> UInt64(generator.below(64)))
        default: ObjectID(rawValue: UInt64(generator.below(3_000)))
        }
    }

    @Test func theGreatestNumbersHaveAPlace() {
        let ids = [0, 1, 31, 32, 1_023, 1_024, .max - 1, .max].map { ObjectID(rawValue: $0) }
        var map = ObjectMap<UInt64>()
        for id in ids.reversed() { map[id] = id.rawValue }
        #expect(map.map(\.id) == ids)
        #expect(map.map(\.value) == ids.map(\.rawValue))
        for id in ids.suffix(2) { map[id] = nil }
        #expect(map[ObjectID(rawValue: .max)] == nil)
        #expect(map.map(\.id) == ids.dropLast(2))
    }

    /// Maps that came about in different ways are equal if they have the same.
    @Test func onlyContentsCount() {
        var small = ObjectMap<Int>()
        small[ObjectID(rawValue: 3)] = 1
        var other = small
        other[ObjectID(rawValue: 1 << 40)] = 2
        #expect(other != small)
        other[ObjectID(rawValue: 1 << 40)] = nil
        #expect(other == small)
        other.update(ObjectID(rawValue: 1 << 40)) { _ in }
        #expect(other == small)
        other[ObjectID(rawValue: 3)] = 2
        #expect(other != small)
    }

    /// What nobody else has is changed where it is: a list of a chain's rules must not be copied for each.
    @Test func valuesAreChangedInPlace() {
        var map = ObjectMap<[Int]>()
        map[ObjectID(rawValue: 3)] = Array(0..<1_000)
        // So that there are levels above it.
        map[ObjectID(rawValue: 1 << 20)] = []
        let place = map.address(of: ObjectID(rawValue: 3))
        map.update(ObjectID(rawValue: 3)) { $0?[0] = 7 }
        #expect(map.address(of: ObjectID(rawValue: 3)) == place)
        let copy = map
        map.update(ObjectID(rawValue: 3)) { $0?[0] = 8 }
        #expect(copy[ObjectID(rawValue: 3)]?.first == 7)
    }
}

extension ObjectMap<[Int]> {
    fileprivate func address(of id: ObjectID) -> UnsafePointer<Int>? {
        self[id]?.withUnsafeBufferPointer { $0.baseAddress }
    }
}
