import Crypto
import GRDB

/// SHA-256 over a version and its changes: what binds the rows of `version` and `object` to the
/// audit chain.
///
/// - Shape: the version's columns without its state (those of format 2 only if one of them says
///   anything: a text follows the number of changes then, where otherwise a number does); the ids of the objects whose rows it ended,
///   ascending; the contents of the rows it began, ascending by id. All in ``CanonicalEncoder``'s
///   encoding, each list after its length.
enum ChangesDigest {
    /// The digest of a version that is about to be written; `changes` ascend by id.
    static func of(_ version: Version, _ changes: [Change]) -> [UInt8] {
        digest(
            version, died: changes.lazy.compactMap { $0.before?.id },
            born: changes.lazy.compactMap(\.after))
    }

    /// The digest of a version as the tables have it.
    static func of(_ version: Version, _ database: Database) throws -> [UInt8] {
        digest(
            version, died: try diedIDs(version.id, database),
            born: try bornRows(version.id, database))
    }

    private static func digest(
        _ version: Version, died: some Collection<ObjectID>, born: some Collection<StoredObject>
    ) -> [UInt8] {
        var hash = SHA256()
        hash.update(data: encoded(version))
        hash.update(data: encodedCount(died.count))
        for id in died {
            var encoder = CanonicalEncoder()
            encoder.number(id.rawValue)
            hash.update(data: encoder.bytes)
        }
        hash.update(data: encodedCount(born.count))
        var encoder = CanonicalEncoder()
        for object in born {
            encoder.object(object)
            // In pieces: neither a call for each object, nor the whole ruleset at once.
            if encoder.bytes.count < pieceBytes { continue }
            hash.update(data: encoder.bytes)
            encoder.removeAll()
        }
        hash.update(data: encoder.bytes)
        return Array(hash.finalize())
    }

    private static let pieceBytes = 16 << 10

    private static func encodedCount(_ count: Int) -> [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.integer(Int64(count))
        return encoder.bytes
    }

    static func encoded(_ version: Version) -> [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.number(version.id.rawValue)
        encoder.integer(version.description.time.rawValue)
        encoder.author(version.description.author)
        encoder.text(version.description.message)
        encoder.text(version.description.kind.rawValue)
        encoder.number(version.description.rolledBackTo?.rawValue)
        encoder.integer(Int64(version.changeCount))
        encoder.additions(version.description)
        return encoder.bytes
    }

    static func encoded(_ object: StoredObject) -> [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.object(object)
        return encoder.bytes
    }

    private static func bornRows(_ version: VersionID, _ database: Database) throws
        -> [StoredObject]
    {
        let run = try SQLRun(
            database,
            "SELECT \(ObjectRow.columns) FROM object INDEXED BY object_born WHERE born = ? ORDER BY id",
            table: "object")
        run.bind(1, version)
        return try ObjectRow.all(run)
    }

    private static func diedIDs(_ version: VersionID, _ database: Database) throws -> [ObjectID] {
        let run = try SQLRun(
            database,
            "SELECT row, id FROM object INDEXED BY object_died WHERE died = ? ORDER BY id",
            table: "object")
        run.bind(1, version)
        var ids: [ObjectID] = []
        while try run.step() { ids.append(ObjectID(rawValue: try run.number(1))) }
        return ids
    }
}

extension CanonicalEncoder {
    /// What a row of the table `object` says about an object.
    fileprivate mutating func object(_ object: StoredObject) {
        number(object.id.rawValue)
        integer(Int64(object.kind.rawValue))
        number(object.parent?.rawValue)
        integer(Int64(object.family))
        text(object.name)
        blob(object.orderKey?.bytes)
        blob(object.elementKey)
        blob(object.body)
    }

    /// The columns that versions have since format 2; a version that format 1 made keeps its digest.
    fileprivate mutating func additions(_ version: NewVersion) {
        guard !version.summary.isEmpty || version.reverts != nil else { return }
        text(version.summary)
        number(version.reverts?.rawValue)
    }
}
