import GRDB
import RuleStore
import TestSupport
import Testing

import struct RuleStore.Confirmation

@Suite struct PruneTests {
    /// A store with a random history, and all that could be read of it before anything was pruned.
    private struct History {
        let directory: TemporaryDirectory
        var store: RuleStore
        var rulesets: [Ruleset] = [Ruleset()]
        var headers: [Version] = []

        init(versions: Int, _ random: inout SeededGenerator) throws {
            directory = try TemporaryDirectory()
            store = try RuleStore(path: directory.file())
            var replay = Replay()
            try add(versions, &replay, &random)
        }

        mutating func add(
            _ count: Int, _ replay: inout Replay, _ random: inout SeededGenerator
        ) throws {
            for _ in 0..<count {
                let id = try store.commitNext(replay.randomVersion(&random))
                rulesets.append(try store.loadRuleset(at: id))
                headers.append(try store.version(id))
            }
        }

        mutating func reopen() throws {
            try store.close()
            store = try RuleStore(path: directory.file())
        }

        func tag(_ version: Int) throws {
            try store.addTag(
                Tag(
                    name: "tag\(version)", version: VersionID(rawValue: UInt64(version)),
                    time: Timestamp(rawValue: 1), uid: 0), audit: .sample("tag"))
        }

        /// Sets the horizon, and frees nothing yet.
        @discardableResult
        func prune(_ goal: PruneGoal) throws -> PrunePlan {
            let plan = try store.planPrune(goal)
            if !plan.isEmpty { try store.prune(plan, audit: .sample("prune")) }
            return plan
        }

        func sweep(_ limit: Int = 3) throws -> Int {
            var count = 0
            while true {
                let some = try store.sweep(limit)
                #expect(some <= limit)
                if some == 0 { return count }
                count += some
            }
        }

        /// Everything that can be read is as it was; everything else says that it was pruned.
        func expectReadable(from horizon: Int, and kept: Set<Int>, _ what: Comment) throws {
            for (number, ruleset) in rulesets.enumerated().dropFirst() {
                let id = VersionID(rawValue: UInt64(number))
                let isReadable = number >= horizon || kept.contains(number)
                #expect(try store.version(id).isPruned == !isReadable, what)
                #expect(
                    try store.version(id).description == headers[number - 1].description, what)
                if isReadable {
                    #expect(try store.loadRuleset(at: id) == ruleset, "\(what), version \(number)")
                } else {
                    let error = #expect(throws: StoreError.self) { try store.loadRuleset(at: id) }
                    #expect(error?.code == .pruned, what)
                    #expect(error?.message.contains("version \(number) was pruned") == true)
                }
            }
        }

        func expectDiffs(between versions: [Int], _ what: Comment) throws {
            for from in versions {
                for to in versions {
                    var ruleset = rulesets[from]
                    try ruleset.apply(
                        store.diff(
                            from: VersionID(rawValue: UInt64(from)),
                            to: VersionID(rawValue: UInt64(to))))
                    #expect(ruleset == rulesets[to], "\(what): \(from) to \(to)")
                }
            }
        }
    }

    @Test func whatStaysReadableIsAsItWas() throws {
        var random = SeededGenerator()
        for round in 0..<8 {
            var history = try History(versions: 40, &random)
            let tagged = Set((0..<random.below(5)).map { _ in 1 + random.below(40) })
            for version in tagged { try history.tag(version) }
            let keep = 1 + random.below(39)
            let plan = try history.prune(.keep(UInt64(keep)))
            let horizon = 40 - keep
            #expect(plan.horizon.version.rawValue == UInt64(horizon))
            let kept = tagged.filter { $0 < horizon }
            #expect(plan.versionCount == horizon - 1 - kept.count)
            // Killed before anything was freed, in the middle, and at the end.
            try history.reopen()
            try history.expectReadable(from: horizon, and: kept, "round \(round), nothing freed")
            #expect(try history.store.verifyAudit().faults == [])
            var freed = try history.store.sweep(5)
            try history.reopen()
            #expect(try history.store.verifyAudit().faults == [])
            freed += try history.sweep()
            #expect(freed == plan.objectCount)
            try history.expectReadable(from: horizon, and: kept, "round \(round)")
            try history.expectDiffs(
                between: [horizon, 40] + kept.sorted(), "round \(round)")
            #expect(try history.store.verifyAudit().faults == [])
            #expect(try history.store.integrityFaults() == [])
            // Nothing is left that no readable version needs.
            let needed = Set(
                (Array(horizon...40) + kept).flatMap { history.rulesets[$0].allObjects.map(\.id) })
            #expect(try rows(history).allSatisfy { needed.contains(ObjectID(rawValue: $0)) })
        }
    }

    private func rows(_ history: History) throws -> [UInt64] {
        let queue = try DatabaseQueue(path: history.directory.file())
        defer { try? queue.close() }
        return try queue.read { try UInt64.fetchAll($0, sql: "SELECT id FROM object") }
    }

    @Test func pruningGoesOnWhileVersionsAreMade() throws {
        var random = SeededGenerator()
        let directory = try TemporaryDirectory()
        let store = try RuleStore(path: directory.file())
        var replay = Replay()
        var rulesets = [Ruleset()]
        for round in 0..<120 {
            let id = try store.commitNext(replay.randomVersion(&random))
            rulesets.append(try store.loadRuleset(at: id))
            if round % 17 == 16 {
                try store.addTag(
                    Tag(
                        name: "t\(round)", version: id, time: Timestamp(rawValue: 1), uid: 0),
                    audit: .sample("tag"))
            }
            if round % 25 == 24 {
                try store.prune(
                    store.planPrune(.keep(UInt64(1 + random.below(20)))), audit: .sample("prune"))
                if random.below(2) == 0, let tag = try store.tags().first {
                    try store.deleteTag(tag.name, audit: .sample("delete tag"))
                }
            }
            _ = try store.sweep(2)
            if round % 10 == 0 { #expect(try store.verifyAudit().faults == [], "round \(round)") }
        }
        let horizon = try store.horizon()
        for version in horizon.kept + [horizon.version] {
            #expect(try store.loadRuleset(at: version) == rulesets[Int(version.rawValue)])
        }
        #expect(try store.verifyAudit().faults == [])
    }

    @Test func whatIsNeverPruned() throws {
        var random = SeededGenerator()
        let history = try History(versions: 10, &random)
        #expect(try history.prune(.keep(10)).isEmpty)
        #expect(try history.prune(.keep(11)).isEmpty)
        #expect(try history.prune(.keep(.max)).isEmpty)
        // Version N is made at N thousand: up to 3 before 4,000, of which 3 was the head then.
        #expect(
            try history.prune(.before(Timestamp(rawValue: 4_000))).horizon.version.rawValue == 3)
        #expect(try history.prune(.keep(9)).isEmpty, "the horizon never goes back")
        let now = ClockReading(time: Timestamp(rawValue: 1), bootID: "b", bootTime: 1)
        let id = VersionID(rawValue: 11)
        try history.store.prepare(
            NewVersion(id: id, time: Timestamp(rawValue: 11_000), author: .root), changes: [],
            nextObjectID: try history.store.nextObjectID(), audit: .sample(),
            confirmation: Confirmation(
                of: id, fallback: VersionID(rawValue: 5), seconds: 9, from: now))
        try history.store.commit(id, handles: [], kernel: .sample)
        let plan = try history.prune(.keep(1))
        #expect(plan.horizon.version.rawValue == 5, "what may have to be brought back stays")
    }

    @Test func aPlanThatIsOutOfDateIsRefused() throws {
        var random = SeededGenerator()
        let history = try History(versions: 10, &random)
        let first = try history.store.planPrune(.keep(5))
        try history.tag(2)
        let error = #expect(throws: StoreError.self) {
            try history.store.prune(first, audit: .sample("prune"))
        }
        #expect(error?.code == .conflict)
        #expect(try history.store.horizon().version == .empty)
        let second = try history.store.planPrune(.keep(5))
        try history.prune(.keep(3))
        #expect(throws: StoreError.self) {
            try history.store.prune(second, audit: .sample("prune"))
        }
        #expect(try history.store.verifyAudit().faults == [])
    }

    @Test func damageIsNotPrunedAway() throws {
        var random = SeededGenerator()
        let history = try History(versions: 10, &random)
        try history.store.close()
        try editRaw(history.directory.file(), "UPDATE version SET uid = 7 WHERE id = 2")
        let store = try RuleStore(path: history.directory.file())
        let plan = try store.planPrune(.keep(3))
        let error = #expect(throws: StoreError.self) {
            try store.prune(plan, audit: .sample("prune"))
        }
        #expect(error?.code == .corrupt)
        #expect(try store.horizon().version == .empty)
    }

    /// Whatever is edited below the horizon does not fit the entry of the prune.
    @Test(arguments: [
        "UPDATE version SET message = 'me' WHERE id = 3",
        "UPDATE version SET uid = 7 WHERE id = 20",
        "DELETE FROM version WHERE id = 4",
        "UPDATE object SET body = x'09' WHERE row = (SELECT min(row) FROM object WHERE died IS NULL)",
        "DELETE FROM object WHERE row = (SELECT max(row) FROM object WHERE died IS NULL AND born <= 20)",
        "UPDATE object SET born = born - 1 WHERE row = (SELECT max(row) FROM object WHERE died IS NULL AND born <= 20)",
        "UPDATE object SET born = 19, died = 3 WHERE row = (SELECT max(row) FROM object WHERE died IS NULL AND born <= 20)",
        "UPDATE meta SET horizon = 21", "UPDATE meta SET horizon = 0",
        "DELETE FROM kept_version", "INSERT INTO kept_version VALUES (6)",
    ]) func whatIsEditedBelowTheHorizonIsFound(_ sql: String) throws {
        var random = SeededGenerator(seed: 4)
        let history = try History(versions: 40, &random)
        try history.tag(10)
        try history.prune(.keep(20))
        _ = try history.sweep()
        try history.store.close()
        try editRaw(history.directory.file(), sql)
        #expect(try RuleStore(path: history.directory.file()).verifyAudit().faults != [])
    }

    @Test func whatAPruneIsCannotBeForgedByAnEntry() throws {
        var random = SeededGenerator()
        let history = try History(versions: 10, &random)
        // An attempt that was refused vouches for nothing.
        try history.prune(.keep(5))
        try history.store.appendAudit(.sample("prune", .refused))
        #expect(try history.store.verifyAudit().faults == [])
    }
}
