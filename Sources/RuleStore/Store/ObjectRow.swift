import GRDB

/// Rows of the table `object`.
enum ObjectRow {
    /// The columns that ``read(_:)`` expects first.
    static let columns =
        "row, id, kind, parent, family, name, order_key, element_key, body"

    /// Reads the object in the current row, checking each value.
    static func read(_ run: borrowing SQLRun) throws(StoreError) -> StoredObject {
        let number = try run.integer(2, as: UInt8.self)
        guard let kind = ObjectKind(rawValue: number) else {
            throw run.corrupt("kind \(number) is not known")
        }
        let object = StoredObject(
            id: ObjectID(rawValue: try run.number(1)), kind: kind,
            parent: run.isNull(3) ? nil : ObjectID(rawValue: try run.number(3)),
            family: try run.integer(4, as: UInt8.self),
            name: try run.text(5, limit: StoreLimits.nameBytes), orderKey: try orderKey(run),
            elementKey: run.isNull(7) ? [] : try run.blob(7, limit: StoreLimits.elementKeyBytes),
            body: try run.blob(8, limit: StoreLimits.bodyBytes))
        if let defect = object.defect { throw run.corrupt(defect) }
        return object
    }

    private static func orderKey(_ run: borrowing SQLRun) throws(StoreError) -> OrderKey? {
        if run.isNull(6) { return nil }
        let key = try run.withBlob(6, limit: StoreLimits.orderKeyDigits * 8) {
            OrderKey(buffer: $0)
        }
        guard let key else { throw run.corrupt("order_key is not well formed") }
        return key
    }

    /// The id of the object in the middle of what is alive, by id; nil where there are too few to be worth two threads.
    static func middleID(_ database: Database) throws -> Int64? {
        let count = try SQLRun(database, liveCountSQL, table: "object")
        guard try count.step() else { return nil }
        let live = try count.integer(0)
        guard live > objectsAtOnce else { return nil }
        let run = try SQLRun(database, liveAtSQL, table: "object")
        run.bind(1, live / 2)
        guard try run.step() else { return nil }
        let id = try run.integer(1)
        // The last of all numbers has none behind it.
        return id < .max ? id : nil
    }

    /// How many objects are read before a second thread would have begun.
    private static let objectsAtOnce = 5_000

    /// How many objects are alive.
    private static let liveCountSQL = """
        SELECT count(*) FROM object INDEXED BY object_live WHERE died IS NULL
        """

    /// What is alive and has ?1 others before it, by id.
    static let liveAtSQL = """
        SELECT row, id FROM object INDEXED BY object_live WHERE died IS NULL AND id > 0
        ORDER BY id LIMIT 1 OFFSET ?1
        """

    /// Reads the objects of all rows of a query.
    static func all(_ run: borrowing SQLRun) throws(StoreError) -> [StoredObject] {
        var objects: [StoredObject] = []
        while try run.step() { objects.append(try read(run)) }
        return objects
    }
}

/// Writes the rows of one version.
struct ObjectWriter: ~Copyable {
    private let version: VersionID
    private let insertion: SQLRun
    private let end: SQLRun

    init(_ database: Database, version: VersionID) throws {
        let insertion = try SQLRun(
            database,
            """
            INSERT INTO object (id, kind, parent, family, name, order_key, element_key, body, born)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, table: "object")
        let end = try SQLRun(
            database,
            "UPDATE object INDEXED BY object_live SET died = ? WHERE id = ? AND died IS NULL",
            table: "object")
        self.version = version
        self.insertion = insertion
        self.end = end
    }

    /// Ends the live row of an object and begins another, as the change says.
    func write(_ change: Change) throws(StoreError) {
        if let before = change.before { try endRow(of: before) }
        if let after = change.after { try insert(after) }
    }

    private func endRow(of object: StoredObject) throws(StoreError) {
        end.bind(1, version)
        end.bind(2, object.id)
        try end.run()
        guard end.changedRows == 1 else {
            throw StoreError(
                .conflict, "\(object.kind) with id \(object.id) is not in the head version")
        }
    }

    private func insert(_ object: StoredObject) throws(StoreError) {
        insertion.bind(1, object.id)
        insertion.bind(2, Int64(object.kind.rawValue))
        insertion.bind(3, object.parent)
        insertion.bind(4, Int64(object.family))
        insertion.bind(5, object.name)
        insertion.bind(7, object.elementKey.isEmpty ? nil : object.elementKey)
        insertion.bind(9, version)
        let key = object.orderKey?.bytes
        try insertion.withBlobs((6, key), (8, object.body)) { () throws(StoreError) in
            try insertion.run()
        }
    }
}
