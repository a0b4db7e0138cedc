import Crypto
import GRDB

/// What a version adds to its audit entry.
struct AuditChanges {
    let version: VersionID
    let count: Int
    let digest: [UInt8]
}

/// Appends to the audit log, as part of a transaction that the caller runs.
enum AuditLog {
    /// Appends an entry, with the changes of a version if it makes one, and returns its number.
    @discardableResult
    static func append(
        _ entry: AuditEntry, changes: AuditChanges?, withdraws: UInt64?, _ database: Database
    ) throws -> UInt64 {
        let previous = try head(database)
        var entry = entry.withinLimits
        entry.version = changes?.version ?? entry.version
        entry.scopes = entry.scopes.withContainers
        var record = AuditRecord(
            seq: previous.seq + 1, entry: entry, changeCount: changes?.count ?? 0,
            changesDigest: changes?.digest, withdraws: withdraws, hash: [])
        record.hash = AuditRow.hash(of: record, after: previous.hash)
        try AuditRow.insert(record, database)
        try AuditAddresses.insert(entry.addresses, of: record.seq, database)
        return record.seq
    }

    /// Appends the entry that explains why a pending version came to nothing.
    static func appendWithdrawal(
        of version: VersionID, _ entry: AuditEntry, _ database: Database
    ) throws {
        let run = try SQLRun(
            database,
            """
            SELECT seq FROM audit INDEXED BY audit_version
            WHERE version = ? AND changes_digest IS NOT NULL ORDER BY seq DESC LIMIT 1
            """, table: "audit")
        run.bind(1, version)
        let seq = try run.step() ? try run.number(0) : nil
        var entry = entry
        entry.version = version
        try append(entry, changes: nil, withdraws: seq, database)
    }

    /// The last entry; number 0 and ``genesis(_:)`` in an empty log.
    static func head(_ database: Database) throws -> AuditHead {
        let run = try SQLRun(
            database, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1", table: "audit")
        guard try run.step() else { return AuditHead(seq: 0, hash: try genesis(database)) }
        return AuditHead(seq: try run.number(0), hash: try run.blob(1, limit: 32))
    }

    /// What the first entry is chained to: the SHA-256 of the store's identity, so that no log fits
    /// another store.
    static func genesis(_ database: Database) throws -> [UInt8] {
        Array(SHA256.hash(data: try Meta.read(database).uuid))
    }
}

extension AuditEntry {
    fileprivate var withinLimits: AuditEntry {
        var entry = self
        entry.author.process = author.process.cut
        entry.peer = peer?.cut
        entry.action = action.cut
        entry.outcome = AuditOutcome(rawValue: outcome.rawValue.cut)
        entry.reason = reason.cut
        entry.message = message.cut
        entry.request = request.map { Array($0.prefix(StoreLimits.auditRequestBytes)) }
        entry.scopes = scopes.map {
            AuditScope(
                family: $0.family, table: $0.table?.cut(to: StoreLimits.nameBytes),
                chain: $0.chain?.cut(to: StoreLimits.nameBytes))
        }
        return entry
    }
}

extension String {
    fileprivate var cut: String { cut(to: StoreLimits.textBytes) }

    /// As much of the string as fits in a number of bytes without cutting a character.
    fileprivate func cut(to limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(utf8.startIndex, offsetBy: limit)
        while String.Index(end, within: self) == nil { end = utf8.index(before: end) }
        return String(self[..<end])
    }
}

extension RuleStore {
    /// Appends an entry for an attempt that makes no version, durably, and returns its number.
    ///
    /// - Throws: ``StoreError`` `full`, `readOnly`, `io`.
    @discardableResult
    public func appendAudit(_ entry: AuditEntry) throws(StoreError) -> UInt64 {
        try write(.full) { try AuditLog.append(entry, changes: nil, withdraws: nil, $0) }
    }

    /// The last entry of the audit log, to be kept where this machine cannot change it.
    public func auditHead() throws(StoreError) -> AuditHead {
        try read { try AuditLog.head($0) }
    }
}
