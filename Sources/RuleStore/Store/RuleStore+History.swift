import GRDB

extension RuleStore {
    /// The last committed version; ``VersionID/empty`` in a new store.
    public func head() throws(StoreError) -> VersionID {
        try read { try VersionRow.head($0) }
    }

    /// The last version that was prepared and neither committed nor abandoned; `nil` if there is none.
    ///
    /// Those between the head and this one were prepared together with it.
    public func pending() throws(StoreError) -> Version? {
        try read { database in
            guard let last = try VersionRow.last(database) else { return nil }
            return last.state == .pending ? last : nil
        }
    }

    /// The newest committed version that is not a foreign one: what this store's owner put into the kernel last.
    public func lastOwnVersion() throws(StoreError) -> VersionID {
        try read { database in
            let run = try SQLRun(
                database,
                """
                SELECT id FROM version WHERE kind <> 'foreign' AND state = 'committed'
                ORDER BY id DESC LIMIT 1
                """, table: "version")
            return try run.step() ? VersionID(rawValue: try run.number(0)) : .empty
        }
    }

    /// Tables that foreign versions deleted, as they were, the last of each name, if nothing was done about
    /// them since: letting go of a table, or deleting it, is the end of it.
    ///
    /// Those that have come back are not left out.
    public func foreignLosses() throws(StoreError) -> [StoredObject] {
        var last: [AuditScope: (table: StoredObject, version: VersionID)] = [:]
        for loss in try tablesLostToOthers() {
            last[AuditScope(family: loss.table.family, table: loss.table.name)] = loss
        }
        var tables: [StoredObject] = []
        for (scope, loss) in last.sorted(by: { $0.value.version < $1.value.version }) {
            let entries = try audit(
                AuditFilter(scope: scope, outcome: .committed), limit: 16)
            let newest = entries.first { $0.withdrawnBy == nil }
            if newest == nil || newest?.entry.version == loss.version { tables.append(loss.table) }
        }
        return tables
    }

    /// In the order of the versions.
    private func tablesLostToOthers() throws(StoreError) -> [(
        table: StoredObject, version: VersionID
    )] {
        try read { database in
            let run = try SQLRun(
                database,
                """
                SELECT row, object.id, object.kind, parent, family, name, order_key, element_key, body, died
                FROM version CROSS JOIN object INDEXED BY object_died
                ON object.died = version.id WHERE version.kind = 'foreign' AND object.kind = 1
                ORDER BY object.died
                """, table: "object")
            var losses: [(table: StoredObject, version: VersionID)] = []
            while try run.step() {
                losses.append((try ObjectRow.read(run), VersionID(rawValue: try run.number(9))))
            }
            return losses
        }
    }

    /// The numbers of all versions that were prepared and neither committed nor abandoned, ascending.
    public func pendingVersions() throws(StoreError) -> [VersionID] {
        try read { database in
            let head = try VersionRow.head(database)
            let run = try SQLRun(
                database, "SELECT id FROM version WHERE id > ? ORDER BY id", table: "version")
            run.bind(1, head)
            var pending: [VersionID] = []
            while try run.step() { pending.append(VersionID(rawValue: try run.number(0))) }
            return pending
        }
    }

    /// The version with a number.
    ///
    /// - Throws: ``StoreError`` `noSuchVersion`; 0, the empty ruleset, has no row and is none.
    public func version(_ id: VersionID) throws(StoreError) -> Version {
        try read { database in
            guard let version = try VersionRow.find(id, database) else { throw Self.noSuch(id) }
            return try Self.complete([version], database)[0]
        }
    }

    /// Versions, the newest first.
    ///
    /// - Parameters:
    ///   - limit: how many at most, up to ``StoreLimits/pageEntries``.
    ///   - before: only versions with a lower number, to go on where the last page ended.
    public func versions(limit: Int, before: VersionID? = nil) throws(StoreError) -> [Version] {
        try read { database in
            let run = try SQLRun(
                database,
                "SELECT \(VersionRow.columns) FROM version WHERE id < ? ORDER BY id DESC LIMIT ?",
                table: "version")
            run.bind(1, before?.rawValue ?? StoreLimits.number)
            run.bind(2, Int64(min(max(limit, 0), StoreLimits.pageEntries)))
            var versions: [Version] = []
            while try run.step() {
                let version = try VersionRow.read(run)
                // Of a damaged file, the index need not be one.
                if let newer = versions.last?.id, version.id >= newer {
                    throw run.corrupt("it stands behind version \(newer), which is not newer")
                }
                versions.append(version)
            }
            return try Self.complete(versions, database)
        }
    }

    /// The whole ruleset as a version has it; a pending version counts.
    ///
    /// - Parameter look: is shown the objects before they are put together, for work that can go on beside that.
    /// - Cost: in proportion to the objects of the head and to what was changed after `version`.
    /// - Throws: ``StoreError`` `noSuchVersion`, `pruned`, or `corrupt` naming what does not fit.
    public func loadRuleset(
        at version: VersionID, _ look: ([StoredObject]) -> Void = { _ in }
    ) throws(StoreError) -> Ruleset {
        let objects = try objects(at: version)
        look(objects)
        do {
            return try Ruleset(objects)
        } catch {
            throw StoreError(
                .corrupt, "version \(version) does not hold together: \(error.message)", path: path)
        }
    }

    /// The objects of a version; those of a large head are read in two halves at the same time.
    ///
    /// The halves need not see the same moment: what a committed version has of an id stays as it is for as long as the version
    /// can be read.
    private func objects(at version: VersionID) throws(StoreError) -> [StoredObject] {
        let middle = try read { database in
            try VersionRow.head(database) == version ? ObjectRow.middleID(database) : nil
        }
        guard let middle else { return try objects(at: version, in: .min ... .max) }
        let upper = SideTask { try self.objects(at: version, in: middle + 1 ... .max) }
        let lower = Result { () throws(StoreError) in
            try objects(at: version, in: .min...middle)
        }
        do {
            // In any case: nothing may still be read when this is over.
            let rest = try upper.value()
            var objects = try lower.get()
            objects += rest
            return objects
        } catch {
            throw StoreError(error, path: path)
        }
    }

    private func objects(
        at version: VersionID, in ids: ClosedRange<Int64>
    ) throws(StoreError) -> [StoredObject] {
        try read { database in
            try Self.checkReadable(version, database)
            let run = try SQLRun(database, Self.rulesetSQL, table: "object")
            run.bind(1, version)
            run.bind(2, ids.lowerBound)
            run.bind(3, ids.upperBound)
            return try ObjectRow.all(run)
        }
    }

    /// The changes that turn one version into another, in application order; either may be the
    /// newer.
    ///
    /// - Cost: in proportion to what was changed between the two.
    /// - Throws: ``StoreError`` `noSuchVersion`, or `pruned` for either.
    public func diff(from old: VersionID, to new: VersionID) throws(StoreError) -> [Change] {
        try read { database in
            try Self.checkReadable(max(old, new), database)
            try Self.checkReadable(min(old, new), database)
            let lost = try Self.rows(Self.lostSQL, min(old, new), max(old, new), database)
            let gained = try Self.rows(Self.gainedSQL, min(old, new), max(old, new), database)
            return old <= new
                ? .pairing(old: lost, new: gained) : .pairing(old: gained, new: lost)
        }
    }

    /// The changes that a version made to the one before it, in application order.
    ///
    /// - Throws: ``StoreError`` `noSuchVersion`.
    public func changes(of version: VersionID) throws(StoreError) -> [Change] {
        guard version > .empty else { throw Self.noSuch(version) }
        return try diff(from: VersionID(rawValue: version.rawValue - 1), to: version)
    }

    /// All that an object ever was, the oldest first; empty if there never was one.
    public func history(of id: ObjectID) throws(StoreError) -> [ObjectRecord] {
        try read { database in
            let run = try SQLRun(database, Self.historySQL, table: "object")
            run.bind(1, id)
            var records: [ObjectRecord] = []
            while try run.step() {
                records.append(
                    ObjectRecord(
                        object: try ObjectRow.read(run),
                        born: VersionID(rawValue: try run.number(9)),
                        died: run.isNull(10) ? nil : VersionID(rawValue: try run.number(10))))
            }
            return records
        }
    }
}

// MARK: - Queries

// Each names its index: should it be gone, the query fails instead of reading the whole history.
extension RuleStore {
    /// What is alive now and was alive at ?1, and what died after it; of the ids from ?2 to ?3.
    static let rulesetSQL = """
        SELECT \(ObjectRow.columns) FROM object INDEXED BY object_live
        WHERE died IS NULL AND id BETWEEN ?2 AND ?3 AND born <= ?1
        UNION ALL
        SELECT \(ObjectRow.columns) FROM object INDEXED BY object_died
        WHERE died > ?1 AND born <= ?1 AND id BETWEEN ?2 AND ?3
        """

    /// What ?1 has and ?2, a later version, has not.
    static let lostSQL = """
        SELECT \(ObjectRow.columns) FROM object INDEXED BY object_died
        WHERE died > ?1 AND died <= ?2 AND born <= ?1
        """

    /// What ?2 has and ?1, an earlier version, has not.
    static let gainedSQL = """
        SELECT \(ObjectRow.columns) FROM object INDEXED BY object_born
        WHERE born > ?1 AND born <= ?2 AND (died IS NULL OR died > ?2)
        """

    static let historySQL = """
        SELECT \(ObjectRow.columns), born, died FROM object INDEXED BY object_history
        WHERE id = ? ORDER BY born
        """

    private static func rows(
        _ sql: String, _ older: VersionID, _ newer: VersionID, _ database: Database
    ) throws -> [StoredObject] {
        let run = try SQLRun(database, sql, table: "object")
        run.bind(1, older)
        run.bind(2, newer)
        return try ObjectRow.all(run)
    }

    static func checkExists(_ version: VersionID, _ database: Database) throws {
        if version == .empty { return }
        guard try VersionRow.find(version, database) != nil else { throw noSuch(version) }
    }

    /// Adds what is kept beside the rows of versions; they descend.
    private static func complete(
        _ versions: [Version], _ database: Database
    ) throws -> [Version] {
        guard let first = versions.last?.id, let last = versions.first?.id else { return [] }
        let confirmations = try ConfirmationRow.all(first...last, database)
        let tags = try TagRow.names(first...last, database)
        let horizon = try Horizon.read(database)
        return versions.map { version in
            var version = version
            version.confirmation = confirmations[version.id]
            version.tags = tags[version.id] ?? []
            version.isPruned = !horizon.keeps(version.id)
            return version
        }
    }

    static func checkReadable(_ version: VersionID, _ database: Database) throws {
        try checkExists(version, database)
        let horizon = try Horizon.read(database)
        guard horizon.keeps(version) else {
            throw StoreError(
                .pruned,
                "version \(version) was pruned; the oldest one that can be read is version \(horizon.version)"
            )
        }
    }

    static func noSuch(_ version: VersionID) -> StoreError {
        StoreError(.noSuchVersion, "there is no version \(version)")
    }
}
