import GRDB
import GRDBSQLite
import Glibc
import TestSupport
import Testing

@testable import RuleStore

/// A store that an older release wrote, opened by this one.
@Suite struct MigrationTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        let file = "Tests/RuleStoreTests/MigrationTests.swift"
        let root = String(#filePath.dropLast(file.count))
        let sql = try readFile(root + "Tests/RuleStoreTests/Fixtures/format1.sql")
        try Command.check(
            "sqlite3", directory.file(), input: String(decoding: sql, as: UTF8.self))
    }

    @Test func nothingOfFormat1IsLost() throws {
        let store = try RuleStore(path: directory.file())
        #expect(try store.verifyAudit().faults == [])
        let versions = try store.versions(limit: 10)
        #expect(versions.map(\.id.rawValue) == [6, 5, 4, 3, 2, 1])
        #expect(
            versions.map(\.description.message) == [
                "web again", "no web", "web", "let me in", "", "",
            ])
        #expect(versions[0].description.kind == .rollback)
        #expect(versions[0].description.rolledBackTo == VersionID(rawValue: 4))
        #expect(versions.allSatisfy { $0.description.summary.isEmpty && !$0.isPruned })
        #expect(versions.allSatisfy { $0.confirmation == nil && $0.tags.isEmpty })
        #expect(try store.loadRuleset(at: VersionID(rawValue: 6)).count == 4)
        #expect(try store.loadRuleset(at: VersionID(rawValue: 5)).count == 3)
        #expect(try store.candidates().map(\.message) == ["a candidate"])
        #expect(try store.openConfirmation() == nil)
        #expect(try store.horizon() == Horizon(version: .empty, kept: []))
    }

    @Test func historyGoesOnInTheNewFormat() throws {
        let store = try RuleStore(path: directory.file())
        let next = try store.nextObjectID()
        try store.prepare(
            NewVersion(
                id: VersionID(rawValue: 7), time: Timestamp(rawValue: 1), author: .root,
                summary: "+table inet nat"),
            changes: [.add(.table(next.rawValue, "nat"))], nextObjectID: next.next,
            audit: .sample())
        try store.commit(VersionID(rawValue: 7), handles: [], kernel: .sample)
        #expect(try store.version(VersionID(rawValue: 7)).description.summary == "+table inet nat")
        #expect(try store.verifyAudit().faults == [])
        try store.close()
        #expect(try RuleStore(path: directory.file()).verifyAudit().faults == [])
    }

    // MARK: Cut short

    /// What a store has to answer for, whatever became of its migration.
    private func expectWhole(_ path: String, _ what: Comment) throws {
        let store = try RuleStore(path: path)
        #expect(try store.verifyAudit().faults == [], what)
        #expect(try store.versions(limit: 10).count == 6, what)
        #expect(try store.loadRuleset(at: VersionID(rawValue: 5)).count == 3, what)
        #expect(try store.candidates().map(\.message) == ["a candidate"], what)
        #expect(try store.integrityFaults() == [], what)
    }

    private func format(_ database: Database) throws -> Int {
        try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
    }

    /// Runs the migrations on a copy in which each may be stopped, and tells the format that it had then.
    private func migrate(
        _ copy: TemporaryDirectory, _ disturb: (Database) throws -> Void,
        _ calm: (Database) throws -> Void
    ) throws -> Int {
        try Command.check("cp", directory.file(), copy.file())
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let queue = try DatabaseQueue(path: copy.file(), configuration: configuration)
        let found = try queue.writeWithoutTransaction { database in
            try disturb(database)
            do {
                try Schema.migrate(database, from: 1)
            } catch is DatabaseError {}
            try calm(database)
            if database.isInsideTransaction { try database.rollback() }
            return try format(database)
        }
        try queue.close()
        return found
    }

    @Test func aMigrationThatIsInterruptedAnywhereIsDoneAgain() throws {
        let countdown = UnsafeMutablePointer<Int>.allocate(capacity: 1)
        defer { countdown.deallocate() }
        var formats: [Int] = []
        var steps = 1
        while formats.last != Schema.format {
            let copy = try TemporaryDirectory()
            formats.append(
                try migrate(
                    copy,
                    {
                        countdown.initialize(to: steps)
                        sqlite3_progress_handler(
                            $0.sqliteConnection, 1,
                            { argument in
                                guard let left = argument?.assumingMemoryBound(to: Int.self) else {
                                    return 0
                                }
                                left.pointee -= 1
                                return left.pointee < 0 ? 1 : 0
                            }, countdown)
                    }, { sqlite3_progress_handler($0.sqliteConnection, 0, nil, nil) }))
            try expectWhole(copy.file(), "interrupted at step \(steps)")
            steps += 1 + (Soak.isOn ? 0 : steps / 16)
        }
        #expect(Set(formats) == Set(1...Schema.format), "each migration was hit, and passed")
        #expect(formats == formats.sorted())
        #expect(formats.count { $0 < Schema.format } > 20, "\(formats)")
    }

    @Test func aMigrationThatFindsNoRoomIsDoneAgain() throws {
        var formats: [Int] = []
        var pages: Int64 = 0
        while formats.last != Schema.format {
            let copy = try TemporaryDirectory()
            formats.append(
                try migrate(
                    copy,
                    { database in
                        let count =
                            try Int64.fetchOne(database, sql: "PRAGMA page_count") ?? 0
                        try database.execute(sql: "PRAGMA max_page_count = \(count + pages)")
                    }, { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }))
            try expectWhole(copy.file(), "\(pages) pages of room")
            pages += 1
        }
        #expect(formats.count > 3 && formats[0] == 1, "\(formats)")
    }

    /// The log of the migrations, cut and garbled at each of its frames.
    @Test func aTornLogOfAMigration() throws {
        let source = try TemporaryDirectory()
        try Command.check("cp", directory.file(), source.file())
        let pool = try DatabasePool(path: source.file())
        try pool.writeWithoutTransaction { try Schema.migrate($0, from: 1) }
        let log = WriteAheadLog(try readFile(source.file() + "-wal"))
        let database = try readFile(source.file())
        let migrations = Schema.format - 1
        // The first one makes the log.
        let others = log.transactions - migrations
        #expect(others >= 0 && log.frames.count > 8, "\(log.frames.count)")
        var random = SeededGenerator()
        var found: Set<Int> = []
        for (end, transactions) in [(32, 0)] + log.frames {
            var garbled = log.bytes
            if end < garbled.count {
                garbled[end + random.below(min(4_096, garbled.count - end))] ^= 0x10
            }
            for (bytes, whole) in [
                (Array(log.bytes[..<end]), transactions),
                (Array(log.bytes[..<(end - 1)]), log.transactions(within: end - 1)),
                (garbled, transactions),
            ] {
                let copy = try TemporaryDirectory()
                func place() throws {
                    try writeFile(copy.file(), database)
                    try writeFile(copy.file() + "-wal", bytes)
                }
                try place()
                let said = try Command.check("sqlite3", copy.file(), "PRAGMA user_version")
                let format = 1 + max(0, whole - others)
                #expect(Int(said.dropLast()) == format, "\(bytes.count) bytes")
                try place()
                try expectWhole(copy.file(), "\(bytes.count) bytes of the log")
                found.insert(format)
            }
        }
        #expect(found == Set(1...Schema.format))
        try pool.close()
    }
}
