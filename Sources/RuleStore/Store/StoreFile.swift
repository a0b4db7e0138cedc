import GRDB
import Glibc

/// The database file before SQLite may change anything about it.
struct StoreFile {
    let path: String
    /// The format that the file has; 0 if it was made just now or is empty.
    let format: Int

    /// Finds or makes the file and finds out whether it is a rule store that this code can use.
    ///
    /// - Throws: ``StoreError`` `readOnly`, `io`, `notADatabase`, `newerFormat`, `corrupt`; the
    ///   file is then untouched.
    init(path: String) throws(StoreError) {
        self.path = path
        let header = try Self.header(of: path)
        guard !header.isEmpty else {
            format = 0
            return
        }
        guard header.elementsEqual("SQLite format 3\0".utf8) else {
            throw StoreError(.notADatabase, "the file is not an xt2 rule store", path: path)
        }
        format = try Self.format(of: path)
    }

    /// Opens the file for writing, making it if it is not there, and reads the first 16 bytes.
    private static func header(of path: String) throws(StoreError) -> [UInt8] {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o600)
        if descriptor < 0 { throw StoreError.opening(path, errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw StoreError(.notADatabase, "not a regular file", path: path)
        }
        // Without this a power cut could take the name of a file whose content is safe.
        if status.st_size == 0 { try syncDirectory(of: path) }
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        if count < 0 { throw StoreError.opening(path, errno) }
        return Array(bytes[..<count])
    }

    private static func syncDirectory(of path: String) throws(StoreError) {
        let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor < 0 { throw StoreError.opening(directory, errno) }
        defer { close(descriptor) }
        if fsync(descriptor) != 0 { throw StoreError.opening(directory, errno) }
    }

    private static func format(of path: String) throws(StoreError) -> Int {
        do {
            do {
                return try format(of: path, readOnly: true)
            } catch let error as DatabaseError
                where error.extendedResultCode == .SQLITE_READONLY_ROLLBACK
            {
                // The write that was to give the file its write-ahead log was cut off; it has to be taken back to read anything.
                return try format(of: path, readOnly: false)
            }
        } catch {
            throw StoreError(error, path: path)
        }
    }

    private static func format(of path: String, readOnly: Bool) throws -> Int {
        var configuration = Configuration()
        configuration.readonly = readOnly
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? queue.close() }
        return try queue.read { try format(of: $0, path: path) }
    }

    private static func format(of database: Database, path: String) throws -> Int {
        let application = try pragma("application_id", database)
        let format = Int(try pragma("user_version", database))
        let tables = try count(database, "SELECT count(*) FROM sqlite_schema")
        // A new store that was interrupted before its first transaction.
        if application == 0 && format == 0 && tables == 0 { return 0 }
        guard application == Schema.applicationID, format > 0 else {
            throw StoreError(
                .notADatabase, "the file is an SQLite database, but not an xt2 rule store",
                path: path)
        }
        guard format <= Schema.format else {
            throw StoreError(
                .newerFormat,
                "the rule store has format \(format), this xt2 knows \(Schema.format); use a newer xt2",
                path: path)
        }
        return format
    }

    private static func pragma(_ name: String, _ database: Database) throws -> Int32 {
        Int32(truncatingIfNeeded: try count(database, "PRAGMA \(name)"))
    }

    private static func count(_ database: Database, _ sql: String) throws -> Int64 {
        let run = try SQLRun(database, sql, table: "sqlite_schema")
        return try run.step() ? run.integer(0) : 0
    }
}
