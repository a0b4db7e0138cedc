import GRDB

/// Rows of the table `version`.
enum VersionRow {
    static let columns = """
        id, state, time, uid, gid, pid, process, message, kind, rolled_back_to, change_count,
        reverts, summary
        """

    /// Reads the version in the current row, checking each value.
    static func read(_ run: borrowing SQLRun) throws(StoreError) -> Version {
        let stateWord = try run.text(1)
        guard let state = Version.State(rawValue: stateWord) else {
            throw run.corrupt("state is not known")
        }
        let kindWord = try run.text(8)
        guard let kind = VersionKind(rawValue: kindWord) else {
            throw run.corrupt("kind is not known")
        }
        let description = NewVersion(
            id: VersionID(rawValue: try run.number(0)),
            time: Timestamp(rawValue: try run.integer(2)), author: try author(run, from: 3),
            message: try run.text(7), kind: kind,
            rolledBackTo: run.isNull(9)
                ? nil : VersionID(rawValue: try run.integer(9, as: UInt64.self)),
            reverts: run.isNull(11) ? nil : VersionID(rawValue: try run.number(11)),
            summary: try run.text(12))
        return Version(
            description: description, state: state,
            changeCount: try run.integer(10, as: Int.self))
    }

    /// Reads the columns uid, gid, pid and process, which `version` and `audit` share.
    static func author(_ run: borrowing SQLRun, from column: Int32) throws(StoreError) -> Author {
        Author(
            uid: try run.integer(column, as: UInt32.self),
            gid: try run.integer(column + 1, as: UInt32.self),
            pid: try run.integer(column + 2, as: Int32.self), process: try run.text(column + 3))
    }

    /// The last version, pending or committed; `nil` in a new store.
    static func last(_ database: Database) throws -> Version? {
        let run = try SQLRun(
            database, "SELECT \(columns) FROM version ORDER BY id DESC LIMIT 1", table: "version")
        return try run.step() ? read(run) : nil
    }

    /// The version with a number; `nil` if there is none.
    static func find(_ id: VersionID, _ database: Database) throws -> Version? {
        let run = try SQLRun(
            database, "SELECT \(columns) FROM version WHERE id = ?", table: "version")
        run.bind(1, id)
        return try run.step() ? read(run) : nil
    }

    /// The number of the last version, and whether it is pending; `nil` in a new store.
    static func tail(_ database: Database) throws -> (id: VersionID, isPending: Bool)? {
        let run = try SQLRun(
            database, "SELECT id, state = 'pending' FROM version ORDER BY id DESC LIMIT 1",
            table: "version")
        guard try run.step() else { return nil }
        return (VersionID(rawValue: try run.number(0)), try run.integer(1) != 0)
    }

    /// The last committed version.
    static func head(_ database: Database) throws -> VersionID {
        guard let tail = try tail(database) else { return .empty }
        if !tail.isPending { return tail.id }
        let run = try SQLRun(
            database,
            "SELECT id FROM version WHERE state = 'committed' ORDER BY id DESC LIMIT 1",
            table: "version")
        return try run.step() ? VersionID(rawValue: try run.number(0)) : .empty
    }

    static func insert(_ version: Version, _ database: Database) throws {
        let run = try SQLRun(
            database,
            "INSERT INTO version (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            table: "version")
        let description = version.description
        run.bind(1, description.id)
        run.bind(2, version.state.rawValue)
        run.bind(3, description.time.rawValue)
        run.bind(4, Int64(description.author.uid))
        run.bind(5, Int64(description.author.gid))
        run.bind(6, Int64(description.author.pid))
        run.bind(7, description.author.process)
        run.bind(8, description.message)
        run.bind(9, description.kind.rawValue)
        run.bind(10, description.rolledBackTo)
        run.bind(11, Int64(version.changeCount))
        run.bind(12, description.reverts)
        run.bind(13, description.summary)
        try run.run()
    }
}
