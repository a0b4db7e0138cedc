import GRDB

/// Which version brought each of some objects.
public struct Blame: Sendable {
    /// The versions, in the order of the objects that were asked for.
    public var origins: [VersionID]
    /// What is known about these versions.
    public var versions: [VersionID: Version]
}

extension RuleStore {
    /// Finds the versions that gave objects the bodies that they have at `version`.
    ///
    /// A version that only moved an object, or made its key anew, did not bring it; one that brought it back after it was deleted did.
    /// - Cost: the rows of these objects, found by their ids; not the history.
    /// - Throws: ``StoreError`` `conflict` if one of them is not there at that version.
    public func blame(_ ids: [ObjectID], at version: VersionID) throws(StoreError) -> Blame {
        try read { database in
            try Self.checkReadable(version, database)
            let run = try SQLRun(database, Self.blameSQL, table: "object")
            var origins: [VersionID] = []
            origins.reserveCapacity(ids.count)
            for id in ids { origins.append(try Self.origin(of: id, at: version, run)) }
            var versions: [VersionID: Version] = [:]
            for origin in Set(origins) {
                versions[origin] = try VersionRow.find(origin, database)
            }
            return Blame(origins: origins, versions: versions)
        }
    }

    static let blameSQL = """
        SELECT row, born, died, body FROM object INDEXED BY object_history
        WHERE id = ? AND born <= ? ORDER BY born DESC
        """

    private static func origin(
        of id: ObjectID, at version: VersionID, _ run: borrowing SQLRun
    ) throws(StoreError) -> VersionID {
        run.reset()
        run.bind(1, id)
        run.bind(2, version)
        let isThere = try run.step()
        let died = isThere && !run.isNull(2) ? try run.number(2) : .max
        guard isThere, died > version.rawValue else {
            throw StoreError(.conflict, "object \(id) is not in version \(version)")
        }
        var origin = VersionID(rawValue: try run.number(1))
        let body = try run.blob(3, limit: StoreLimits.bodyBytes)
        while try run.step() {
            guard !run.isNull(2), try run.number(2) == origin.rawValue,
                try run.blob(3, limit: StoreLimits.bodyBytes) == body
            else { break }
            origin = VersionID(rawValue: try run.number(1))
        }
        return origin
    }
}
