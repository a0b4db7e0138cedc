import Glibc
import NetlinkProto
import RuleStore

/// What the kernel has, what it should have, and the batch that leads from one to the other.
struct KernelRepair {
    var wanted: Ruleset
    /// Who jumps where in `wanted`.
    var graph: ChainGraph
    let version: VersionID
    let generation: GenerationID
    let marker: Marker?
    var nextID: ObjectID
    var there = Ruleset()
    var handles = RuleHandles()
    var changes: [Change] = []
    /// What others changed in tables that they may change; `wanted` has it already.
    var foreign: [Change] = []
    /// Whether the tables only get their owner, and what differs is left for another batch.
    var isTakeover = false

    func batch(uuid: [UInt8], ownership: TableBody.Flags) throws -> KernelBatch {
        let plan = BatchPlan(
            generation: generation, marker: Marker(uuid: uuid, version: version),
            replacesMarker: marker != nil, adoptsMarkerTable: true, ownership: ownership)
        if isTakeover { return try Layout.takeover(ownership.isEmpty ? [] : adopted, plan: plan) }
        return try Layout.batch(
            from: there, to: wanted, changes: changes, handles: handles,
            graph: graph, adopting: ownership.isEmpty ? [] : adopted, plan: plan)
    }

    /// The tables that are there and stay, of those that xt2 owns.
    var adopted: [StoredObject] {
        there.tables.filter { wanted.object($0.id) != nil && $0.watch == nil }
    }

    /// Takes over what others changed in observed tables; the kernel's are what counts there.
    ///
    /// - Parameter isEmpty: whether the kernel was restarted: tables that it does not have are loaded then.
    mutating func accept(isEmpty: Bool) throws {
        var observed = Set<ObjectID>()
        for table in wanted.tables where table.watch?.policy == .observed {
            if !isEmpty || there.object(table.id) != nil { observed.insert(table.id) }
        }
        guard !observed.isEmpty else { return }
        foreign = KernelImage.changes(from: wanted, to: there, onlyIn: observed)
        try wanted.apply(foreign)
        changes = KernelImage.changes(from: there, to: wanted)
    }

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
