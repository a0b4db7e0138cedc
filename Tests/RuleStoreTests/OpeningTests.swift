import Foundation
import GRDB
import Glibc
import RuleStore
import TestSupport
import Testing

@Suite struct OpeningTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func expectFailure(_ code: StoreError.Code, _ words: String, at path: String? = nil) {
        let error = #expect(throws: StoreError.self) {
            try RuleStore(path: path ?? directory.file())
        }
        #expect(error?.code == code)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        #expect(error?.path != nil)
    }

    @Test func onlyTheOwnerMayReadTheFiles() throws {
        let store = try RuleStore(path: directory.file())
        try store.commitNext([.add(.table(1))])
        for suffix in ["", "-wal", "-shm", ".lock"] {
            var status = stat()
            #expect(stat(directory.file() + suffix, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600, "\(suffix)")
        }
    }

    @Test func aStoreKeepsItsIdentity() throws {
        let store = try RuleStore(path: directory.file())
        let uuid = store.uuid
        try store.commitNext([.add(.table(1))])
        try store.close()
        let reopened = try RuleStore(path: directory.file())
        #expect(reopened.uuid == uuid)
        #expect(try reopened.head() == VersionID(rawValue: 1))
        let other = try TemporaryDirectory()
        #expect(try RuleStore(path: other.file()).uuid != uuid)
    }

    /// Before a file has its write-ahead log, SQLite keeps what it overwrites in a journal beside it.
    @Test func aWriteThatWasCutOffIsTakenBack() throws {
        let store = try RuleStore(path: directory.file())
        try store.commitNext([.add(.table(1))])
        try store.close()
        let cut = directory.file("cut.db")
        let queue = try DatabaseQueue(path: directory.file())
        try queue.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1")
            try database.execute(sql: "BEGIN; DELETE FROM version; CREATE TABLE t (x)")
            for _ in 0..<100 { try database.execute(sql: "INSERT INTO t VALUES (zeroblob(4000))") }
            for suffix in ["", "-journal"] {
                try FileManager.default.copyItem(
                    atPath: directory.file() + suffix, toPath: cut + suffix)
            }
            try database.execute(sql: "ROLLBACK")
        }
        let reopened = try RuleStore(path: cut)
        #expect(try reopened.head() == VersionID(rawValue: 1))
        #expect(try reopened.verifyAudit().faults == [])
    }

    @Test func aSecondDaemonIsToldWhoHasTheStore() throws {
        let store = try RuleStore(path: directory.file())
        expectFailure(.locked, "process \(getpid())")
        try store.close()
        _ = try RuleStore(path: directory.file())
    }

    @Test func aDescriptorThatAChildStillHoldsDoesNotKeepTheLock() throws {
        let store = try RuleStore(path: directory.file())
        // What fork() leaves in a child until it calls exec: another descriptor of the same open file.
        let copies = openDescriptors(of: directory.file() + ".lock").map { dup($0) }
        defer { for copy in copies { close(copy) } }
        #expect(!copies.isEmpty)
        try store.close()
        _ = try RuleStore(path: directory.file())
    }

    @Test func aRelativePathIsAPath() throws {
        // SQLite itself would take it for a URI and make "x".
        let name = "file:xt2-\(getpid())?mode=memory"
        let store = try RuleStore(path: name)
        defer { for suffix in ["", ".lock"] { unlink(name + suffix) } }
        try store.commitNext([])
        try store.close()
        #expect(access(name, F_OK) == 0)
        #expect(try RuleStore(path: name).head() == VersionID(rawValue: 1))
    }

    @Test func aMissingDirectoryIsNamed() {
        expectFailure(.io, "directory does not exist", at: directory.path + "/none/rules.db")
    }

    @Test func whatIsNoDatabaseIsLeftAlone() throws {
        let text = Array("this is no database, but somebody's letter\n".utf8)
        try writeFile(directory.file(), text)
        expectFailure(.notADatabase, "not an xt2 rule store")
        #expect(try readFile(directory.file()) == text)
        let (pipe, folder) = (directory.file("pipe"), directory.file("folder"))
        #expect(mkfifo(pipe, 0o600) == 0 && mkdir(folder, 0o700) == 0)
        expectFailure(.notADatabase, "not a regular file", at: pipe)
        expectFailure(.io, "Is a directory", at: folder)
    }

    @Test func anotherProgramsDatabaseIsLeftAlone() throws {
        let queue = try DatabaseQueue(path: directory.file())
        try queue.write { try $0.execute(sql: "CREATE TABLE song (title TEXT)") }
        try queue.close()
        let bytes = try readFile(directory.file())
        expectFailure(.notADatabase, "not an xt2 rule store")
        #expect(try readFile(directory.file()) == bytes)
    }

    @Test func aNewerFormatIsLeftAlone() throws {
        try RuleStore(path: directory.file()).close()
        try editRaw(directory.file(), "PRAGMA user_version = 99")
        let bytes = try readFile(directory.file())
        expectFailure(.newerFormat, "format 99")
        #expect(try readFile(directory.file()) == bytes)
    }

    @Test(arguments: [
        "DROP INDEX object_live",
        "CREATE TABLE guest (id INTEGER)",
        "CREATE TRIGGER thief AFTER INSERT ON audit BEGIN DELETE FROM audit; END",
        "CREATE VIEW guest AS SELECT 1",
        "DROP TABLE kernel_handle",
    ])
    func anotherSchemaIsRefused(_ sql: String) throws {
        try RuleStore(path: directory.file()).close()
        try editRaw(directory.file(), sql)
        expectFailure(.corrupt, "missing, changed or does not belong")
    }

    @Test func aReadOnlyFileSystemIsNamed() throws {
        let (code, message) = try withPrivateFileSystem(sizeKiB: 2_048) { fileSystem in
            let path = fileSystem.path + "/rules.db"
            try RuleStore(path: path).close()
            try fileSystem.makeReadOnly()
            do throws(StoreError) {
                _ = try RuleStore(path: path)
                return (StoreError.Code(rawValue: "opened"), "")
            } catch {
                return (error.code, error.message)
            }
        }
        #expect(code == .readOnly)
        #expect(message.contains("Read-only file system"))
    }
}
