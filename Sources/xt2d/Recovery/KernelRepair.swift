import Glibc
import NetlinkProto
import RuleStore

/// What the kernel has, what it should have, and the batch that leads from one to the other.
struct KernelRepair {
    let wanted: Ruleset
    let version: VersionID
    let generation: GenerationID
    let marker: Marker?
    let nextID: ObjectID
    var there = Ruleset()
    var handles = RuleHandles()
    var changes: [Change] = []
    /// Whether the tables only get their owner, and what differs is left for another batch.
    var isTakeover = false

    func batch(uuid: [UInt8], ownership: TableBody.Flags) throws -> KernelBatch {
        let plan = BatchPlan(
            generation: generation, marker: Marker(uuid: uuid, version: version),
            replacesMarker: marker != nil, adoptsMarkerTable: true, ownership: ownership)
        if isTakeover { return try Layout.takeover(ownership.isEmpty ? [] : adopted, plan: plan) }
        return try Layout.batch(
            from: there, to: wanted, changes: changes, handles: handles,
            adopting: ownership.isEmpty ? [] : adopted, plan: plan)
    }

    /// The tables that are there and stay.
    var adopted: [StoredObject] { there.tables.filter { wanted.object($0.id) != nil } }

    /// The table that a refused message is about; nil if it is about something in a table.
    func table(_ subject: ObjectID?) -> String? {
        // What is about no object of the version is about the marker and its table.
        guard let subject else { return "\(Marker.family.name) \(Marker.table)" }
        return wanted.object(subject).flatMap { $0.kind == .table ? $0.title : nil }
    }

    /// Whether the running kernel has NFT_TABLE_F_PERSIST: Linux 6.9 and later.
    static func knowsPersist() -> Bool {
        guard let release = SmallFile.read("/proc/sys/kernel/osrelease") else { return false }
        let numbers = release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        guard numbers.count == 2 else { return false }
        return numbers[0] > 6 || (numbers[0] == 6 && numbers[1] >= 9)
    }
}
