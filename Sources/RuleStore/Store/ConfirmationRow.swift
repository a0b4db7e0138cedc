import GRDB

/// Rows of the table `confirmation`.
enum ConfirmationRow {
    private static let columns =
        "version, fallback, seconds, deadline, boot_id, boot_deadline, state, settled_by"

    /// Reads the confirmation in the current row, checking each value.
    private static func read(_ run: borrowing SQLRun) throws(StoreError) -> Confirmation {
        guard let state = Confirmation.State(rawValue: try run.text(6)) else {
            throw run.corrupt("state is not known")
        }
        return Confirmation(
            version: VersionID(rawValue: try run.number(0)),
            fallback: VersionID(rawValue: try run.integer(1, as: UInt64.self)),
            seconds: try run.integer(2, as: UInt32.self),
            deadline: Timestamp(rawValue: try run.integer(3)), bootID: try run.text(4),
            bootDeadline: try run.integer(5), state: state,
            settledBy: run.isNull(7) ? nil : VersionID(rawValue: try run.number(7)))
    }

    static func open(_ database: Database) throws -> Confirmation? {
        let run = try SQLRun(
            database,
            """
            SELECT \(columns) FROM confirmation INDEXED BY confirmation_open WHERE state = 'open'
            """, table: "confirmation")
        return try run.step() ? read(run) : nil
    }

    /// The confirmations of versions in a range, by version.
    static func all(
        _ versions: ClosedRange<VersionID>, _ database: Database
    ) throws -> [VersionID: Confirmation] {
        let run = try SQLRun(
            database, "SELECT \(columns) FROM confirmation WHERE version BETWEEN ? AND ?",
            table: "confirmation")
        run.bind(1, versions.lowerBound)
        run.bind(2, versions.upperBound)
        var found: [VersionID: Confirmation] = [:]
        while try run.step() {
            let confirmation = try read(run)
            found[confirmation.version] = confirmation
        }
        return found
    }

    static func insert(_ confirmation: Confirmation, _ database: Database) throws {
        let run = try SQLRun(
            database, "INSERT INTO confirmation (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            table: "confirmation")
        run.bind(1, confirmation.version)
        run.bind(2, confirmation.fallback)
        run.bind(3, Int64(confirmation.seconds))
        run.bind(4, confirmation.deadline.rawValue)
        run.bind(5, confirmation.bootID)
        run.bind(6, confirmation.bootDeadline)
        run.bind(7, confirmation.state.rawValue)
        run.bind(8, confirmation.settledBy)
        try run.run()
    }

    /// Ends the wait for a version.
    ///
    /// - Throws: ``StoreError`` `conflict` if nobody waits for it.
    static func settle(
        _ version: VersionID, _ state: Confirmation.State, by undoing: VersionID?,
        _ database: Database
    ) throws {
        let run = try SQLRun(
            database,
            "UPDATE confirmation SET state = ?, settled_by = ? WHERE version = ? AND state = 'open'",
            table: "confirmation")
        run.bind(1, state.rawValue)
        run.bind(2, undoing)
        run.bind(3, version)
        try run.run()
        guard run.changedRows == 1 else {
            throw StoreError(.conflict, "version \(version) waits for no confirmation")
        }
    }
}

extension RuleStore {
    /// The version that waits for its confirmation; `nil` if none does.
    public func openConfirmation() throws(StoreError) -> Confirmation? {
        try read { try ConfirmationRow.open($0) }
    }

    /// Ends the wait for a version without another version, durably, with an entry in the audit log.
    ///
    /// - Parameter state: `confirmed`; or `reverted` where there was nothing left to undo.
    /// - Throws: ``StoreError`` `conflict` if the version waits for no confirmation.
    public func settleConfirmation(
        of version: VersionID, as state: Confirmation.State, audit: AuditEntry
    ) throws(StoreError) {
        try write(.full) { database in
            try ConfirmationRow.settle(version, state, by: nil, database)
            try AuditLog.append(audit, changes: nil, withdraws: nil, database)
        }
    }
}
