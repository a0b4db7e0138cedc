import GRDB
import Synchronization

/// The versioned rule database: versions, their changes, the audit log and candidates, in one
/// SQLite file.
///
/// - Concurrency: one writer, any number of readers; a reader sees the store as of one moment (of a ruleset: what one version
///   has, whatever comes after it meanwhile). All calls block; none needs the main thread.
/// - Invariants: the pending versions are the last ones, and were prepared together; versions are numbered without
///   a gap; a row of history is written once, and only the version that ends it sets `died`; each
///   version has its audit entry.
/// - Durability: what a call with durability `full` wrote is on disk (fsync) when it returns. See
///   `docs/store.md`.
public final class RuleStore: Sendable {
    /// The database file.
    public let path: String
    /// The store's identity: 16 random bytes, given when it was made.
    public let uuid: [UInt8]

    let pool: DatabasePool
    private let checkpointer: Checkpointer
    private let lock: Mutex<StoreLock?>
    private let observer = Mutex<Observer?>(nil)
    /// What is still to be written of versions that are the head already.
    let owed = Mutex<HeadMark?>(nil)
    /// What the writing connection is set to.
    private let durability = Mutex<Durability?>(nil)

    /// In a type of its own, because a generic type wraps a bare closure once more each time it is read.
    private struct Observer {
        let call: @Sendable () -> Void
    }

    /// Opens the store in `path`, making it with mode 0600 if it is not there; its directory must
    /// exist.
    ///
    /// - Throws: ``StoreError``: `locked` if another process has it open; `readOnly`, `io` or
    ///   `full` if the file or its directory cannot be used; `notADatabase`, `newerFormat` or
    ///   `corrupt` if it is not a store that this code can use. An existing file is then as it was.
    public init(path: String) throws(StoreError) {
        // SQLite would take a relative path that begins with "file:" for a URI.
        let path = path.hasPrefix("/") ? path : "./" + path
        let lock = try StoreLock(path: path + ".lock")
        self.lock = Mutex(lock)
        let file = try StoreFile(path: path)
        self.path = path
        do {
            let checkpointer = Checkpointer(path: path)
            self.checkpointer = checkpointer
            pool = try Self.openPool(path, checkpointer)
            uuid = try pool.writeWithoutTransaction { database in
                try Self.bringUpToDate(database, from: file.format)
            }
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// Has `body` called after each durable write, by the thread that wrote; there is one observer.
    ///
    /// The audit log may have new entries then.
    public func observe(_ body: @escaping @Sendable () -> Void) {
        observer.withLock { $0 = Observer(call: body) }
    }

    func tellObserver() { observer.withLock { $0 }?.call() }

    /// Closes the store; each later call throws `closed`.
    ///
    /// - Throws: ``StoreError`` if a call is still going on; `closed` if it is.
    public func close() throws(StoreError) {
        guard lock.withLock({ $0 != nil }) else {
            throw StoreError(.closed, "the store is closed already")
        }
        do {
            // What stays unwritten is found out by the next start.
            try? writeOwed()
            checkpointer.close()
            // So that the file is whole without its log. If a reader is in the way the log stays
            // and loses nothing.
            _ = try? pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
            try pool.close()
            checkpointer.close()
            lock.withLock { $0 = nil }
        } catch {
            throw StoreError(error, path: path)
        }
    }

    private static func openPool(
        _ path: String, _ checkpointer: Checkpointer
    ) throws -> DatabasePool {
        var configuration = Configuration()
        // A query that reads on while others wait is short, and the history commands may come in
        // numbers.
        configuration.maximumReaderCount = 4
        configuration.busyMode = .timeout(10)
        // GRDB would end the process over a transaction that even ROLLBACK could not end; `write`
        // tries again instead.
        configuration.allowsUnsafeTransactions = true
        configuration.prepareDatabase { database in
            // The file may come from anywhere: its schema gets no more rights than its rows, and
            // cells are checked.
            try database.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")
            checkpointer.watch(database)
        }
        return try DatabasePool(path: path, configuration: configuration)
    }

    private static func bringUpToDate(_ database: Database, from format: Int) throws -> [UInt8] {
        try Durability.full.establish(on: database)
        try Schema.migrate(database, from: format)
        try Schema.check(database)
        return try Meta.read(database).uuid
    }
}

// MARK: - Access

/// What a write may lose to a power cut.
enum Durability: String {
    /// Nothing: the log is flushed before the call returns.
    case full = "FULL"
    /// The write as a whole, never a part of it.
    case normal = "NORMAL"

    /// Sets a connection to it, for the transactions that follow; must be called outside of one.
    func establish(on database: Database) throws {
        // Not a cached statement: SQLite obeys this pragma when it compiles it.
        try database.execute(sql: "PRAGMA synchronous = \(rawValue)")
    }
}

extension RuleStore {
    /// Runs one write transaction; an error rolls all of it back.
    ///
    /// - Parameter isAwaited: whether somebody waits for what comes next, so that the log is left as it is, and a mark that is owed is
    ///   written along.
    func write<Result>(
        _ durability: Durability, isAwaited: Bool = false, _ body: (Database) throws -> Result
    ) throws(StoreError) -> Result {
        do {
            let result = try pool.writeWithoutTransaction { database in
                // What has nothing to do with the mark must not fail with it.
                if !isAwaited { try? writeMark(database) }
                let mark = owed.withLock { $0 }
                let result = try transaction(durability, database) {
                    if isAwaited, let mark { try Self.mark(mark, database) }
                    return try body(database)
                }
                if isAwaited, let mark { forget(mark) }
                return result
            }
            if !isAwaited { tidy() }
            if durability == .full { tellObserver() }
            return result
        } catch {
            throw StoreError(error, path: path)
        }
    }

    private func transaction<Result>(
        _ durability: Durability, _ database: Database, _ body: () throws -> Result
    ) throws -> Result {
        if database.isInsideTransaction { try database.rollback() }
        try set(durability, on: database)
        // For the next, which may be waited for.
        defer { if durability != .full { try? set(.full, on: database) } }
        var result: Result?
        try database.inTransaction(.immediate) {
            result = try body()
            return .commit
        }
        guard let result else { throw StoreError(.other, "a transaction without a result") }
        return result
    }

    /// Writes a mark that is owed, by itself.
    func writeMark(_ database: Database) throws {
        guard let mark = owed.withLock({ $0 }) else { return }
        try transaction(.normal, database) { try Self.mark(mark, database) }
        forget(mark)
    }

    private func set(_ wanted: Durability, on database: Database) throws {
        guard durability.withLock({ $0 != wanted }) else { return }
        durability.withLock { $0 = nil }
        try wanted.establish(on: database)
        durability.withLock { $0 = wanted }
    }

    /// A mark was written; there may be another by now.
    private func forget(_ mark: HeadMark) {
        owed.withLock { if $0?.last == mark.last { $0 = nil } }
    }

    /// Moves the log to the database file where it has become long; to be called when nobody waits.
    public func tidy() {
        guard checkpointer.settle() else { return }
        // A log that cannot be moved loses nothing.
        _ = try? pool.writeWithoutTransaction { try $0.checkpoint(.passive) }
    }

    /// Runs queries that all see the same moment.
    func read<Result>(_ body: (Database) throws -> Result) throws(StoreError) -> Result {
        // Where it cannot be written, what is found is what the next start would find.
        if owed.withLock({ $0 != nil }) {
            _ = try? pool.writeWithoutTransaction { try writeMark($0) }
        }
        do {
            return try pool.read(body)
        } catch {
            throw StoreError(error, path: path)
        }
    }
}
