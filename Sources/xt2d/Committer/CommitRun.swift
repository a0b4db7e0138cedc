import Glibc
import NetlinkProto
import RuleStore

/// A change that is ready to be committed.
struct Proposal {
    var changes: [Change]
    var ruleset: Ruleset
    var graph: ChainGraph
    var nextID: ObjectID
    /// What new rules begin to count from.
    var counters: [ObjectID: [CounterExpression]]
    /// What new and changed rules were read from, as their author says.
    var texts: [ObjectID: ContentDigest]
    var kind: VersionKind
    var rolledBackTo: VersionID?
    /// The version that this one takes back because nobody confirmed it.
    var reverts: VersionID?
    /// How long the version may wait for its confirmation; nil if it is final at once.
    var confirmSeconds: UInt32?
    var audited: AuditedRequest
    /// What the kernel has to do, where that is not all of the changes: what is taken over or let go stays as it is there.
    var kernelChanges: [Change]?
    /// What the kernel has, where that is not the head.
    var there: Ruleset?
    /// Where objects live that are taken over.
    var places: [ObjectID: KernelPlace] = [:]
    /// Tables that are there and are to become xt2's own.
    var adopting: [StoredObject] = []
    /// What its author should know.
    var notices: [String] = []
    /// Which client message an object's change comes from.
    var sequence: (ObjectID) -> SequenceNumber?

    init(
        _ editor: RulesetEditor, _ changes: [Change], kind: VersionKind = .edit,
        rolledBackTo: VersionID? = nil, confirmSeconds: UInt32? = nil, audited: AuditedRequest
    ) {
        self.changes = changes
        ruleset = editor.ruleset
        graph = editor.graph
        nextID = editor.nextID
        counters = editor.counters
        texts = editor.texts
        self.kind = kind
        self.rolledBackTo = rolledBackTo
        self.confirmSeconds = confirmSeconds
        self.audited = audited
        sequence = { editor.sequence(for: $0) }
    }
}

extension Proposal {
    /// Leaves tables in the kernel that other programs made, if the change takes them out of the ruleset: it goes back to
    /// the time before they were taken over.
    mutating func leaveAdopted(of head: Ruleset) throws(Refusal) {
        var there = head
        var left = Set<ObjectID>()
        for case .delete(let table) in changes where table.watch?.isAdopted == true {
            // Another of its name takes its place.
            guard ruleset.table(family: table.family, name: table.name) == nil else { continue }
            let gone = head.deletion(of: table)
            left.formUnion(gone.map(\.id))
            do {
                try there.apply(gone)
            } catch {
                throw Refusal(EIO, "\(error.message).", outcome: .failed)
            }
        }
        guard !left.isEmpty else { return }
        self.there = there
        kernelChanges = changes.filter { !left.contains($0.id) }
    }

    /// Whether parts of the work are worth a thread.
    var isLarge: Bool { changes.count > 500 }

    /// Whether tables come, go or get another policy: others are listened to by table.
    var changesTables: Bool { changes.contains { $0.object.kind == .table } }

    /// Whether it only changes what is in tables that xt2d owns, where the kernel lets nobody else change anything.
    var isOwn: Bool {
        there == nil && adopting.isEmpty
            && changes.allSatisfy { change in
                change.object.kind != .table
                    && ruleset.table(of: change.object).map { $0.watch == nil } ?? false
            }
    }

    /// The version that it makes on top of `old`.
    func version(_ id: VersionID, on old: Ruleset) -> NewVersion {
        NewVersion(
            id: id, time: audited.time, author: audited.peer.author, message: audited.message,
            kind: kind, rolledBackTo: rolledBackTo, reverts: reverts,
            summary: ChangeSummary.text(changes, from: old, to: ruleset))
    }
}

/// A proposal and the version that it becomes.
struct CommitPart {
    let proposal: Proposal
    let version: NewVersion
    /// The addresses in its rules, if they are looked for beside the rest.
    private let addresses: SideTask<Set<AddressPrefix>>?

    init(proposal: Proposal, version: NewVersion) {
        self.proposal = proposal
        self.version = version
        let changes = proposal.changes
        addresses = proposal.isLarge ? SideTask { changes.addresses } : nil
    }

    /// What the store is to write.
    func draft(on generation: GenerationID) -> VersionDraft {
        var entry = proposal.audited.entry(
            outcome: .committed, version: version.id, generation: generation.rawValue)
        if addresses == nil { entry.addresses = proposal.changes.addresses }
        var draft = VersionDraft(version: version, changes: proposal.changes, audit: entry)
        draft.addresses = addresses
        return draft
    }
}

/// One commit under way: one version, or several that the kernel takes in one batch.
struct CommitRun {
    /// The versions, in order; at least one.
    ///
    /// The marker has the number of the last.
    let parts: [CommitPart]
    /// The last version, whose ruleset the kernel is to run.
    let last: CommitPart
    /// Until when somebody has to confirm the last version.
    let confirmation: Confirmation?
    /// The version that waited for its confirmation and is taken back.
    let undone: VersionID?
    /// What the kernel is to do; without messages while it is in the making.
    var batch: KernelBatch
    private var making: SideTask<KernelBatch>?
    /// Where the kernel has put things.
    var places: [ObjectID: KernelPlace] = [:]
    /// The marker, once it was read and cannot change any more.
    var knownMarker: Marker?
    /// What others did after the version was written and before the kernel took it.
    var interleaved: Interleaving?
    /// The generation that was read last, if the batch is sent on it whatever others did until then.
    var regardless: GenerationID?
    /// Whether more was done by others before the kernel took the batch than could be taken in at once.
    var hasMoreBefore = false
    /// The generation that was read when the answer to the batch was lost.
    var live: GenerationID?

    /// A commit of one version, whose batch is made meanwhile.
    init(
        _ part: CommitPart, confirmation: Confirmation? = nil, undone: VersionID? = nil,
        on generation: GenerationID, making: SideTask<KernelBatch>
    ) {
        parts = [part]
        last = part
        self.confirmation = confirmation
        self.undone = undone
        batch = KernelBatch(on: generation)
        self.making = making
    }

    /// A commit of one version, or of several together.
    init(
        earlier: [CommitPart] = [], last: CommitPart, confirmation: Confirmation? = nil,
        undone: VersionID? = nil, batch: KernelBatch
    ) {
        parts = earlier + [last]
        self.last = last
        self.confirmation = confirmation
        self.undone = undone
        self.batch = batch
    }

    /// Waits for the batch, if it is in the making.
    ///
    /// - Throws: ``Refusal`` if there can be none.
    mutating func finishBatch() throws(Refusal) {
        guard let making else { return }
        do {
            batch = try making.value()
        } catch {
            throw Refusal(any: error)
        }
        self.making = nil
    }

    /// Whether several clients' versions are in it.
    var isShared: Bool { parts.count > 1 }

    /// Whether what others did meanwhile follows its versions in the history, and is still to be written down.
    var hasFollowers: Bool { interleaved?.intake.versions.isEmpty == false }

    /// The kernel's generation with these versions in it.
    var generation: GenerationID { live ?? batch.generation.next }

    /// What changes in the table of handles.
    ///
    /// - Parameter known: what was in it.
    func handleChanges(_ known: RuleHandles) -> [(id: ObjectID, handle: UInt64?)] {
        var changes = places.map { (id: $0.key, handle: Optional($0.value.rawValue)) }
        for part in parts {
            for case .delete(let object) in part.proposal.changes {
                changes.append((object.id, nil))
                guard object.kind == .table else { continue }
                changes += known.jumps(in: object.id).map { ($0, nil) }
            }
        }
        return changes + batch.lostJumps.map { ($0, nil) }
    }
}

extension GenerationID {
    /// No generation: the kernel leaves 0 out, and takes it in a batch for "do not check".
    static let none = GenerationID(rawValue: 0)

    /// The generation that the next commit makes.
    ///
    /// - Source: linux `nf_tables_api.c`, `nf_tables_commit`: `while (++net->nft.base_seq == 0)`.
    var next: GenerationID {
        let next = rawValue &+ 1
        return GenerationID(rawValue: next == 0 ? 1 : next)
    }
}

extension KernelState {
    /// What the store keeps of the kernel at a generation; with none, the next start reads the tables.
    init(bootID: String, generation: GenerationID) {
        self.init(bootID: bootID, generation: generation.rawValue)
    }
}
