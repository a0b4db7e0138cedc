import GRDB

/// That versions are the head, and what the kernel said when it took them.
///
/// It is written without a flush: the versions themselves are on disk since they were prepared, and should a power cut take the
/// mark, they are found pending. Either the kernel still runs, then its marker says that it has them; or it was restarted and has
/// nothing, then whoever starts up finishes pending versions, because those that the kernel had refused were abandoned durably
/// before anybody heard of it.
struct HeadMark: Sendable {
    let first: VersionID
    let last: VersionID
    /// The kernel handles of objects that got one; `nil` for objects that are gone from the kernel.
    let handles: [(id: ObjectID, handle: UInt64?)]
    let kernel: KernelState
}

extension RuleStore {
    /// Writes a mark, which may have been written: a transaction that fails at its very end may stand.
    static func mark(_ mark: HeadMark, _ database: Database) throws {
        let run = try SQLRun(
            database,
            "UPDATE version SET state = 'committed' WHERE id BETWEEN ? AND ? AND state = 'pending'",
            table: "version")
        run.bind(1, mark.first)
        run.bind(2, mark.last)
        try run.run()
        let count = mark.last.rawValue - mark.first.rawValue + 1
        guard
            try UInt64(run.changedRows) == count
                || VersionRow.find(mark.last, database)?.state == .committed
        else {
            throw StoreError(.conflict, "version \(mark.last) is not pending")
        }
        try KernelHandles.set(mark.handles, database)
        try Meta.setKernelState(mark.kernel, database)
    }
}
