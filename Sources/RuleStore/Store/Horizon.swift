import GRDB

/// How far back rulesets can be read.
public struct Horizon: Hashable, Sendable {
    /// The oldest version that can be read, but for those that are kept; 0: all can.
    public var version: VersionID
    /// Older versions that can be read all the same: they had tags when the horizon went past them.
    public var kept: [VersionID]

    /// Makes a horizon.
    public init(version: VersionID, kept: [VersionID]) {
        self.version = version
        self.kept = kept
    }

    /// Whether a version's ruleset can be read.
    public func keeps(_ version: VersionID) -> Bool {
        version >= self.version || kept.contains(version)
    }

    static func read(_ database: Database) throws -> Horizon {
        let run = try SQLRun(database, "SELECT id, horizon FROM meta WHERE id = 1", table: "meta")
        guard try run.step() else { throw StoreError(.corrupt, "table meta has no row") }
        let version = VersionID(rawValue: try run.integer(1, as: UInt64.self))
        return Horizon(version: version, kept: version == .empty ? [] : try kept(database))
    }

    private static func kept(_ database: Database) throws -> [VersionID] {
        let run = try SQLRun(
            database, "SELECT version FROM kept_version ORDER BY version", table: "kept_version")
        var versions: [VersionID] = []
        while try run.step() { versions.append(VersionID(rawValue: try run.number(0))) }
        return versions
    }
}
