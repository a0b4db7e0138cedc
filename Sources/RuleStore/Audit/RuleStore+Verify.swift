import GRDB

extension RuleStore {
    /// Walks the whole audit log and all versions, and reports what is not as it was written.
    ///
    /// An edited, inserted or deleted entry breaks the chain where it is; an edited version, or a
    /// row of its changes, does not fit the digest in its entry. Whoever can rewrite the whole file
    /// can also chain it anew, or cut off its end: only a head that was kept elsewhere shows that.
    /// - Parameter known: a head that ``auditHead()`` gave earlier.
    /// - Throws: ``StoreError`` if the file cannot be read at all.
    public func verifyAudit(against known: AuditHead? = nil) throws(StoreError) -> AuditVerification
    {
        try read { database in
            var verifier = AuditVerifier(genesis: try AuditLog.genesis(database), known: known)
            try Self.walkEntries(database, &verifier)
            try Self.walkVersions(database, &verifier)
            try Self.walkTags(database, &verifier)
            try Self.walkOrphanedScopes(database, &verifier)
            try Self.walkOrphanedAddresses(database, &verifier)
            try Self.walkOrphanedRows(database, &verifier)
            return AuditVerification(
                entryCount: verifier.entryCount, head: verifier.head, faults: verifier.faults)
        }
    }

    /// Runs SQLite's own check of the whole file and returns what it complains about.
    public func integrityFaults() throws(StoreError) -> [String] {
        try read { database in
            let run = try SQLRun(database, "PRAGMA integrity_check", table: "sqlite_schema")
            var faults: [String] = []
            while try run.step() { faults.append(try run.text(0)) }
            return faults == ["ok"] ? [] : faults
        }
    }

    private static func walkEntries(_ database: Database, _ verifier: inout AuditVerifier) throws {
        let run = try SQLRun(
            database, "SELECT \(AuditRow.columns) FROM audit ORDER BY seq", table: "audit")
        while try run.step() {
            do {
                var record = try AuditRow.read(run)
                record.entry.scopes = try AuditRow.scopes(of: record, database)
                verifier.check(record)
            } catch let error as StoreError where error.code == .corrupt && error.sqliteCode == nil
            {
                verifier.skip(seq: UInt64(bitPattern: try run.integer(0)), error.message)
            }
        }
        verifier.finish()
    }

    private static func walkVersions(_ database: Database, _ verifier: inout AuditVerifier) throws {
        let horizon = try Horizon.read(database)
        try checkPrune(horizon, database, &verifier)
        let run = try SQLRun(
            database, "SELECT \(VersionRow.columns) FROM version ORDER BY id", table: "version")
        while try run.step() {
            do {
                let version = try VersionRow.read(run)
                // Up to the horizon, the entry of the prune vouches for what is left.
                let digest =
                    version.id > horizon.version ? try ChangesDigest.of(version, database) : nil
                verifier.check(version, digest: digest)
            } catch let error as StoreError where error.code == .corrupt && error.sqliteCode == nil
            {
                verifier.skip(
                    VersionID(rawValue: UInt64(bitPattern: try run.integer(0))), error.message)
            }
        }
        verifier.finishVersions()
    }

    private static func walkTags(_ database: Database, _ verifier: inout AuditVerifier) throws {
        let run = try SQLRun(database, "SELECT name, version FROM tag ORDER BY name", table: "tag")
        while try run.step() {
            verifier.check(
                tag: try run.text(0),
                of: VersionID(rawValue: UInt64(bitPattern: try run.integer(1))))
        }
        verifier.finishTags()
    }

    /// Compares what is left below the horizon with the entry of the last prune.
    private static func checkPrune(
        _ horizon: Horizon, _ database: Database, _ verifier: inout AuditVerifier
    ) throws {
        do {
            let digest =
                horizon.version > .empty ? try PruneDigest.of(horizon, database) : nil
            verifier.checkPrune(record: digest.map { PruneDigest.record(horizon, $0) })
        } catch let error as StoreError where error.code == .corrupt && error.sqliteCode == nil {
            verifier.skipPrune(error.message)
        }
    }

    private static func walkOrphanedScopes(_ database: Database, _ verifier: inout AuditVerifier)
        throws
    {
        let run = try SQLRun(
            database,
            """
            SELECT DISTINCT s.seq FROM audit_scope s INDEXED BY audit_scope_seq
            LEFT JOIN audit a ON a.seq = s.seq WHERE a.seq IS NULL ORDER BY s.seq
            """, table: "audit_scope")
        while try run.step() {
            verifier.reportOrphanedScope(of: UInt64(bitPattern: try run.integer(0)))
        }
    }

    /// Reads all addresses: they are no history, but each must belong to an entry.
    private static func walkOrphanedAddresses(
        _ database: Database, _ verifier: inout AuditVerifier
    ) throws {
        let run = try SQLRun(
            database,
            """
            SELECT x.seq, x.bits, x.address, x.prefix, a.seq IS NULL FROM audit_address x
            LEFT JOIN audit a ON a.seq = x.seq
            """, table: "audit_address")
        var reported: Set<UInt64> = []
        while try run.step() {
            let seq = try run.number(0)
            let address = try run.blob(2, limit: 16)
            guard AddressPrefix(address, length: try run.integer(3, as: Int.self)) != nil else {
                throw run.corrupt("an address of \(address.count) bytes with too long a prefix")
            }
            if try run.integer(4) != 0, reported.insert(seq).inserted {
                verifier.reportOrphanedAddress(of: seq)
            }
        }
    }

    /// Finds rows that began or ended in a version that there never was, which no digest covers.
    private static func walkOrphanedRows(
        _ database: Database, _ verifier: inout AuditVerifier
    ) throws {
        let run = try SQLRun(
            database,
            """
            WITH last (id) AS (SELECT ifnull(max(id), 0) FROM version)
            SELECT row FROM last, object INDEXED BY object_born WHERE born > last.id OR born < 1
            UNION ALL
            SELECT row FROM last, object INDEXED BY object_died WHERE died > last.id OR died < 1
            """, table: "object")
        while try run.step() { verifier.reportOrphanedRow(try run.integer(0)) }
    }
}
