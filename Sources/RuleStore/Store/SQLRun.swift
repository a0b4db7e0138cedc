import GRDB
import GRDBSQLite

/// One run of a prepared SQL statement: bind, step, read columns; reset when it goes out of scope.
///
/// Why: GRDB owns connections, transactions and the statement cache; rows go through SQLite's own
/// calls, because every value that comes from a database file is checked for its type and length,
/// and because bodies need no detour through `Data`.
/// - Invariant: column 0 of a query is the key of its row, which errors name.
struct SQLRun: ~Copyable {
    private let owner: Statement
    private let connection: OpaquePointer?
    private let table: String

    private var statement: OpaquePointer { owner.sqliteStatement }

    /// Takes the statement for `sql` from the connection's cache; `table` is for error messages.
    init(_ database: Database, _ sql: String, table: String) throws {
        owner = try database.cachedStatement(sql: sql)
        connection = database.sqliteConnection
        self.table = table
    }

    deinit {
        sqlite3_reset(owner.sqliteStatement)
        sqlite3_clear_bindings(owner.sqliteStatement)
    }

    /// Goes to the next row and says whether there is one.
    func step() throws(StoreError) -> Bool {
        switch sqlite3_step(statement) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default:
            throw StoreError(
                sqliteCode: sqlite3_extended_errcode(connection),
                detail: String(cString: sqlite3_errmsg(connection)), path: nil)
        }
    }

    /// Runs a statement that returns no rows, and makes it ready for the next values.
    func run() throws(StoreError) {
        defer { sqlite3_reset(statement) }
        while try step() {}
    }

    /// Makes a query ready for the next values.
    func reset() {
        sqlite3_reset(statement)
    }

    /// How many rows the last ``run()`` changed.
    var changedRows: Int { Int(sqlite3_changes(connection)) }
}

// MARK: - Binding

/// Tells SQLite to copy what it is given before the call returns.
nonisolated(unsafe) private let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

extension SQLRun {
    /// Sets parameter `index`, counted from 1, to an integer or NULL.
    func bind(_ index: Int32, _ value: Int64?) {
        if let value {
            sqlite3_bind_int64(statement, index, value)
        } else {
            sqlite3_bind_null(statement, index)
        }
    }

    /// Sets parameter `index` to a number that is known to be at most ``StoreLimits/number``.
    func bind(_ index: Int32, _ value: UInt64?) {
        bind(index, value.map { Int64(bitPattern: $0) })
    }

    /// Sets parameter `index` to a version number.
    func bind(_ index: Int32, _ version: VersionID?) {
        bind(index, version?.rawValue)
    }

    /// Sets parameter `index` to an object id.
    func bind(_ index: Int32, _ id: ObjectID?) {
        bind(index, id?.rawValue)
    }

    /// Sets parameter `index` to a text or NULL.
    func bind(_ index: Int32, _ text: String?) {
        guard let text else { return bind(index, nil as Int64?) }
        sqlite3_bind_text(statement, index, text, Int32(text.utf8.count), transient)
    }

    /// Sets parameter `index` to bytes or NULL.
    func bind(_ index: Int32, _ bytes: [UInt8]?) {
        guard let bytes else { return bind(index, nil as Int64?) }
        if bytes.isEmpty {
            // An empty array may come without an address, which SQLite would take for NULL.
            sqlite3_bind_zeroblob(statement, index, 0)
        } else {
            sqlite3_bind_blob(statement, index, bytes, Int32(bytes.count), transient)
        }
    }
}

extension SQLRun {
    /// Sets two parameters to bytes, or to NULL, that are not copied, and runs `body` with them.
    func withBlobs(
        _ first: (index: Int32, bytes: [UInt8]?), _ second: (index: Int32, bytes: [UInt8]?),
        _ body: () throws(StoreError) -> Void
    ) throws(StoreError) {
        try SQLRun.withBytes(first.bytes) { bytes throws(StoreError) in
            bindBorrowed(first.index, bytes)
            try SQLRun.withBytes(second.bytes) { bytes throws(StoreError) in
                bindBorrowed(second.index, bytes)
                // They must not be looked at when this is over.
                defer {
                    bind(first.index, nil as Int64?)
                    bind(second.index, nil as Int64?)
                }
                try body()
            }
        }
    }

    private static func withBytes(
        _ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) throws(StoreError) -> Void
    ) throws(StoreError) {
        guard let bytes else { return try body(nil) }
        var outcome: Result<Void, StoreError> = .success(())
        bytes.withUnsafeBytes { buffer in
            do throws(StoreError) {
                try body(buffer)
            } catch {
                outcome = .failure(error)
            }
        }
        try outcome.get()
    }

    private func bindBorrowed(_ index: Int32, _ bytes: UnsafeRawBufferPointer?) {
        guard let bytes else { return bind(index, nil as Int64?) }
        if bytes.isEmpty {
            sqlite3_bind_zeroblob(statement, index, 0)
        } else {
            sqlite3_bind_blob(statement, index, bytes.baseAddress, Int32(bytes.count), nil)
        }
    }
}

// MARK: - Reading

extension SQLRun {
    /// Whether a column of the current row is NULL.
    func isNull(_ column: Int32) -> Bool {
        sqlite3_column_type(statement, column) == SQLITE_NULL
    }

    /// Reads an integer.
    func integer(_ column: Int32) throws(StoreError) -> Int64 {
        guard sqlite3_column_type(statement, column) == SQLITE_INTEGER else {
            throw corrupt("\(name(of: column)) is not an integer")
        }
        return sqlite3_column_int64(statement, column)
    }

    /// Reads an integer that must fit a narrower type.
    func integer<Number: FixedWidthInteger>(
        _ column: Int32, as type: Number.Type
    ) throws(StoreError) -> Number {
        let value = try integer(column)
        guard let number = Number(exactly: value) else {
            throw corrupt("\(name(of: column)) is out of range: \(value)")
        }
        return number
    }

    /// Reads a version number or an id, which are at least 1.
    func number(_ column: Int32) throws(StoreError) -> UInt64 {
        let value = try integer(column, as: UInt64.self)
        if value == 0 { throw corrupt("\(name(of: column)) is 0") }
        return value
    }

    /// Reads a text of at most `limit` bytes.
    func text(_ column: Int32, limit: Int = StoreLimits.textBytes) throws(StoreError) -> String {
        guard sqlite3_column_type(statement, column) == SQLITE_TEXT,
            let bytes = sqlite3_column_text(statement, column)
        else { throw corrupt("\(name(of: column)) is not a text") }
        let count = Int(sqlite3_column_bytes(statement, column))
        if count > limit { throw corrupt("\(name(of: column)) is longer than \(limit) bytes") }
        if count == 0 { return "" }
        let buffer = UnsafeBufferPointer(start: bytes, count: count)
        guard let text = String(validating: buffer, as: UTF8.self) else {
            throw corrupt("\(name(of: column)) is not UTF-8")
        }
        return text
    }

    /// Gives access to the bytes of a BLOB of at most `limit` bytes.
    func withBlob<Result>(
        _ column: Int32, limit: Int, _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(StoreError) -> Result {
        guard sqlite3_column_type(statement, column) == SQLITE_BLOB else {
            throw corrupt("\(name(of: column)) is not a BLOB")
        }
        // The pointer first: asking for the length afterwards is the order that SQLite's manual
        // calls safe.
        let start = sqlite3_column_blob(statement, column)
        let count = Int(sqlite3_column_bytes(statement, column))
        if count > limit { throw corrupt("\(name(of: column)) is longer than \(limit) bytes") }
        return body(UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count))
    }

    /// Reads a BLOB of at most `limit` bytes.
    func blob(_ column: Int32, limit: Int) throws(StoreError) -> [UInt8] {
        try withBlob(column, limit: limit) { Array($0) }
    }

    /// The error for a row that the store cannot have written.
    func corrupt(_ what: String) -> StoreError {
        let row = sqlite3_column_int64(statement, 0)
        return StoreError(
            .corrupt, "table \(table), row \(row): \(what). The file was damaged or edited")
    }

    private func name(of column: Int32) -> String {
        sqlite3_column_name(statement, column).map { String(cString: $0) } ?? "column \(column)"
    }
}
