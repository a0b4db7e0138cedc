import struct RuleStore.Confirmation
import struct RuleStore.Tag

@testable import RuleStore

/// All that a store answers for, as of one moment: what must be as it was after a failure.
struct StoreState: Equatable {
    let ruleset: Ruleset
    let head: VersionID
    let pending: [VersionID]
    let audit: AuditHead
    let next: ObjectID
    let tags: [Tag]
    let waiting: Confirmation?
    let horizon: Horizon
    let handles: ObjectMap<UInt64>
    let kernel: KernelState?
    let candidates: [Candidate]
    let operations: [[[UInt8]]]

    init(_ store: RuleStore) throws {
        head = try store.head()
        ruleset = try store.loadRuleset(at: head)
        pending = try store.pendingVersions()
        audit = try store.auditHead()
        next = try store.nextObjectID()
        tags = try store.tags()
        waiting = try store.openConfirmation()
        horizon = try store.horizon()
        handles = try store.kernelHandles()
        kernel = try store.kernelState()
        candidates = try store.candidates()
        operations = try candidates.map { try store.operations(of: $0.id) }
    }
}
