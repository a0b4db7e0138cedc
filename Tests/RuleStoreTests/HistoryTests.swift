import TestSupport
import Testing

@testable import RuleStore

@Suite struct HistoryTests {
    /// A store with a random history, and what a replay says that each version holds.
    private struct History {
        let directory: TemporaryDirectory
        var store: RuleStore
        var states: [[StoredObject]] = [[]]
        var generator: SeededGenerator

        init(versions: Int, _ test: String = #function) throws {
            directory = try TemporaryDirectory()
            store = try RuleStore(path: directory.file())
            generator = SeededGenerator(for: test)
            var replay = Replay()
            while states.count <= versions { try step(&replay) }
        }

        /// Commits a version; at times after one that is abandoned, or one that goes back, or with
        /// the store opened anew.
        private mutating func step(_ replay: inout Replay) throws {
            if generator.below(10) == 0 {
                var attempt = replay
                let id = try prepare(attempt.randomVersion(&generator), attempt)
                if generator.below(2) == 0 { try reopen() }
                try store.abandon(id, audit: .sample("append", .failed))
            }
            let changes =
                generator.below(15) == 0
                ? replay.rollback(to: states[generator.below(states.count)])
                : replay.randomVersion(&generator)
            let id = try prepare(changes, replay)
            if generator.below(20) == 0 { try reopen() }
            try store.commit(id, handles: [], kernel: .sample)
            states.append(replay.objects)
        }

        private func prepare(_ changes: [Change], _ replay: Replay) throws -> VersionID {
            let version = NewVersion(
                id: try store.head().next, time: Timestamp(rawValue: 1), author: .root)
            let next = max(try store.nextObjectID(), ObjectID(rawValue: replay.nextID))
            try store.prepare(version, changes: changes, nextObjectID: next, audit: .sample())
            return version.id
        }

        private mutating func reopen() throws {
            try store.close()
            store = try RuleStore(path: directory.file())
        }
    }

    @Test func eachVersionAndEachDiffEqualAReplay() throws {
        var history = try History(versions: 500)
        let store = history.store
        #expect(try store.head() == VersionID(rawValue: 500))
        for (number, objects) in history.states.enumerated() {
            let ruleset = try store.loadRuleset(at: VersionID(rawValue: UInt64(number)))
            let expected = objects.sorted { $0.id < $1.id }
            try #require(ruleset.sortedObjects == expected, "version \(number)")
            if number.isMultiple(of: 25) { #expect(ruleset.indexesAgree(with: expected)) }
        }
        for _ in 0..<300 {
            let (old, new) = (history.generator.below(501), history.generator.below(501))
            let (from, to) = (VersionID(rawValue: UInt64(old)), VersionID(rawValue: UInt64(new)))
            let changes = try store.diff(from: from, to: to)
            let expected = Replay.difference(history.states[old], history.states[new])
            try #require(Set(changes) == Set(expected), "diff \(old) to \(new)")
            #expect(changes.count == expected.count)
            var ruleset = try store.loadRuleset(at: from)
            try ruleset.apply(changes)
            #expect(ruleset == (try store.loadRuleset(at: to)))
            // In application order each change fits when its turn comes.
            var stepwise = try store.loadRuleset(at: from)
            for change in changes { try stepwise.apply(change) }
            #expect(stepwise == ruleset)
        }
        #expect(try store.verifyAudit().faults == [])
        #expect(try store.integrityFaults() == [])
    }

    /// What is large is read and put together in parts.
    @Test func eachVersionOfALargeRulesetIsWhole() throws {
        let directory = try TemporaryDirectory()
        let store = try RuleStore(path: directory.file())
        let chain = ObjectID(rawValue: 2)
        // Each body twice, the chain in the opposite order of the ids.
        let rules = (0..<12_000).map { number in
            StoredObject.rule(
                3 + number, of: 2, .at(20_000 - number),
                [UInt8(number / 2 % 256), UInt8(number / 512)])
        }
        let first = [.table(1), .chain(2, of: 1, "input")] + rules
        try store.commitNext(first.map { .add($0) })
        let gone = rules.filter { $0.id.rawValue.isMultiple(of: 3) }
        let kept = rules.filter { !$0.id.rawValue.isMultiple(of: 3) }
        let changed = kept.map { $0.id.rawValue.isMultiple(of: 7) ? $0.with(body: [7]) : $0 }
        let new = StoredObject.rule(40_000, of: 2, .at(1))
        try store.commitNext(
            gone.map { .delete($0) } + [.add(new)]
                + zip(kept, changed).filter { $0 != $1 }.map { .modify(from: $0, to: $1) })
        for (number, objects) in [(1, rules), (2, changed + [new])] {
            let ruleset = try store.loadRuleset(at: VersionID(rawValue: UInt64(number)))
            #expect(ruleset.sortedObjects == first.prefix(2) + objects)
            #expect(Array(ruleset.rules(of: chain)) == objects.reversed())
            for body in [[7], rules[0].body, rules[9_001].body] {
                let expected = objects.filter { $0.body == body }.reversed().map(\.id)
                #expect(Array(ruleset.ruleIDs(of: chain, body: body)) == expected)
            }
        }
    }

    @Test func changesOfAVersionAreItsDiff() throws {
        let history = try History(versions: 40)
        for number in 1...40 {
            let id = VersionID(rawValue: UInt64(number))
            let expected = Replay.difference(history.states[number - 1], history.states[number])
            #expect(Set(try history.store.changes(of: id)) == Set(expected))
            #expect(try history.store.version(id).changeCount == expected.count)
        }
    }

    @Test func historyOfAnObjectIsAllItWas() throws {
        let history = try History(versions: 60)
        let ids = Set(history.states.joined().map(\.id))
        for id in ids {
            var expected: [ObjectRecord] = []
            for (number, objects) in history.states.enumerated() {
                let version = VersionID(rawValue: UInt64(number))
                let now = objects.first { $0.id == id }
                if let last = expected.last, last.died == nil, last.object != now {
                    expected[expected.count - 1].died = version
                }
                if let now, expected.last?.died != nil || expected.isEmpty {
                    expected.append(ObjectRecord(object: now, born: version, died: nil))
                }
            }
            #expect(try history.store.history(of: id) == expected)
        }
        #expect(try history.store.history(of: ObjectID(rawValue: 999_999)).isEmpty)
    }

    @Test func versionsComeNewestFirstInPages() throws {
        let directory = try TemporaryDirectory()
        let store = try RuleStore(path: directory.file())
        for number in 1...25 { try store.commitNext([], message: "number \(number)") }
        let first = try store.versions(limit: 10)
        #expect(first.map(\.id.rawValue) == (16...25).reversed())
        #expect(first.first?.description.message == "number 25")
        #expect(first.first?.description.author == .root)
        let second = try store.versions(limit: 10, before: first.last?.id)
        #expect(second.map(\.id.rawValue) == (6...15).reversed())
        #expect(try store.versions(limit: 0).isEmpty)
    }

    @Test func aVersionThatIsNotThereIsNamed() throws {
        let directory = try TemporaryDirectory()
        let store = try RuleStore(path: directory.file())
        try store.commitNext([.add(.table(1))])
        let attempts: [() throws -> Void] = [
            { _ = try store.version(VersionID(rawValue: 7)) },
            { _ = try store.loadRuleset(at: VersionID(rawValue: 7)) },
            { _ = try store.diff(from: VersionID(rawValue: 1), to: VersionID(rawValue: 7)) },
            { _ = try store.changes(of: VersionID(rawValue: 7)) },
            { _ = try store.changes(of: VersionID(rawValue: .max)) },
        ]
        for attempt in attempts {
            let error = #expect(throws: StoreError.self) { try attempt() }
            #expect(error?.code == .noSuchVersion)
        }
        #expect(throws: StoreError.self) { try store.changes(of: .empty) }
    }
}
