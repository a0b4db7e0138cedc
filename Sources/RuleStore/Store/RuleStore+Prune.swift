import Crypto
import GRDB

/// What pruning would give up, worked out and not yet done.
public struct PrunePlan: Sendable {
    /// The oldest version that can be read afterwards, but for those that are kept.
    public var horizon: Horizon
    /// The horizon that it was worked out on.
    let previous: Horizon
    /// How many versions cannot be read any more that can be now.
    public var versionCount: Int
    /// How many rows belong to no version that can be read.
    public var objectCount: Int

    /// Whether there is nothing to give up.
    public var isEmpty: Bool { horizon == previous }
}

/// Up to where to prune.
public enum PruneGoal: Hashable, Sendable {
    /// Keep so many of the newest versions, with what each of them changed.
    case keep(UInt64)
    /// Keep the versions that were made at a moment or later, and the one that was the head then.
    case before(Timestamp)
}

extension RuleStore {
    /// Works out what pruning would give up; changes nothing and blocks nobody.
    ///
    /// Tagged versions are kept, and what a version that waits for its confirmation may fall back to.
    public func planPrune(_ goal: PruneGoal) throws(StoreError) -> PrunePlan {
        try read { database in
            let previous = try Horizon.read(database)
            var version = try Self.horizon(for: goal, database)
            if let waiting = try ConfirmationRow.open(database) {
                version = min(version, waiting.fallback)
            }
            guard version > previous.version else {
                return PrunePlan(
                    horizon: previous, previous: previous, versionCount: 0, objectCount: 0)
            }
            let kept = try Self.keptTags(below: version, previous, database)
            let horizon = Horizon(version: version, kept: kept)
            let older = max(previous.version.rawValue, 1)..<version.rawValue
            return PrunePlan(
                horizon: horizon, previous: previous,
                versionCount: older.count + previous.kept.count - kept.count,
                objectCount: try Self.countGarbage(horizon, database))
        }
    }

    /// Makes versions unreadable, durably and at once, with an entry in the audit log; ``sweep(_:)`` then frees their rows.
    ///
    /// The entry vouches for what is left of the history below the horizon, as the entries of those versions did before.
    /// - Throws: ``StoreError`` `conflict` if versions were pruned or tagged since the plan was made, `corrupt` if the history is
    ///   damaged: the damage could not be seen any more afterwards.
    public func prune(_ plan: PrunePlan, audit: AuditEntry) throws(StoreError) {
        let verification = try verifyAudit()
        guard verification.isSound else {
            throw StoreError(
                .corrupt,
                "the history is damaged, and pruning would hide that; 'xt2 audit --verify' shows where"
            )
        }
        // Nothing that this reads can change any more, so it needs no place in the transaction that follows.
        let digest = try read { try PruneDigest.of(plan.horizon, $0) }
        try write(.full) { database in
            guard try Horizon.read(database) == plan.previous,
                try Self.keptTags(below: plan.horizon.version, plan.previous, database)
                    == plan.horizon.kept
            else {
                throw StoreError(.conflict, "versions were pruned or tagged meanwhile; try again")
            }
            if let waiting = try ConfirmationRow.open(database),
                waiting.fallback < plan.horizon.version
            {
                throw StoreError(
                    .conflict,
                    "version \(waiting.version) waits for its confirmation meanwhile; try again")
            }
            try Self.set(plan.horizon, database)
            var audit = audit
            audit.request = PruneDigest.record(plan.horizon, digest)
            try AuditLog.append(audit, changes: nil, withdraws: nil, database)
        }
    }

    /// Frees rows that no readable version needs, at most so many, in one short transaction.
    ///
    /// - Returns: how many were freed; 0 when there are no more.
    public func sweep(_ limit: Int) throws(StoreError) -> Int {
        // Not flushed: what a power cut brings back is freed the next time.
        try write(.normal) { database in
            let horizon = try Horizon.read(database)
            guard horizon.version > .empty else { return 0 }
            let run = try SQLRun(
                database,
                """
                DELETE FROM object WHERE row IN
                (SELECT row FROM object INDEXED BY object_died WHERE \(Self.garbage) LIMIT ?2)
                """, table: "object")
            run.bind(1, horizon.version)
            run.bind(2, Int64(limit))
            try run.run()
            return run.changedRows
        }
    }

    /// How far back rulesets can be read.
    public func horizon() throws(StoreError) -> Horizon {
        try read { try Horizon.read($0) }
    }
}

extension RuleStore {
    /// Rows that ended at or before version ?1 and are in no version that is kept.
    private static let garbage = """
        died <= ?1 AND NOT EXISTS
        (SELECT 1 FROM kept_version k WHERE k.version >= born AND k.version < died)
        """

    private static func horizon(for goal: PruneGoal, _ database: Database) throws -> VersionID {
        switch goal {
        case .keep(let count):
            let head = try VersionRow.head(database).rawValue
            guard count > 0, count < head else { return .empty }
            return VersionID(rawValue: head - count)
        case .before(let time):
            let run = try SQLRun(
                database,
                "SELECT id FROM version WHERE state = 'committed' AND time < ? ORDER BY id DESC LIMIT 1",
                table: "version")
            run.bind(1, time.rawValue)
            return try run.step() ? VersionID(rawValue: try run.number(0)) : .empty
        }
    }

    /// The versions below a horizon that have tags, of those that can be read now.
    private static func keptTags(
        below version: VersionID, _ previous: Horizon, _ database: Database
    ) throws -> [VersionID] {
        let run = try SQLRun(
            database,
            "SELECT DISTINCT version FROM tag INDEXED BY tag_version WHERE version < ? ORDER BY version",
            table: "tag")
        run.bind(1, version)
        var kept: [VersionID] = []
        while try run.step() {
            let version = VersionID(rawValue: try run.number(0))
            if previous.keeps(version) { kept.append(version) }
        }
        return kept
    }

    /// Counts rows as ``sweep(_:)`` would free them, for a horizon that is not set yet.
    private static func countGarbage(_ horizon: Horizon, _ database: Database) throws -> Int {
        let run = try SQLRun(
            database,
            "SELECT row, born, died FROM object INDEXED BY object_died WHERE died <= ?",
            table: "object")
        run.bind(1, horizon.version)
        var count = 0
        while try run.step() {
            let life = try run.number(1)..<run.number(2)
            if !horizon.kept.contains(where: { life.contains($0.rawValue) }) { count += 1 }
        }
        return count
    }

    private static func set(_ horizon: Horizon, _ database: Database) throws {
        let update = try SQLRun(database, "UPDATE meta SET horizon = ?", table: "meta")
        update.bind(1, horizon.version)
        try update.run()
        let removal = try SQLRun(database, "DELETE FROM kept_version", table: "kept_version")
        try removal.run()
        let run = try SQLRun(
            database, "INSERT INTO kept_version (version) VALUES (?)", table: "kept_version")
        for version in horizon.kept {
            run.bind(1, version)
            try run.run()
        }
    }
}

/// SHA-256 over what pruning leaves of the history below the horizon: what binds it to the audit chain, in place of the digests
/// of versions whose rows are gone.
///
/// - Shape: the versions that are kept; the columns of all versions up to the horizon; the rows that began up to there and belong
///   to a version that can be read, in the order of their numbers, each with the version that it began in and, if that is up to
///   the horizon, the version that it ended in. All in ``CanonicalEncoder``'s encoding.
enum PruneDigest {
    /// What the audit entry keeps.
    static func record(_ horizon: Horizon, _ digest: [UInt8]) -> [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.number(horizon.version.rawValue)
        encoder.blob(digest)
        return encoder.bytes
    }

    static func of(_ horizon: Horizon, _ database: Database) throws -> [UInt8] {
        var hash = SHA256()
        var encoder = CanonicalEncoder()
        for version in horizon.kept { encoder.number(version.rawValue) }
        hash.update(data: encoder.bytes)
        try addVersions(horizon, database, to: &hash)
        try addRows(horizon, database, to: &hash)
        return Array(hash.finalize())
    }

    private static func addVersions(
        _ horizon: Horizon, _ database: Database, to hash: inout SHA256
    ) throws {
        let run = try SQLRun(
            database, "SELECT \(VersionRow.columns) FROM version WHERE id <= ? ORDER BY id",
            table: "version")
        run.bind(1, horizon.version)
        while try run.step() {
            hash.update(data: ChangesDigest.encoded(try VersionRow.read(run)))
        }
    }

    private static func addRows(
        _ horizon: Horizon, _ database: Database, to hash: inout SHA256
    ) throws {
        let run = try SQLRun(
            database,
            "SELECT \(ObjectRow.columns), born, died FROM object WHERE born <= ? ORDER BY row",
            table: "object")
        run.bind(1, horizon.version)
        while try run.step() {
            let born = try run.number(9)
            let died = run.isNull(10) ? nil : try run.number(10)
            let ended = died.flatMap { $0 <= horizon.version.rawValue ? $0 : nil }
            // What is garbage may be gone already, or not yet.
            if let ended,
                !horizon.kept.contains(where: { $0.rawValue >= born && $0.rawValue < ended })
            {
                continue
            }
            var encoder = CanonicalEncoder()
            encoder.number(born)
            encoder.number(ended)
            hash.update(data: ChangesDigest.encoded(try ObjectRow.read(run)))
            hash.update(data: encoder.bytes)
        }
    }
}
