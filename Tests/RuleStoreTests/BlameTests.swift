import RuleStore
import TestSupport
import Testing

@Suite struct BlameTests {
    private let directory: TemporaryDirectory
    private let store: RuleStore

    init() throws {
        directory = try TemporaryDirectory()
        store = try RuleStore(path: directory.file())
    }

    private func origin(_ id: UInt64, at version: UInt64? = nil) throws -> UInt64 {
        let version = try version.map { VersionID(rawValue: $0) } ?? store.head()
        return try store.blame([ObjectID(rawValue: id)], at: version).origins[0].rawValue
    }

    @Test func whoBroughtARule() throws {
        let (first, second) = (
            StoredObject.rule(3, of: 2, .at(100)), StoredObject.rule(4, of: 2, .at(200))
        )
        try store.commitNext([.add(.table(1)), .add(.chain(2, of: 1, "c")), .add(first)])
        try store.commitNext([.add(second)], message: "two")
        #expect(try origin(3) == 1)
        #expect(try origin(4) == 2)
        let blame = try store.blame([second.id, first.id], at: VersionID(rawValue: 2))
        #expect(blame.origins.map(\.rawValue) == [2, 1])
        #expect(blame.versions[VersionID(rawValue: 2)]?.description.message == "two")
        // Another place is no other rule.
        let moved = first.with(orderKey: .at(300))
        try store.commitNext([.modify(from: first, to: moved)])
        #expect(try origin(3) == 1)
        try store.commitNext([.modify(from: moved, to: moved.with(body: [7]))])
        #expect(try origin(3) == 4)
        #expect(try origin(3, at: 3) == 1)
        // Back to what it said before: that is version 5's doing.
        try store.commitNext([.modify(from: moved.with(body: [7]), to: moved)])
        #expect(try origin(3) == 5)
        // Gone and back.
        try store.commitNext([.delete(second)])
        try store.commitNext([.add(second)])
        #expect(try origin(4) == 7)
        #expect(try origin(4, at: 5) == 2)
        let error = #expect(throws: StoreError.self) { try origin(4, at: 6) }
        #expect(error?.code == .conflict)
    }

    /// Against a walk over all versions.
    @Test func aRandomHistoryIsBlamedAsAWalkOverItSays() throws {
        var random = SeededGenerator()
        var replay = Replay()
        for _ in 0..<60 { try store.commitNext(replay.randomVersion(&random)) }
        let head = try store.head().rawValue
        var walked: [ObjectID: UInt64] = [:]
        var before = Ruleset()
        for number in 1...head {
            let ruleset = try store.loadRuleset(at: VersionID(rawValue: number))
            for object in ruleset.allObjects {
                if before.object(object.id)?.body != object.body { walked[object.id] = number }
            }
            before = ruleset
            let ids = ruleset.allObjects.map(\.id)
            let origins = try store.blame(ids, at: VersionID(rawValue: number)).origins
            for (id, origin) in zip(ids, origins) {
                #expect(origin.rawValue == walked[id], "object \(id) at version \(number)")
            }
        }
    }
}
