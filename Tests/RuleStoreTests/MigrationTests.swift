import Glibc
import RuleStore
import TestSupport
import Testing

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

    /// A migration that is killed has happened or not: the store opens in both cases.
    @Test func aKilledMigrationIsDoneAgain() throws {
        for step in [1, 5, 20, 60, 120, 200] {
            let copy = try TemporaryDirectory()
            try Command.check("cp", directory.file(), copy.file())
            // SQLite itself, stopped in the middle of the migration's transaction, as a kill would.
            _ = try Command.run(
                "sh", "-c",
                """
                (printf 'PRAGMA journal_mode=wal;BEGIN IMMEDIATE;\\n'; head -n \(step) "$1"; \
                printf ';\\n.shell kill -9 $PPID\\n') | sqlite3 "$0" >/dev/null 2>&1; true
                """, copy.file(), SchemaDirectory.path + "0002_trust.sql")
            let store = try RuleStore(path: copy.file())
            #expect(try store.verifyAudit().faults == [], "killed behind line \(step)")
            #expect(try store.versions(limit: 10).count == 6)
        }
    }
}

/// Where the numbered migrations are, seen from this file.
enum SchemaDirectory {
    static let path = String(
        #filePath.dropLast("Tests/RuleStoreTests/MigrationTests.swift".count) + "schema/store/")
}
