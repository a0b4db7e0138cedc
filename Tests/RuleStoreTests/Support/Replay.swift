import RuleStore
import TestSupport

/// A ruleset as a plain array of objects, and random versions of it: the oracle that knows nothing
/// of rows, keys or indexes.
///
/// Rules stand in the array in the order of their chain.
struct Replay {
    private(set) var objects: [StoredObject] = []
    private(set) var nextID: UInt64 = 1

    /// Makes a few random changes, applies them, and returns their net effect.
    mutating func randomVersion(_ generator: inout SeededGenerator) -> [Change] {
        let before = objects
        for _ in 0...generator.below(6) { randomEdit(&generator) }
        return Self.difference(before, objects)
    }

    /// What turns one array into another, by comparing everything with everything.
    static func difference(_ old: [StoredObject], _ new: [StoredObject]) -> [Change] {
        let deletions = old.filter { object in !new.contains { $0.id == object.id } }
        let additions = new.filter { object in !old.contains { $0.id == object.id } }
        let pairs = old.flatMap { object in
            new.filter { $0.id == object.id && $0 != object }.map { (object, $0) }
        }
        return deletions.map(Change.delete) + pairs.map { .modify(from: $0, to: $1) }
            + additions.map(Change.add)
    }

    /// Leaves ids out that the store has given away.
    mutating func skipIDs(to id: UInt64) { nextID = max(nextID, id) }

    /// Brings back what an older array had.
    mutating func rollback(to older: [StoredObject]) -> [Change] {
        defer { objects = older }
        return Self.difference(objects, older)
    }

    private mutating func randomEdit(_ generator: inout SeededGenerator) {
        switch generator.below(12) {
        case 0: add(.table, parent: nil, &generator)
        case 1: add(.chain, parent: .table, &generator)
        case 2: add(.set, parent: .table, &generator)
        case 3: add(.element, parent: .set, &generator)
        case 4...7: add(.rule, parent: .chain, &generator)
        case 8: rename(&generator)
        case 9, 10: editRule(&generator)
        default: delete(&generator)
        }
    }

    private func pick(_ kind: ObjectKind, _ generator: inout SeededGenerator) -> Int? {
        let indices = objects.indices.filter { objects[$0].kind == kind }
        return indices.randomElement(using: &generator)
    }

    private mutating func add(
        _ kind: ObjectKind, parent: ObjectKind?, _ generator: inout SeededGenerator
    ) {
        var owner: ObjectID?
        if let parent {
            guard let index = pick(parent, &generator) else { return }
            owner = objects[index].id
        }
        let name = kind == .rule || kind == .element ? "" : "\(kind)\(nextID)"
        let object = StoredObject(
            id: ObjectID(rawValue: nextID), kind: kind, parent: owner,
            family: kind == .table ? UInt8(1 + generator.below(10)) : 0, name: name,
            orderKey: kind == .rule ? unusedKey(&generator) : nil,
            elementKey: kind == .element ? freeElementKey(in: owner, &generator) : [],
            body: generator.bytes(generator.below(80)))
        nextID += 1
        objects.append(object)
    }

    /// A key that no rule ever had: random first digits do not meet.
    private func unusedKey(_ generator: inout SeededGenerator) -> OrderKey {
        .at(generator.next() | 1)
    }

    /// A key that no other element of the set has; often a short one, which random bytes give twice.
    private func freeElementKey(
        in set: ObjectID?, _ generator: inout SeededGenerator
    ) -> [UInt8] {
        let taken = objects.filter { $0.kind == .element && $0.parent == set }.map(\.elementKey)
        while true {
            let key = generator.bytes(generator.oneIn(2) ? 1 : 1 + generator.below(20))
            if !taken.contains(key) { return key }
        }
    }

    private mutating func rename(_ generator: inout SeededGenerator) {
        guard let index = pick(.chain, &generator) else { return }
        objects[index] = objects[index].with(name: "renamed\(generator.next())")
    }

    private mutating func editRule(_ generator: inout SeededGenerator) {
        guard let index = pick(.rule, &generator) else { return }
        if generator.below(2) == 0 {
            objects[index] = objects[index].with(body: generator.bytes(generator.below(80)))
        } else {
            objects[index] = objects[index].with(orderKey: unusedKey(&generator))
        }
    }

    private mutating func delete(_ generator: inout SeededGenerator) {
        guard let object = objects.randomElement(using: &generator) else { return }
        var doomed: Set<ObjectID> = [object.id]
        var size = 0
        while size != doomed.count {
            size = doomed.count
            for other in objects where other.parent.map(doomed.contains) == true {
                doomed.insert(other.id)
            }
        }
        objects.removeAll { doomed.contains($0.id) }
    }
}

extension Ruleset {
    /// All objects by id, to be compared with a replay.
    var sortedObjects: [StoredObject] { allObjects.sorted { $0.id < $1.id } }

    /// Whether look-ups agree with a plain walk over the objects.
    func indexesAgree(with objects: [StoredObject]) -> Bool {
        objects.allSatisfy { object in
            switch (object.kind, object.parent) {
            case (.table, _): table(family: object.family, name: object.name) == object
            case (.element, let set?): element(of: set, key: object.elementKey) == object
            case (.rule, let chain?):
                rules(of: chain).map(\.id)
                    == objects.filter { $0.kind == .rule && $0.parent == chain }
                    .sorted { lexically($0.orderKey, $1.orderKey) }.map(\.id)
            case (let kind, let parent?): child(of: parent, kind: kind, name: object.name) == object
            case (_, nil): false
            }
        }
    }

    private func lexically(_ left: OrderKey?, _ right: OrderKey?) -> Bool {
        (left?.bytes ?? []).lexicographicallyPrecedes(right?.bytes ?? [])
    }
}
