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

    /// The lowest and the highest id of what is alive; 1 and 1 where nothing is.
    static func liveIDs(_ database: Database) throws -> (ObjectID, ObjectID) {
        func end(_ order: String) throws -> ObjectID {
            let run = try SQLRun(
                database,
                """
                SELECT id FROM object INDEXED BY object_live WHERE died IS NULL
                ORDER BY id \(order) LIMIT 1
                """, table: "object")
            return try run.step() ? ObjectID(rawValue: try run.number(0)) : .first
        }
        return (try end("ASC"), try end("DESC"))
    }

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
