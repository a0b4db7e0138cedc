import GRDB

/// Rows of the table `tag`.
enum TagRow {
    /// The version that has a name; `nil` if none has.
    static func version(of name: String, _ database: Database) throws -> VersionID? {
        let run = try SQLRun(database, "SELECT version FROM tag WHERE name = ?", table: "tag")
        run.bind(1, name)
        return try run.step() ? VersionID(rawValue: try run.number(0)) : nil
    }

    /// The names of versions in a range, by version.
    static func names(
        _ versions: ClosedRange<VersionID>, _ database: Database
    ) throws -> [VersionID: [String]] {
        let run = try SQLRun(
            database,
            """
            SELECT version, name FROM tag INDEXED BY tag_version WHERE version BETWEEN ? AND ?
            ORDER BY version, name
            """, table: "tag")
        run.bind(1, versions.lowerBound)
        run.bind(2, versions.upperBound)
        var names: [VersionID: [String]] = [:]
        while try run.step() {
            names[VersionID(rawValue: try run.number(0)), default: []].append(try run.text(1))
        }
        return names
    }

    static func insert(_ tag: Tag, _ database: Database) throws {
        let run = try SQLRun(
            database, "INSERT INTO tag (name, version, time, uid) VALUES (?, ?, ?, ?)",
            table: "tag")
        run.bind(1, tag.name)
        run.bind(2, tag.version)
        run.bind(3, tag.time.rawValue)
        run.bind(4, Int64(tag.uid))
        try run.run()
    }

    static func count(_ database: Database) throws -> Int {
        let run = try SQLRun(database, "SELECT count(*) FROM tag", table: "tag")
        return try run.step() ? try run.integer(0, as: Int.self) : 0
    }
}

extension RuleStore {
    /// All tags, by name.
    public func tags() throws(StoreError) -> [Tag] {
        try read { database in
            let run = try SQLRun(
                database, "SELECT name, version, time, uid FROM tag ORDER BY name", table: "tag")
            var tags: [Tag] = []
            while try run.step() {
                tags.append(
                    Tag(
                        name: try run.text(0), version: VersionID(rawValue: try run.number(1)),
                        time: Timestamp(rawValue: try run.integer(2)),
                        uid: try run.integer(3, as: UInt32.self)))
            }
            return tags
        }
    }

    /// Gives a version a name, durably, with an entry in the audit log.
    ///
    /// - Throws: ``StoreError`` `malformed` for a name that cannot be given, `exists` for one that another version has,
    ///   `noSuchVersion`, `pruned`, or `limit` if there are too many.
    public func addTag(_ tag: Tag, audit: AuditEntry) throws(StoreError) {
        if let defect = TagName.defect(tag.name) { throw StoreError(.malformed, defect) }
        try write(.full) { database in
            guard tag.version > .empty else { throw Self.noSuch(tag.version) }
            try Self.checkReadable(tag.version, database)
            if let other = try TagRow.version(of: tag.name, database) {
                throw StoreError(
                    .exists,
                    "version \(other) is called \(tag.name) already; delete that tag first")
            }
            guard try TagRow.count(database) < StoreLimits.tags else {
                throw StoreError(.limit, "there are \(StoreLimits.tags) tags already")
            }
            try TagRow.insert(tag, database)
            // The entry vouches for the name.
            var audit = audit
            audit.action = AuditEntry.tagAction
            audit.message = tag.name
            audit.version = tag.version
            try AuditLog.append(audit, changes: nil, withdraws: nil, database)
        }
    }

    /// Takes a name away, durably, with an entry in the audit log, and returns the version that had it.
    ///
    /// - Throws: ``StoreError`` `noSuchTag`.
    @discardableResult
    public func deleteTag(_ name: String, audit: AuditEntry) throws(StoreError) -> VersionID {
        try write(.full) { database in
            guard let version = try TagRow.version(of: name, database) else {
                throw Self.noSuchTag(name)
            }
            let run = try SQLRun(database, "DELETE FROM tag WHERE name = ?", table: "tag")
            run.bind(1, name)
            try run.run()
            var audit = audit
            audit.action = AuditEntry.deleteTagAction
            audit.message = name
            audit.version = version
            try AuditLog.append(audit, changes: nil, withdraws: nil, database)
            return version
        }
    }

    /// The version that a reference means; it may be 0, the empty ruleset, and it may be pruned.
    ///
    /// - Throws: ``StoreError`` `noSuchTag` or `noSuchVersion`.
    public func resolve(_ reference: VersionReference) throws(StoreError) -> VersionID {
        try read { database in
            let head = try VersionRow.head(database)
            let base: VersionID
            switch reference.base {
            case .number(let number): base = number
            case .head: base = head
            case .tag(let name):
                guard let version = try TagRow.version(of: name, database) else {
                    throw Self.noSuchTag(name)
                }
                base = version
            }
            guard base <= head else {
                throw StoreError(
                    .noSuchVersion, "there is no version \(base); the head is version \(head)")
            }
            guard reference.back <= base.rawValue else {
                throw StoreError(
                    .noSuchVersion,
                    "there are no \(reference.back) versions before version \(base)")
            }
            return VersionID(rawValue: base.rawValue - reference.back)
        }
    }

    /// The version that was the head at a moment: the last one that was made then or earlier.
    ///
    /// - Throws: ``StoreError`` `noSuchVersion` if there was none yet.
    public func version(at time: Timestamp) throws(StoreError) -> VersionID {
        try read { database in
            // By number, not by time: the clock may have been set back meanwhile.
            let run = try SQLRun(
                database,
                "SELECT id FROM version WHERE state = 'committed' AND time <= ? ORDER BY id DESC LIMIT 1",
                table: "version")
            run.bind(1, time.rawValue)
            guard try run.step() else {
                throw StoreError(.noSuchVersion, "there was no version yet at that time")
            }
            return VersionID(rawValue: try run.number(0))
        }
    }

    private static func noSuchTag(_ name: String) -> StoreError {
        StoreError(.noSuchTag, "there is no tag \(name); 'xt2 tag' lists those that are")
    }
}
