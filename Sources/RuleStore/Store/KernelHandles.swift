import GRDB

/// Where objects are in the kernel.
enum KernelHandles {
    static func set(_ handles: [(id: ObjectID, handle: UInt64?)], _ database: Database) throws {
        let upsert = try SQLRun(
            database, "INSERT OR REPLACE INTO kernel_handle (id, handle) VALUES (?, ?)",
            table: "kernel_handle")
        let removal = try SQLRun(
            database, "DELETE FROM kernel_handle WHERE id = ?", table: "kernel_handle")
        // In order, so that the tree of a new table grows at its end.
        for (id, handle) in handles.sorted(by: { $0.id < $1.id }) {
            guard let handle else {
                removal.bind(1, id)
                try removal.run()
                continue
            }
            upsert.bind(1, id)
            upsert.bind(2, handle)
            try upsert.run()
        }
    }
}

extension RuleStore {
    /// The kernel handle of each object that has one; they mean nothing after another boot
    /// (``kernelState()``).
    public func kernelHandles() throws(StoreError) -> ObjectMap<UInt64> {
        try read { database in
            let run = try SQLRun(
                database, "SELECT id, handle FROM kernel_handle", table: "kernel_handle")
            var handles = ObjectMap<UInt64>()
            while try run.step() {
                let id = ObjectID(rawValue: try run.number(0))
                handles[id] = UInt64(bitPattern: try run.integer(1))
            }
            return handles
        }
    }
}
