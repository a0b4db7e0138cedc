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
    var kind: VersionKind
    var rolledBackTo: VersionID?
    var audited: AuditedRequest
    /// Which client message an object's change comes from.
    var sequence: (ObjectID) -> SequenceNumber?

    init(
        _ editor: RulesetEditor, _ changes: [Change], kind: VersionKind = .edit,
        rolledBackTo: VersionID? = nil, audited: AuditedRequest
    ) {
        self.changes = changes
        ruleset = editor.ruleset
        graph = editor.graph
        nextID = editor.nextID
        counters = editor.counters
        self.kind = kind
        self.rolledBackTo = rolledBackTo
        self.audited = audited
        sequence = { editor.sequence(for: $0) }
    }
}

/// One commit under way.
struct CommitRun {
    let proposal: Proposal
    let version: NewVersion
    var batch: KernelBatch
    /// Handles that the kernel gave.
    var handles: [ObjectID: Handle] = [:]
    /// The marker, once it was read and cannot change any more.
    var knownMarker: Marker?
    /// The generation that was read when the answer to the batch was lost.
    var live: GenerationID?

    init(proposal: Proposal, version: NewVersion, batch: KernelBatch) {
        self.proposal = proposal
        self.version = version
        self.batch = batch
    }

    /// The kernel's generation with this version in it.
    var generation: GenerationID { live ?? batch.generation.next }

    /// What changes in the table of handles.
    var handleChanges: [(id: ObjectID, handle: UInt64?)] {
        var changes = handles.map { (id: $0.key, handle: Optional($0.value.rawValue)) }
        for case .delete(let object) in proposal.changes { changes.append((object.id, nil)) }
        return changes
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
