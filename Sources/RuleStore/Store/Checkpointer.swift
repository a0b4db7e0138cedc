import Dispatch
import GRDB
import GRDBSQLite
import Synchronization

/// Moves what was committed from the write-ahead log to the database file, beside the work.
///
/// Why: SQLite would do that within the commit that makes the log long, and flush the disk twice more while a client waits.
/// - Invariants: the log does not grow for ever: where writers left no moment in which all of it was moved, one of them waits.
final class Checkpointer: Sendable {
    private struct State {
        var isRunning = false
        /// Whether the log was moved once since it became long, and writers came in between.
        var isLate = false
        /// Whether there is no database to move anything to any more.
        var isClosed = false
        var connection: DatabaseQueue?
    }

    private let path: String
    private let pages = Atomic<Int>(0)
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "xt2.checkpoint", qos: .utility)

    /// How many pages of 4 KiB the log may have.
    private static let limit = 1_000

    /// A checkpointer for the database at `path`.
    init(path: String) { self.path = path }

    /// Hears of each commit of a connection, whose own checkpoints end with that.
    func watch(_ database: Database) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        _ = sqlite3_wal_hook(
            database.sqliteConnection,
            { context, _, _, pages in
                guard let context else { return SQLITE_OK }
                Unmanaged<Checkpointer>.fromOpaque(context).takeUnretainedValue()
                    .pages.store(Int(pages), ordering: .relaxed)
                return SQLITE_OK
            }, context)
    }

    private enum Need { case nothing, beside, now }

    /// Sees to it that the log is moved if it has become long; to be called when nobody waits for what was written.
    ///
    /// - Returns: whether the caller has to do it, because there was no other moment.
    func settle() -> Bool {
        guard pages.load(ordering: .relaxed) >= Checkpointer.limit else {
            state.withLock { $0.isLate = false }
            return false
        }
        let need = state.withLock { state -> Need in
            if state.isRunning || state.isClosed { return .nothing }
            if state.isLate { return .now }
            state.isRunning = true
            return .beside
        }
        if need == .beside { queue.async { [self] in run() } }
        return need == .now
    }

    private func run() {
        let connection = state.withLock { $0.connection } ?? (try? DatabaseQueue(path: path))
        // A log that cannot be moved loses nothing, and is tried again.
        _ = try? connection?.writeWithoutTransaction { try $0.checkpoint(.passive) }
        state.withLock { state in
            state.isRunning = false
            state.isLate = true
            state.connection = connection
        }
    }

    /// Waits until nothing is under way, and closes for good.
    func close() {
        state.withLock { $0.isClosed = true }
        queue.sync {}
        let connection = state.withLock { $0.connection.take() }
        try? connection?.close()
    }
}
