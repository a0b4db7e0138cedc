import GRDB

/// The one row that says what the store is and where it stands.
struct Meta {
    var uuid: [UInt8]
    var nextObjectID: ObjectID
    var kernelState: KernelState?

    static func read(_ database: Database) throws -> Meta {
        let run = try SQLRun(
            database, "SELECT id, uuid, next_object_id, boot_id, generation FROM meta WHERE id = 1",
            table: "meta")
        guard try run.step() else { throw StoreError(.corrupt, "table meta has no row") }
        let uuid = try run.blob(1, limit: 16)
        if uuid.count != 16 { throw run.corrupt("uuid is not 16 bytes long") }
        return Meta(
            uuid: uuid, nextObjectID: ObjectID(rawValue: try run.number(2)),
            kernelState: try kernelState(run))
    }

    private static func kernelState(_ run: borrowing SQLRun) throws -> KernelState? {
        if run.isNull(3) || run.isNull(4) { return nil }
        return KernelState(
            bootID: try run.text(3), generation: try run.integer(4, as: UInt32.self))
    }

    static func setNextObjectID(_ id: ObjectID, _ database: Database) throws {
        let run = try SQLRun(database, "UPDATE meta SET next_object_id = ?", table: "meta")
        run.bind(1, id)
        try run.run()
    }

    static func setKernelState(_ state: KernelState, _ database: Database) throws {
        let run = try SQLRun(
            database, "UPDATE meta SET boot_id = ?, generation = ?", table: "meta")
        run.bind(1, state.bootID)
        run.bind(2, Int64(state.generation))
        try run.run()
    }
}

extension RuleStore {
    /// The id that the next new object is to have.
    public func nextObjectID() throws(StoreError) -> ObjectID {
        try read { try Meta.read($0).nextObjectID }
    }

    /// The kernel's state when a version was last committed; `nil` if none ever was.
    public func kernelState() throws(StoreError) -> KernelState? {
        try read { try Meta.read($0).kernelState }
    }
}
