import Glibc
import Logging
import NetlinkProto
import RuleStore

/// What recovery found and made: store and kernel agree on the head.
struct Recovered {
    let store: RuleStore
    let kernel: any Kernel
    let head: Head
    let nextID: ObjectID
    let ownership: TableBody.Flags
    let bootID: String
    /// What an administrator should know about this start.
    let notices: [String]
}

/// Brings kernel and store to agree at start: finishes or drops a pending version, loads an empty kernel, repairs one that
/// differs, and makes the tables this process's own.
struct Recovery {
    private let store: RuleStore
    private let kernel: any Kernel
    private let log: Logger
    private let bootID: String
    private var ownership: TableBody.Flags = [.owner, .persist]
    private var notices: [String] = []
    /// Whether the tables are this process's own already.
    private var hasAdopted = false

    /// How often recovery starts over because others commit in between.
    private static let attempts = 100

    private init(_ store: RuleStore, _ kernel: any Kernel, _ log: Logger) {
        self.store = store
        self.kernel = kernel
        self.log = log
        bootID = SmallFile.read("/proc/sys/kernel/random/boot_id") ?? "unknown"
    }

    /// Recovers.
    ///
    /// - Throws: ``StartError`` that says what is in the way and what to do about it.
    static func run(
        _ store: RuleStore, _ kernel: any Kernel, log: Logger
    ) throws(StartError) -> Recovered {
        var recovery = Recovery(store, kernel, log)
        do {
            for _ in 0..<attempts {
                if let recovered = try recovery.attempt() { return recovered }
            }
        } catch {
            throw StartError(any: error)
        }
        throw StartError(
            "Other programs change nf_tables without a pause, so the ruleset cannot be compared; stop them and start xt2d again."
        )
    }

    /// One attempt; nil if someone committed in between.
    private mutating func attempt() throws -> Recovered? {
        let generation = try kernel.generation()
        let marker = try kernel.marker()
        let head = try store.head()
        let pending = try store.pending()?.id
        let decision = try RecoveryDecision(
            RecoveryDecision.Findings(
                uuid: store.uuid, head: head, pending: pending, marker: marker,
                recorded: try store.kernelState(),
                current: KernelState(bootID: bootID, generation: generation.rawValue)))
        if decision.pending == .drop, let pending { try drop(pending) }
        let target = decision.pending == .finish ? pending ?? head : head
        var work = KernelRepair(
            wanted: try store.loadRuleset(at: target), version: target, generation: generation,
            marker: marker, nextID: try store.nextObjectID())
        try read(&work, decision)
        if try adopt(work) { return nil }
        switch try send(&work) {
        case .retry: return nil
        case .refused(let error, let subject):
            guard decision.pending == .finish, decision.kernelIsEmpty, let pending else {
                throw StartError.kernelRefused(target, error, subject)
            }
            // It may be the reason why it never became head; the version before it surely worked.
            try drop(pending, because: error.description)
            return nil
        case .done: break
        }
        return try finish(work, decision)
    }

    private func drop(_ version: VersionID, because reason: String? = nil) throws {
        let why =
            reason.map { "The kernel refused it at start: \($0)." }
            ?? "The daemon stopped before the kernel took it."
        try store.abandon(
            version,
            audit: request("recovery").entry(
                outcome: .failed, version: version, reason: why, generation: 0))
        log.notice(
            "dropped a pending version", metadata: ["version": "\(version)", "why": "\(why)"])
    }

    private func request(_ action: String) -> AuditedRequest {
        AuditedRequest(peer: .daemon, action: action, scopes: [], message: "")
    }

    // MARK: Reading the kernel

    private mutating func read(_ work: inout KernelRepair, _ decision: RecoveryDecision) throws {
        if decision.kernelWork == .trust {
            work.there = work.wanted
            work.handles = RuleHandles(try store.kernelHandles())
            return
        }
        var tables = Array(work.wanted.tables)
        if let leftover = decision.leftover, let old = try? store.loadRuleset(at: leftover) {
            tables += old.tables.filter { work.wanted.object($0.id) == nil }
        }
        let dump = try KernelDump.read(kernel, tables: tables)
        let snapshot = try KernelSnapshot(
            dump, tables: tables, wanted: work.wanted, strangerID: work.nextID)
        work.there = snapshot.ruleset
        work.handles = snapshot.handles
        work.changes = snapshot.changes
    }

    // MARK: Writing to the kernel

    private enum Sent {
        case done
        case retry
        /// One message was refused; it is about this table, where it is about one.
        case refused(KernelError, table: String?)
    }

    /// Makes the tables that are there this process's own before anything in them is changed.
    ///
    /// Why: in the batch that changes a table's flags the kernel refuses new base chains (linux `nf_tables_api.c`,
    /// `nf_tables_addchain`, `__NFT_TABLE_F_UPDATE`); and once they are owned, nobody else changes them meanwhile.
    /// - Returns: whether the kernel has been changed, so that it must be looked at again.
    private mutating func adopt(_ work: KernelRepair) throws -> Bool {
        guard !hasAdopted, !work.changes.isEmpty, !work.adopted.isEmpty else { return false }
        var takeover = work.takeover
        switch try send(&takeover) {
        case .retry: break
        case .refused(let error, let table):
            throw StartError.kernelRefused(work.version, error, table)
        case .done: hasAdopted = true
        }
        return true
    }

    /// Sends what differs, with ownership; without ownership where the kernel does not know it.
    private mutating func send(_ work: inout KernelRepair) throws -> Sent {
        let batch = try work.batch(uuid: store.uuid, ownership: ownership)
        switch kernel.commit(batch) {
        case .committed(let handles, let complete):
            for (id, handle) in handles { work.handles[id] = handle }
            guard complete else { return .retry }
            return .done
        case .generationMoved, .unknown: return .retry
        case .refused(let error):
            let table = work.table(error.sequence, in: batch)
            if ownership.isEmpty || error.errno == EPERM { return try refused(error, table) }
            guard [EOPNOTSUPP, EINVAL].contains(error.errno), !KernelRepair.knowsPersist() else {
                return .refused(error, table: table)
            }
            ownership = []
            notices.append(
                "This kernel has no persistent table ownership (it came with Linux 6.9), so other programs can change xt2's tables."
            )
            return try send(&work)
        }
    }

    private func refused(_ error: KernelError, _ table: String?) throws -> Sent {
        guard error.errno == EPERM else { return .refused(error, table: table) }
        throw StartError(
            "Another process owns xt2's tables in this network namespace, or this one may not change nf_tables: run xt2d as root, and only one at a time."
        )
    }

    // MARK: The store

    private mutating func finish(
        _ work: KernelRepair, _ decision: RecoveryDecision
    ) throws -> Recovered {
        let state = KernelState(bootID: bootID, generation: work.generation.rawValue &+ 1)
        if decision.pending == .finish {
            try store.commit(work.version, handles: [], kernel: state)
            log.notice("finished a pending version", metadata: ["version": "\(work.version)"])
        }
        try store.recordKernel(handles: try handleChanges(work), kernel: state)
        try report(work, decision)
        return Recovered(
            store: store, kernel: kernel,
            head: Head(
                version: work.version, ruleset: work.wanted, handles: work.handles,
                generation: state.generation),
            nextID: work.nextID, ownership: ownership, bootID: bootID, notices: notices)
    }

    /// What the store has to change in its table of handles.
    private func handleChanges(_ work: KernelRepair) throws -> [(id: ObjectID, handle: UInt64?)] {
        var stored = try store.kernelHandles()
        var changes: [(id: ObjectID, handle: UInt64?)] = []
        for object in work.wanted.allObjects {
            let known = stored.removeValue(forKey: object.id)
            guard let handle = work.handles[object.id]?.rawValue, handle != known else { continue }
            changes.append((object.id, handle))
        }
        return changes + stored.keys.map { (id: $0, handle: nil) }
    }

    private mutating func report(_ work: KernelRepair, _ decision: RecoveryDecision) throws {
        guard !work.changes.isEmpty else {
            return log.info("kernel and store agree", metadata: ["version": "\(work.version)"])
        }
        let action = decision.kernelIsEmpty ? "load" : "repair"
        let text =
            decision.kernelIsEmpty
            ? "loaded version \(work.version) into the kernel"
            : "the kernel differed from version \(work.version) in \(work.changes.count) objects and was repaired"
        log.notice("\(text)")
        if !decision.kernelIsEmpty { notices.append("At start \(text).") }
        var audited = request(action)
        audited.scopes = work.changes.scopes(in: [work.wanted, work.there])
        _ = try store.appendAudit(
            audited.entry(
                outcome: .committed, version: work.version, reason: text,
                generation: work.generation.rawValue))
    }
}

/// What the kernel has, what it should have, and the batch that leads from one to the other.
private struct KernelRepair {
    let wanted: Ruleset
    let version: VersionID
    let generation: GenerationID
    let marker: Marker?
    let nextID: ObjectID
    var there = Ruleset()
    var handles = RuleHandles()
    var changes: [Change] = []

    func batch(uuid: [UInt8], ownership: TableBody.Flags) throws -> KernelBatch {
        let plan = BatchPlan(
            generation: generation, marker: Marker(uuid: uuid, version: version),
            replacesMarker: marker != nil, adoptsMarkerTable: true, ownership: ownership)
        return try Layout.batch(
            from: there, to: wanted, changes: changes, handles: handles,
            adopting: ownership.isEmpty ? [] : adopted, plan: plan)
    }

    /// The tables that are there and stay.
    var adopted: [StoredObject] { there.tables.filter { wanted.object($0.id) != nil } }

    /// The same without the changes: the tables only get their owner, the marker stays.
    var takeover: KernelRepair {
        KernelRepair(
            wanted: wanted, version: marker?.version ?? version, generation: generation,
            marker: marker, nextID: nextID, there: there, handles: handles)
    }

    /// The table that a message of the batch is about; nil if it is about something else.
    func table(_ sequence: SequenceNumber?, in batch: KernelBatch) -> String? {
        guard let sequence else { return nil }
        guard let subject = batch.subjects[sequence] else {
            // The marker's table is made first, and belongs to no version.
            return sequence == SequenceNumber(2) ? "\(Marker.family.name) \(Marker.table)" : nil
        }
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

/// Why the daemon cannot start, for people.
struct StartError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    init(any error: any Error) {
        switch error {
        case let error as StartError: self = error
        case let error as StoreError: self.init(error.message.asSentence)
        case let error as KernelError:
            self.init("The kernel cannot be used: \(error.description).")
        case RecoveryDecision.Obstacle.otherStore(let marker):
            self.init(
                """
                The kernel runs version \(marker.version) of another store (\(Marker.hex(marker.uuid))). Start xt2d with that store's \
                database; or, to forget it, delete its marker with 'nft delete table inet xt2' and start again: tables of the same name \
                are then taken over.
                """)
        default: self.init("\(error)")
        }
    }

    static func kernelRefused(
        _ version: VersionID, _ error: KernelError, _ table: String?
    ) -> StartError {
        // EEXIST for a table to be made; EOPNOTSUPP for one that is there and cannot be owned, because it is not persistent.
        if let table, [EEXIST, EOPNOTSUPP].contains(error.errno) {
            return StartError(
                "The kernel has a table \(table) that xt2 did not make, and version \(version) has one of that name. Nothing was changed; delete it with 'nft delete table \(table)', then start again."
            )
        }
        return StartError(
            "The kernel refused version \(version): \(error.description). No rule of it is loaded.")
    }
}
