import Crypto
import GRDB

/// Rows of the tables `audit` and `audit_scope`.
enum AuditRow {
    static let columnNames = [
        "seq", "time", "uid", "gid", "pid", "process", "login_uid", "peer", "action", "outcome",
        "version", "generation", "reason", "message", "request", "change_count", "changes_digest",
        "withdraws", "hash",
    ]

    /// The columns that ``read(_:)`` expects first.
    static let columns = columnNames.joined(separator: ", ")

    /// Reads the record in the current row, checking each value; its scopes are not in it.
    static func read(_ run: borrowing SQLRun) throws(StoreError) -> AuditRecord {
        AuditRecord(
            seq: try run.number(0), entry: try entry(run),
            changeCount: try run.integer(15, as: Int.self),
            changesDigest: run.isNull(16) ? nil : try run.blob(16, limit: 32),
            withdraws: run.isNull(17) ? nil : try run.number(17), hash: try run.blob(18, limit: 32))
    }

    private static func entry(_ run: borrowing SQLRun) throws(StoreError) -> AuditEntry {
        AuditEntry(
            time: Timestamp(rawValue: try run.integer(1)),
            author: try VersionRow.author(run, from: 2),
            loginUID: run.isNull(6) ? nil : try run.integer(6, as: UInt32.self),
            peer: run.isNull(7) ? nil : try run.text(7), action: try run.text(8),
            outcome: AuditOutcome(rawValue: try run.text(9)),
            version: run.isNull(10)
                ? nil : VersionID(rawValue: try run.integer(10, as: UInt64.self)),
            generation: run.isNull(11) ? nil : try run.integer(11, as: UInt32.self),
            reason: try run.text(12), message: try run.text(13),
            request: run.isNull(14) ? nil : try run.blob(14, limit: StoreLimits.auditRequestBytes))
    }

    static func insert(_ record: AuditRecord, _ database: Database) throws {
        let values = columnNames.map { _ in "?" }.joined(separator: ", ")
        let run = try SQLRun(
            database, "INSERT INTO audit (\(columns)) VALUES (\(values))", table: "audit")
        bindWho(record, run)
        bindWhat(record, run)
        try run.run()
        try insertScopes(record, database)
    }

    private static func bindWho(_ record: AuditRecord, _ run: borrowing SQLRun) {
        let entry = record.entry
        run.bind(1, record.seq)
        run.bind(2, entry.time.rawValue)
        run.bind(3, Int64(entry.author.uid))
        run.bind(4, Int64(entry.author.gid))
        run.bind(5, Int64(entry.author.pid))
        run.bind(6, entry.author.process)
        run.bind(7, entry.loginUID.map(Int64.init))
        run.bind(8, entry.peer)
    }

    private static func bindWhat(_ record: AuditRecord, _ run: borrowing SQLRun) {
        let entry = record.entry
        run.bind(9, entry.action)
        run.bind(10, entry.outcome.rawValue)
        run.bind(11, entry.version)
        run.bind(12, entry.generation.map(Int64.init))
        run.bind(13, entry.reason)
        run.bind(14, entry.message)
        run.bind(15, entry.request)
        run.bind(16, Int64(record.changeCount))
        run.bind(17, record.changesDigest)
        run.bind(18, record.withdraws)
        run.bind(19, record.hash)
    }

    private static func insertScopes(_ record: AuditRecord, _ database: Database) throws {
        let run = try SQLRun(
            database,
            """
            INSERT INTO audit_scope (family, table_name, chain_name, time, seq) VALUES (?, ?, ?, ?, ?)
            """, table: "audit_scope")
        for scope in record.entry.scopes {
            run.bind(1, Int64(scope.family))
            run.bind(2, scope.table ?? "")
            run.bind(3, scope.chain ?? "")
            run.bind(4, record.entry.time.rawValue)
            run.bind(5, record.seq)
            try run.run()
        }
    }

    /// Reads the scopes of an entry, each with its table and family, in their order.
    static func scopes(of record: AuditRecord, _ database: Database) throws -> [AuditScope] {
        let run = try SQLRun(
            database,
            """
            SELECT seq, family, table_name, chain_name, time
            FROM audit_scope INDEXED BY audit_scope_seq WHERE seq = ?
            """, table: "audit_scope")
        run.bind(1, record.seq)
        var scopes: [AuditScope] = []
        while try run.step() {
            let table = try run.text(2, limit: StoreLimits.nameBytes)
            let chain = try run.text(3, limit: StoreLimits.nameBytes)
            if try run.integer(4) != record.entry.time.rawValue {
                throw run.corrupt("time is not that of the entry")
            }
            if table.isEmpty && !chain.isEmpty { throw run.corrupt("a chain without a table") }
            scopes.append(
                AuditScope(
                    family: try run.integer(1, as: UInt8.self), table: table.isEmpty ? nil : table,
                    chain: chain.isEmpty ? nil : chain))
        }
        return scopes.sorted()
    }

    /// The hash of a record whose scopes are complete: SHA-256 over the previous hash and every
    /// column.
    static func hash(of record: AuditRecord, after previous: [UInt8]) -> [UInt8] {
        let entry = record.entry
        var encoder = CanonicalEncoder()
        encoder.number(record.seq)
        encoder.integer(entry.time.rawValue)
        encoder.author(entry.author)
        encoder.integer(entry.loginUID.map(Int64.init))
        encoder.text(entry.peer)
        encoder.text(entry.action)
        encoder.text(entry.outcome.rawValue)
        encoder.number(entry.version?.rawValue)
        encoder.integer(entry.generation.map(Int64.init))
        encoder.text(entry.reason)
        encoder.text(entry.message)
        encoder.blob(entry.request)
        encoder.integer(Int64(record.changeCount))
        encoder.blob(record.changesDigest)
        encoder.number(record.withdraws)
        encoder.integer(Int64(entry.scopes.count))
        for scope in entry.scopes {
            encoder.integer(Int64(scope.family))
            encoder.text(scope.table)
            encoder.text(scope.chain)
        }
        return Array(SHA256.hash(data: previous + encoder.bytes))
    }
}
