import Glibc
import Logging
import NetlinkProto
import RuleStore

/// What recovery found and made: store and kernel agree on the head.
struct Recovered {
    let store: RuleStore
    let kernel: any Kernel
    let head: Head
    /// The graph of the head.
    let graph: ChainGraph
    let nextID: ObjectID
    /// The version that the marker names: the head, or one that only foreign versions follow.
    let marked: VersionID
    /// Tables that other programs deleted, with the bodies that they had.
    let lapsed: [StoredObject]
    let ownership: TableBody.Flags
    let bootID: String
    /// The version that waits for its confirmation.
    let confirmation: Confirmation?
    /// What an administrator should know about this start.
    let notices: [String]
}

/// Brings kernel and store to agree at start: finishes or drops a pending version, loads an empty kernel, repairs one that
/// differs, and makes the tables this process's own.
struct Recovery {
    let store: RuleStore
    let kernel: any Kernel
    let log: Logger
    let bootID: String
    private var ownership: TableBody.Flags = [.owner, .persist]
    var notices: [String] = []
    /// Whether the tables are this process's own already.
    private var hasAdopted = false
    /// The version that was prepared here, to take back one that nobody confirmed.
    var prepared: VersionID?
    /// What is told of that.
    var revertNotice: String?
    /// Whether the kernel has refused that, so that the committer has to try again later.
    var isRevertRefused = false

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
                uuid: store.uuid, head: head, pending: pending,
                prepared: prepared, lastOwn: try store.lastOwnVersion(), marker: marker,
                recorded: try store.kernelState(),
                current: KernelState(bootID: bootID, generation: generation)))
        if decision.pending == .drop { try dropPending() }
        let target = decision.pending == .finish ? pending ?? head : head
        if try revert(target, decision) { return nil }
        do {
            return try bring(target, decision, head, pending, marker, generation)
        } catch let error as StartError where prepared == target {
            // Whatever is in the way of taking a version back is no reason to load nothing.
            try giveUpRevert(error.description)
            return nil
        }
    }

    /// Brings the kernel to the version that was decided on; nil if someone committed in between, or another is decided on.
    private mutating func bring(
        _ target: VersionID, _ decision: RecoveryDecision, _ head: VersionID,
        _ pending: VersionID?, _ marker: Marker?, _ generation: GenerationID
    ) throws -> Recovered? {
        let handles =
            decision.kernelWork == .trust
            ? SideTask { [store] in RuleHandles(try store.kernelHandles()) } : nil
        var graph: SideTask<ChainGraph>?
        let wanted = try store.loadRuleset(at: target) { objects in
            graph = SideTask { try ChainGraph(halving: objects) }
        }
        var work = KernelRepair(
            wanted: wanted, graph: try graph?.value() ?? ChainGraph(wanted), version: target,
            generation: generation, marker: marker, nextID: try store.nextObjectID())
        if let handles {
            work.there = work.wanted
            work.handles = try handles.value()
        } else {
            try read(&work, decision)
            // What others did is not in the graph of what was loaded.
            if !work.foreign.isEmpty { work.graph = ChainGraph(work.wanted) }
        }
        if try adopt(work) { return nil }
        switch try send(&work) {
        case .retry: return nil
        case .refused(let error, let subject) where prepared == target:
            try giveUpRevert(
                KernelRefusal.sentence(error, subject, work.wanted, work.there))
            return nil
        case .refused(let error, let subject):
            guard decision.pending == .finish, decision.kernelIsEmpty, let pending,
                let subject,
                try store.diff(from: head, to: pending).contains(where: { $0.id == subject })
            else {
                throw StartError.kernelRefused(target, error, work.table(subject))
            }
            // What the pending version changed is refused, so that is why it never became head; the one before worked.
            try dropPending(because: error.description)
            return nil
        case .done: break
        }
        return try finish(work, decision)
    }

    /// Drops the pending versions: those that were prepared together stand and fall together.
    func dropPending(because reason: String? = nil) throws {
        let why =
            reason.map { "The kernel refused it at start: \($0)".asSentence }
            ?? "The daemon stopped before the kernel took it."
        let versions = try store.pendingVersions()
        try store.abandon(
            versions.map { version in
                let entry = request("recovery").entry(
                    outcome: .failed, version: version, reason: why, generation: 0)
                return (version, entry)
            })
        for version in versions {
            log.notice(
                "dropped a pending version", metadata: ["version": "\(version)", "why": "\(why)"])
        }
    }

    private func request(_ action: String) -> AuditedRequest {
        AuditedRequest(peer: .daemon, action: action, scopes: [], message: "")
    }

    // MARK: Reading the kernel

    private mutating func read(_ work: inout KernelRepair, _ decision: RecoveryDecision) throws {
        var tables = Array(work.wanted.tables)
        if let leftover = decision.leftover, let old = try? store.loadRuleset(at: leftover) {
            tables += old.tables.filter {
                work.wanted.table(family: $0.family, name: $0.name) == nil
            }
        } else if let leftover = decision.leftover {
            try noteStrays(besides: work.wanted, of: leftover)
        }
        let dump = try KernelDump.read(kernel, tables: tables)
        try refuseOwned(dump, work.wanted)
        if decision.kernelIsEmpty { try refuseStrangers(dump, work.wanted) }
        let image = try KernelImage(
            dump, tables: tables, wanted: work.wanted, known: try knownHandles(),
            nextID: work.nextID)
        if decision.kernelIsEmpty,
            let (table, _) = image.unreadable.first(where: { $0.table.watch == nil })
        {
            throw StartError.notOurs(table.title)
        }
        for (table, reason) in image.unreadable {
            let notice = KernelImage.notice(of: table, reason)
            log.warning("\(notice)")
            if !notices.contains(notice) { notices.append(notice) }
        }
        work.there = image.ruleset
        work.handles = image.handles
        work.changes = image.changes
        work.nextID = image.nextID
        try work.accept(isEmpty: decision.kernelIsEmpty)
    }

    /// The handles of this boot that the store knows.
    private func knownHandles() throws -> RuleHandles {
        guard try store.kernelState()?.bootID == bootID else { return RuleHandles() }
        return RuleHandles(try store.kernelHandles())
    }

    /// Refuses to go on where a table is another process's own: whatever is sent for it would be refused.
    private func refuseOwned(_ dump: KernelDump, _ wanted: Ruleset) throws(StartError) {
        for (id, table) in dump.tables {
            guard let object = wanted.object(id), object.watch?.policy != .observed,
                let owner = table.owner
            else { continue }
            throw StartError.owned(object.title, owner.title)
        }
    }

    /// Refuses to take over a table of the same name that holds other people's rules; without a marker it is not ours.
    private func refuseStrangers(_ dump: KernelDump, _ wanted: Ruleset) throws(StartError) {
        for (id, table) in dump.tables where wanted.object(id)?.watch == nil {
            let rules = table.chains.values.lazy.flatMap(\.rules)
            guard rules.contains(where: { $0.identity == nil }) else { continue }
            throw StartError.notOurs(wanted.object(id)?.title ?? table.message.name)
        }
    }

    // MARK: Writing to the kernel

    private enum Sent {
        case done
        case retry
        /// One message was refused; it is about this object, where it is about one of the version.
        case refused(KernelError, subject: ObjectID?)
    }

    /// Makes the tables that are there this process's own before anything in them is changed.
    ///
    /// Why: in the batch that changes a table's flags the kernel refuses new base chains (linux `nf_tables_api.c`,
    /// `nf_tables_addchain`, `__NFT_TABLE_F_UPDATE`); and once they are owned, nobody else changes them meanwhile.
    /// - Returns: whether the kernel has been changed, so that it must be looked at again.
    private mutating func adopt(_ work: KernelRepair) throws -> Bool {
        guard !hasAdopted, !work.changes.isEmpty, !work.adopted.isEmpty else { return false }
        var takeover = work
        takeover.isTakeover = true
        switch try send(&takeover) {
        case .retry: break
        case .refused(let error, let subject):
            throw StartError.kernelRefused(work.version, error, work.table(subject))
        case .done: hasAdopted = true
        }
        return true
    }

    /// Sends what differs, with ownership; without ownership where the kernel does not know it.
    private mutating func send(_ work: inout KernelRepair) throws -> Sent {
        let batch = try work.batch(uuid: store.uuid, ownership: ownership)
        switch kernel.commit(batch) {
        case .committed(let places, let complete):
            for (id, place) in places { work.handles[id] = place }
            for jump in batch.lostJumps { work.handles[jump] = nil }
            guard complete else { return .retry }
            return .done
        case .generationMoved, .unknown: return .retry
        case .refused(let error):
            let subject = error.sequence.flatMap { batch.subjects[$0] }
            if ownership.isEmpty || error.errno == EPERM {
                return try refused(error, subject, work)
            }
            guard [EOPNOTSUPP, EINVAL].contains(error.errno), !KernelRepair.knowsPersist() else {
                return .refused(error, subject: subject)
            }
            ownership = []
            notices.append(
                "This kernel has no persistent table ownership (it came with Linux 6.9), so other programs can change xt2's tables."
            )
            return try send(&work)
        }
    }

    private func refused(
        _ error: KernelError, _ subject: ObjectID?, _ work: KernelRepair
    ) throws -> Sent {
        guard error.errno == EPERM else { return .refused(error, subject: subject) }
        if let table = subject.flatMap({ KernelRefusal.table(of: $0, work.wanted, work.there) }) {
            throw StartError.owned(table.title, "another process")
        }
        throw StartError(
            "Another process owns xt2's tables in this network namespace, or this one may not change nf_tables: run xt2d as root, and only one at a time."
        )
    }

    // MARK: The store

    private mutating func finish(
        _ work: KernelRepair, _ decision: RecoveryDecision
    ) throws -> Recovered {
        let state = KernelState(bootID: bootID, generation: work.generation.next)
        // What was not read is as the store has it.
        let handles = decision.kernelWork == .trust ? [] : try handleChanges(work)
        let isComplete = work.foreign.isEmpty
        if decision.pending == .finish {
            // With the handles, and as a state to be trusted only if nothing is left to be written: the daemon may end before that.
            try store.commit(
                work.version, handles: isComplete ? handles : [],
                kernel: isComplete ? state : KernelState(bootID: bootID, generation: .none))
            log.notice("finished a pending version", metadata: ["version": "\(work.version)"])
        } else if isComplete {
            try store.recordKernel(handles: handles, kernel: state)
        }
        let version = isComplete ? work.version : try recordForeign(work, handles, state)
        try report(work, decision)
        return Recovered(
            store: store, kernel: kernel,
            head: Head(
                version: version, ruleset: work.wanted, handles: work.handles,
                generation: state.generation),
            graph: work.graph, nextID: work.nextID, marked: work.version,
            lapsed: try store.foreignLosses(),
            ownership: ownership, bootID: bootID,
            confirmation: try store.openConfirmation(), notices: notices)
    }

    /// Makes what others did while nobody watched a version of its own.
    private mutating func recordForeign(
        _ work: KernelRepair, _ handles: [(id: ObjectID, handle: UInt64?)], _ state: KernelState
    ) throws -> VersionID {
        let before = try store.loadRuleset(at: work.version)
        let version = NewVersion(
            id: work.version.next, time: .now, author: ForeignProcess.unknown.author,
            message: ForeignRecord.unwatched, kind: .foreign,
            summary: ChangeSummary.text(work.foreign, from: before, to: work.wanted))
        let audited = AuditedRequest(
            peer: .foreign(.unknown), action: ForeignRecord.action,
            scopes: work.foreign.scopes(in: [work.wanted, before]),
            message: ForeignRecord.unwatched)
        var entry = audited.entry(
            outcome: .committed, version: version.id, generation: state.generation)
        entry.addresses = work.foreign.addresses
        try store.record([
            LiveVersion(
                version, changes: work.foreign, nextObjectID: work.nextID, audit: entry,
                handles: handles, kernel: state)
        ])
        let count = work.foreign.count
        notices.append(
            "Other programs changed \(count) \(count == 1 ? "object" : "objects") of observed tables while xt2d was not running; that is version \(version.id)."
        )
        return version.id
    }

    /// What the store has to change in its table of handles.
    private func handleChanges(_ work: KernelRepair) throws -> [(id: ObjectID, handle: UInt64?)] {
        var stored = try store.kernelHandles()
        var changes: [(id: ObjectID, handle: UInt64?)] = []
        for id in work.wanted.allObjects.map(\.id) + work.handles.jumps {
            let known = stored.update(id) { $0.take() }
            guard let place = work.handles[id]?.rawValue, place != known else { continue }
            changes.append((id, place))
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
