import GRDB

/// The SQL for one page of the audit log.
///
/// The most selective condition chooses the index that is walked, newest first; the others are
/// checked on the way. So a page needs no sort, but for a version or a rule, which have few
/// entries.
struct AuditQuery {
    private(set) var sql: String
    private(set) var values: [Value] = []

    enum Value: Hashable {
        case integer(Int64)
        case text(String)
        case blob([UInt8])
    }

    /// Builds the query for entries that match a filter and are older than `before`.
    init(_ filter: AuditFilter, before: AuditPosition?, limit: Int) {
        let source = Self.source(filter)
        sql = Self.selection(from: source.tables)
        addScope(filter.scope)
        addConditions(filter)
        addTimes(filter, before, source.alias)
        sql += " ORDER BY \(source.alias).time DESC, \(source.alias).seq DESC LIMIT ?"
        values.append(.integer(Int64(limit)))
    }

    /// Builds the query for entries that match a filter and have a greater number than `after`, by
    /// their numbers: each entry behind `after` is looked at, and no other.
    init(_ filter: AuditFilter, after: UInt64, limit: Int) {
        sql = Self.selection(from: "audit a NOT INDEXED")
        add("a.seq > ?", .integer(Int64(clamping: after)))
        addScope(filter.scope)
        addConditions(filter)
        addTimes(filter, nil, "a")
        sql += " ORDER BY a.seq LIMIT ?"
        values.append(.integer(Int64(limit)))
    }

    private static func selection(from tables: String) -> String {
        """
        SELECT \(AuditRow.columnNames.map { "a." + $0 }.joined(separator: ", ")),
        (SELECT w.seq FROM audit w INDEXED BY audit_withdraws WHERE w.withdraws = a.seq)
        FROM \(tables) WHERE 1
        """
    }

    private static func source(_ filter: AuditFilter) -> (tables: String, alias: String) {
        let index: String
        if filter.version != nil || filter.rule != nil {
            index = "audit_version"
        } else if filter.address != nil {
            // By the numbers that the addresses lead to.
            return ("audit a NOT INDEXED", "a")
        } else if filter.scope != nil {
            return ("audit_scope s CROSS JOIN audit a ON a.seq = s.seq", "s")
        } else if filter.uid != nil {
            index = "audit_uid"
        } else if filter.action != nil {
            index = "audit_action"
        } else if filter.outcome != nil {
            index = "audit_outcome"
        } else {
            index = "audit_time"
        }
        return ("audit a INDEXED BY \(index)", "a")
    }

    private mutating func add(_ condition: String, _ values: Value...) {
        sql += " AND " + condition
        self.values += values
    }

    private mutating func addScope(_ scope: AuditScope?) {
        guard let scope else { return }
        let names: [Value] = [
            .integer(Int64(scope.family)), .text(scope.table ?? ""), .text(scope.chain ?? ""),
        ]
        if sql.contains("audit_scope s") {
            add(
                "s.family = ? AND s.table_name = ? AND s.chain_name = ?", names[0], names[1],
                names[2])
        } else {
            add(
                """
                EXISTS (SELECT 1 FROM audit_scope x WHERE x.family = ? AND x.table_name = ? \
                AND x.chain_name = ? AND x.time = a.time AND x.seq = a.seq)
                """, names[0], names[1], names[2])
        }
    }

    private mutating func addConditions(_ filter: AuditFilter) {
        if let version = filter.version {
            add("a.version = ?", .integer(Int64(bitPattern: version.rawValue)))
        }
        if let rule = filter.rule {
            let id = Value.integer(Int64(bitPattern: rule.rawValue))
            add(
                """
                a.version IN (SELECT born FROM object INDEXED BY object_history WHERE id = ? UNION \
                SELECT died FROM object INDEXED BY object_history WHERE id = ? AND died IS NOT NULL) \
                AND a.changes_digest IS NOT NULL AND NOT EXISTS \
                (SELECT 1 FROM audit w INDEXED BY audit_withdraws WHERE w.withdraws = a.seq)
                """, id, id)
        }
        if let address = filter.address {
            let condition = AuditAddresses.condition(address)
            sql += " AND " + condition.sql
            values += condition.values
        }
        if let uid = filter.uid { add("a.uid = ?", .integer(Int64(uid))) }
        if let action = filter.action { add("a.action = ?", .text(action)) }
        if let outcome = filter.outcome { add("a.outcome = ?", .text(outcome.rawValue)) }
    }

    private mutating func addTimes(
        _ filter: AuditFilter, _ before: AuditPosition?, _ alias: String
    ) {
        if let since = filter.since { add("\(alias).time >= ?", .integer(since.rawValue)) }
        if let until = filter.until { add("\(alias).time <= ?", .integer(until.rawValue)) }
        if let before {
            let time = Value.integer(before.time.rawValue)
            add(
                "\(alias).time <= ? AND (\(alias).time < ? OR \(alias).seq < ?)", time, time,
                .integer(Int64(bitPattern: before.seq)))
        }
    }
}

/// Where an entry stands in the order of a page.
struct AuditPosition {
    let time: Timestamp
    let seq: UInt64
}

extension RuleStore {
    /// Entries of the audit log, the newest first: by time, and those of one moment by number.
    ///
    /// - Parameters:
    ///   - limit: how many at most, up to ``StoreLimits/pageEntries``.
    ///   - before: only entries that come after entry `before` in this order, to go on where the
    ///     last page ended. A number that is not in the log gives an empty page.
    public func audit(
        _ filter: AuditFilter = AuditFilter(), limit: Int, before: UInt64? = nil
    ) throws(StoreError) -> [AuditRecord] {
        try read { database in
            var position: AuditPosition?
            if let before {
                position = try Self.position(of: before, database)
                if position == nil { return [] }
            }
            let query = AuditQuery(
                filter, before: position, limit: min(max(limit, 0), StoreLimits.pageEntries))
            return try Self.records(query, database)
        }
    }

    /// Entries that have a greater number than `after`, by their numbers.
    ///
    /// - Parameter limit: how many at most, up to ``StoreLimits/pageEntries``.
    public func audit(
        _ filter: AuditFilter = AuditFilter(), after: UInt64, limit: Int
    ) throws(StoreError) -> [AuditRecord] {
        try read { database in
            let query = AuditQuery(
                filter, after: after, limit: min(max(limit, 0), StoreLimits.pageEntries))
            return try Self.records(query, database)
        }
    }

    private static func position(of seq: UInt64, _ database: Database) throws -> AuditPosition? {
        let run = try SQLRun(database, "SELECT seq, time FROM audit WHERE seq = ?", table: "audit")
        run.bind(1, seq)
        guard try run.step() else { return nil }
        return AuditPosition(time: Timestamp(rawValue: try run.integer(1)), seq: seq)
    }

    private static func records(_ query: AuditQuery, _ database: Database) throws -> [AuditRecord] {
        let run = try SQLRun(database, query.sql, table: "audit")
        for (index, value) in zip(Int32(1)..., query.values) {
            switch value {
            case .integer(let number): run.bind(index, number)
            case .text(let text): run.bind(index, text)
            case .blob(let bytes): run.bind(index, bytes)
            }
        }
        var records: [AuditRecord] = []
        while try run.step() {
            var record = try AuditRow.read(run)
            record.withdrawnBy = run.isNull(19) ? nil : try run.number(19)
            record.entry.scopes = try AuditRow.scopes(of: record, database).withoutContainers
            records.append(record)
        }
        return records
    }
}
