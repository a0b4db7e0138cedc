import GRDB
import GRDBSQLite
import Glibc
import TestSupport
import Testing

import struct RuleStore.Confirmation
import struct RuleStore.Tag

@testable import RuleStore

@Suite struct FaultTests {
    private let directory: TemporaryDirectory
    private let store: RuleStore

    init() throws {
        directory = try TemporaryDirectory()
        store = try RuleStore(path: directory.file())
        try store.commitNext([.add(.table(1)), .add(.chain(2, of: 1, "input"))])
    }

    /// A version of some size, with each kind of change in it.
    private var changes: [Change] {
        let chain = StoredObject.chain(2, of: 1, "input")
        let rules = (10..<60).map { number in
            StoredObject.rule(
                number, of: 2, .at(number), [UInt8](repeating: UInt8(number), count: 1_500))
        }
        return [.modify(from: chain, to: chain.with(name: "renamed"))] + rules.map(Change.add)
    }

    /// Tries again with more and more allowed until it works; each failure must have changed
    /// nothing.
    ///
    /// A statement that is stopped at its very end has been carried out, if it is COMMIT: then it counts as having worked.
    ///
    /// - Parameter again: whether what has worked may be done once more.
    private func sweep(
        expecting code: StoreError.Code, step: (Int) -> Int, again: Bool = false,
        allow: (Int) throws -> Void, release: () throws -> Void, _ attempt: () throws -> Void
    ) throws {
        let before = try StoreState(store)
        var failures = 0
        var allowance = 1
        while true {
            try allow(allowance)
            do {
                try attempt()
                try release()
                break
            } catch let error as StoreError {
                #expect(error.code == code, "\(error)")
            }
            try release()
            failures += 1
            if try StoreState(store) != before {
                if again { break }
                let worked = #expect(throws: StoreError.self, "after \(allowance)") {
                    try attempt()
                }
                #expect(worked?.code != code)
                break
            }
            allowance = step(allowance)
        }
        #expect(failures > 3)
        #expect(try store.verifyAudit().isSound)
        #expect(try store.integrityFaults() == [])
    }

    /// Larger and larger steps are enough for each day where there are many; the long run takes them all.
    private static func growing(_ steps: Int) -> Int {
        steps + 1 + (Soak.isOn ? 0 : steps / 8)
    }

    private func sweepInterrupts(
        step: (Int) -> Int = growing, again: Bool = false, _ attempt: () throws -> Void
    ) throws {
        let countdown = UnsafeMutablePointer<Int>.allocate(capacity: 1)
        defer { countdown.deallocate() }
        try sweep(
            expecting: .other, step: step, again: again,
            allow: { steps in
                countdown.initialize(to: steps)
                interruptWriter(when: countdown)
            },
            release: { interruptWriter(when: nil) }, attempt)
    }

    /// Makes whatever the writer runs fail for good once so many of SQLite's own steps were made;
    /// `nil`: never.
    private func interruptWriter(when countdown: UnsafeMutablePointer<Int>?) {
        store.pool.writeWithoutTransaction { database in
            sqlite3_progress_handler(
                database.sqliteConnection, countdown == nil ? 0 : 1,
                { argument in
                    guard let left = argument?.assumingMemoryBound(to: Int.self) else { return 0 }
                    left.pointee -= 1
                    return left.pointee < 0 ? 1 : 0
                }, countdown)
        }
    }

    @Test func aPrepareThatIsInterruptedAnywhereChangesNothing() throws {
        try sweepInterrupts { try store.prepareNext(changes) }
        #expect(try store.loadRuleset(at: VersionID(rawValue: 2)).count == 52)
    }

    @Test func aCommitThatIsInterruptedAnywhereChangesNothing() throws {
        let id = try store.prepareNext(changes)
        let handles = (10..<60).map { (id: ObjectID(rawValue: $0), handle: UInt64?($0)) }
        try sweepInterrupts { try store.commit(id, handles: handles, kernel: .sample) }
        #expect(try store.head() == id)
        #expect(try store.kernelHandles().count == 50)
    }

    /// Stopped at each step, what is written next leaves the mark for the time after, whole.
    @Test(arguments: [true, false])
    func aMarkThatIsInterruptedAnywhereIsWrittenLater(_ isAlone: Bool) throws {
        let countdown = UnsafeMutablePointer<Int>.allocate(capacity: 1)
        defer { countdown.deallocate() }
        var steps = 0
        var failures = 0
        var isDone = false
        while !isDone {
            let id = try store.prepareNext([])
            store.commitLater(
                from: id, to: id, handles: [(id: ObjectID(rawValue: 2), handle: id.rawValue)],
                kernel: .sample)
            steps = Self.growing(steps)
            countdown.initialize(to: steps)
            interruptWriter(when: countdown)
            do {
                if isAlone { try store.writeOwed() } else { try store.appendAudit(.sample()) }
                isDone = true
            } catch {
                #expect(error.code == .other)
                failures += 1
            }
            interruptWriter(when: nil)
            #expect(try store.head() == id)
            #expect(try store.kernelHandles()[ObjectID(rawValue: 2)] == id.rawValue)
        }
        #expect(failures > 3)
        #expect(try store.verifyAudit().isSound)
    }

    @Test func anAbandonThatIsInterruptedAnywhereChangesNothing() throws {
        let before = try StoreState(store)
        let id = try store.prepareNext(changes)
        try sweepInterrupts { try store.abandon(id, audit: .sample("append", .failed)) }
        #expect(try StoreState(store).ruleset == before.ruleset)
    }

    /// Two versions that clients made together.
    private func prepareTwo() throws {
        let (first, second) = (try store.head().next, try store.head().next.next)
        let drafts = [(first, changes), (second, [Change.add(.table(70, "nat"))])].map {
            id, changes in
            VersionDraft(
                version: NewVersion(id: id, time: Timestamp(rawValue: 5), author: .root),
                changes: changes, audit: .sample())
        }
        try store.prepare(drafts, nextObjectID: ObjectID(rawValue: 71))
    }

    @Test func versionsPreparedTogetherStandOrFallTogetherAtAnyStep() throws {
        try sweepInterrupts { try prepareTwo() }
        let ids = try store.pendingVersions()
        #expect(ids.count == 2)
        try sweepInterrupts {
            try store.abandon(ids.map { ($0, .sample("append", .failed)) })
        }
        #expect(try store.pendingVersions() == [])
        try prepareTwo()
        try sweepInterrupts { try store.commit(ids[1], handles: [], kernel: .sample) }
        #expect(try store.head() == ids[1])
    }

    /// What other programs did is written down as it was found, all of it or nothing.
    @Test func aRecordThatIsInterruptedAnywhereChangesNothing() throws {
        let versions = [changes, [.add(.table(70, "nat"))]].enumerated().map { index, changes in
            LiveVersion(
                NewVersion(
                    id: VersionID(rawValue: UInt64(2 + index)), time: Timestamp(rawValue: 5),
                    author: .root, kind: .foreign),
                changes: changes, nextObjectID: ObjectID(rawValue: 71),
                audit: .sample("foreign"), handles: changes.map { ($0.id, $0.id.rawValue + 100) },
                kernel: KernelState(bootID: "boot", generation: 9))
        }
        try sweepInterrupts { try store.record(versions) }
        #expect(try store.head() == VersionID(rawValue: 3))
        #expect(try store.kernelHandles()[ObjectID(rawValue: 70)] == 170)
    }

    @Test func whatIsKeptOfTheKernelAndOfAnAttemptIsKeptWholeOrNotAtAll() throws {
        let handles = (1...20).map { (id: ObjectID(rawValue: $0), handle: UInt64?($0 + 5)) }
        let kernel = KernelState(bootID: "another", generation: 3)
        try sweepInterrupts(step: { $0 + 1 }, again: true) {
            try store.recordKernel(handles: handles, kernel: kernel)
        }
        #expect(try store.kernelState() == kernel)
        #expect(try store.kernelHandles().count == 20)
        try sweepInterrupts(step: { $0 + 1 }, again: true) {
            try store.appendAudit(.sample("append", .refused))
        }
    }

    @Test func aCandidateThatIsInterruptedAtAnyStepIsAsItWas() throws {
        let head = try store.head()
        try sweepInterrupts(step: { $0 + 1 }, again: true) {
            _ = try store.createCandidate(
                base: head, created: Timestamp(rawValue: 5), uid: 0, gid: 0, message: "mine")
        }
        let id = try #require(try store.candidates().first?.id)
        let messages = (1...10).map { [UInt8](repeating: UInt8($0), count: 2_000) }
        try sweepInterrupts(step: { $0 + 1 }, again: true) {
            try store.append(messages, to: id, nextObjectID: ObjectID(rawValue: 90))
        }
        #expect(try store.operations(of: id) == messages)
        try sweepInterrupts(step: { $0 + 1 }) { try store.deleteCandidate(id) }
        #expect(try store.candidates() == [])
    }

    /// A few versions that make and end objects, the second with a name.
    private func makeHistory() throws {
        let rule = StoredObject.rule(9, of: 2, .at(9))
        for number in 0..<6 {
            try store.commitNext([number % 2 == 0 ? .add(rule) : .delete(rule)])
        }
        try store.addTag(
            Tag(
                name: "kept", version: VersionID(rawValue: 2), time: Timestamp(rawValue: 5), uid: 0),
            audit: .sample("tag"))
    }

    @Test func aPruneThatIsInterruptedAtAnyStepChangesNothing() throws {
        try makeHistory()
        let plan = try store.planPrune(.keep(2))
        #expect(!plan.isEmpty)
        try sweepInterrupts(step: { $0 + 1 }) { try store.prune(plan, audit: .sample("prune")) }
        #expect(try store.horizon() == plan.horizon)
        #expect(try store.loadRuleset(at: VersionID(rawValue: 2)).count == 3, "it has a name")
        // What frees the rows may be cut short anywhere as well, and goes on where it was.
        func rows() throws -> Int {
            try store.pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM object") ?? 0 }
        }
        let all = try rows()
        try sweepInterrupts(step: { $0 + 1 }) { _ = try store.sweep(100) }
        #expect(try rows() == all - plan.objectCount)
        #expect(try store.sweep(100) == 0)
    }

    @Test func aConfirmationThatIsInterruptedAtAnyStepChangesNothing() throws {
        let id = try store.head().next
        let confirmation = Confirmation(
            of: id, fallback: try store.head(), seconds: 60,
            from: ClockReading(time: Timestamp(rawValue: 5), bootID: "boot", bootTime: 5))
        try sweepInterrupts(step: { $0 + 1 }) {
            try store.prepare(
                NewVersion(id: id, time: Timestamp(rawValue: 5), author: .root, kind: .edit),
                changes: [.add(.table(70, "nat"))], nextObjectID: ObjectID(rawValue: 71),
                audit: .sample(), confirmation: confirmation)
        }
        try sweepInterrupts(step: { $0 + 1 }) {
            try store.commit(id, handles: [], kernel: .sample)
        }
        #expect(try store.openConfirmation() == confirmation)
        try sweepInterrupts(step: { $0 + 1 }) {
            try store.settleConfirmation(of: id, as: .confirmed, audit: .sample("confirm"))
        }
        #expect(try store.openConfirmation() == nil)
        #expect(try store.version(id).confirmation?.state == .confirmed)
    }

    @Test func aNameThatIsGivenOrTakenAtAnyStepIsGivenOrNot() throws {
        let tag = Tag(
            name: "good", version: VersionID(rawValue: 1), time: Timestamp(rawValue: 5), uid: 0)
        try sweepInterrupts(step: { $0 + 1 }) { try store.addTag(tag, audit: .sample("tag")) }
        #expect(try store.tags().map(\.name) == ["good"])
        try sweepInterrupts(step: { $0 + 1 }) {
            try store.deleteTag("good", audit: .sample("delete tag"))
        }
        #expect(try store.tags() == [])
    }

    @Test func aFullDatabaseChangesNothingAndCanBeUsedOn() throws {
        var pages: Int64 = 0
        try store.pool.writeWithoutTransaction { database in
            pages = try Int64.fetchOne(database, sql: "PRAGMA page_count") ?? 0
        }
        func limit(_ count: Int64) throws {
            try store.pool.writeWithoutTransaction {
                try $0.execute(sql: "PRAGMA max_page_count = \(count)")
            }
        }
        try sweep(
            expecting: .full, step: { $0 + 1 }, allow: { try limit(pages + Int64($0) - 1) },
            release: { try limit(1 << 30) }
        ) { try store.prepareNext(changes) }
        #expect(try store.pending()?.changeCount == 51)
    }

    @Test func aFullDiskIsNamedAndCanBeUsedOnWhenThereIsRoom() throws {
        try withPrivateFileSystem(sizeKiB: 1_024) { fileSystem in
            let ballast = fileSystem.path + "/ballast"
            try writeFile(ballast, [UInt8](repeating: 0, count: 400_000))
            let store = try RuleStore(path: fileSystem.path + "/rules.db")
            let failure = Self.commitTables(store)
            #expect(failure?.code == .full)
            #expect(failure?.message.contains("Free some space") == true)
            let last = try store.pending()?.id ?? store.head()
            #expect(last > .empty)
            #expect(try store.loadRuleset(at: last).count == Int(last.rawValue))
            #expect(try store.verifyAudit().isSound)
            unlink(ballast)
            // It may have been the second half of a commit that found no room; it can still be
            // done.
            if try store.pending() != nil { try store.commit(last, handles: [], kernel: .sample) }
            try store.commitNext([.add(.table(last.rawValue + 10, "more"))])
            #expect(try store.head() == last.next)
        }
    }

    /// Commits versions with one big table each until that fails.
    private static func commitTables(_ store: RuleStore) -> StoreError? {
        for number in UInt64(1)... {
            let table = StoredObject.table(number, "t\(number)")
                .with(body: [UInt8](repeating: 1, count: 5_000))
            do {
                try store.commitNext([.add(table)])
            } catch {
                return error as? StoreError
            }
        }
        return nil
    }

    /// A power cut leaves a part of the log; whatever was acknowledged is in the part that was
    /// flushed.
    @Test func eachPrefixOfTheLogIsAVersionThatWas() throws {
        var generator = SeededGenerator()
        var replay = Replay()
        let directory = try TemporaryDirectory()
        let store = try RuleStore(path: directory.file())
        var marks: [(bytes: Int, last: UInt64, objects: [StoredObject])] = []
        for number in UInt64(1)...30 {
            let changes = replay.randomVersion(&generator)
            try store.prepareNext(changes)
            marks.append((try readFile(directory.file() + "-wal").count, number, replay.objects))
            try store.commit(VersionID(rawValue: number), handles: [], kernel: .sample)
        }
        let end = try readFile(directory.file() + "-wal").count
        let cuts =
            marks.flatMap { [$0.bytes - 1, $0.bytes, $0.bytes + 1] }
            + (0..<60).map { _ in marks[0].bytes + generator.below(end - marks[0].bytes) }
        for cut in cuts where cut >= marks[0].bytes {
            guard let mark = marks.last(where: { $0.bytes <= cut }) else { continue }
            let copy = try TemporaryDirectory()
            try copyFiles(from: directory.file(), to: copy.file(), walBytes: cut)
            let survivor = try RuleStore(path: copy.file())
            let last = try survivor.versions(limit: 1).first
            #expect(last?.id.rawValue == mark.last)
            let ruleset = try survivor.loadRuleset(at: VersionID(rawValue: mark.last))
            #expect(ruleset.sortedObjects == mark.objects.sorted { $0.id < $1.id })
            #expect(try survivor.verifyAudit().isSound)
        }
    }

    @Test func writesAreFlushedWhereTheyMustBe() throws {
        func level(_ durability: Durability) throws -> Int? {
            try store.write(durability) { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
        }
        // 1 is NORMAL and 2 FULL; https://www.sqlite.org/pragma.html#pragma_synchronous
        #expect(try level(.full) == 2)
        #expect(try level(.normal) == 1)
        #expect(try level(.full) == 2)
    }
}
