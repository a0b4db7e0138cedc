import Glibc
import NetlinkProto
import RuleStore

// What is done to versions as such: naming them, and giving old ones up.
extension Committer {
    /// Names a version.
    func addTag(_ request: TagMessage, peer: Peer) throws(Refusal) -> Tag {
        let version = request.version.map { VersionID(rawValue: $0) } ?? head.version
        let tag = Tag(name: request.name, version: version, time: .now, uid: peer.uid)
        let audited = AuditedRequest(
            peer: peer, action: AuditEntry.tagAction, scopes: [], message: request.name)
        return try carryOut(audited, version) { entry in
            try store.addTag(tag, audit: entry)
            return tag
        }
    }

    /// Takes a name away, and returns the version that had it.
    func deleteTag(_ name: String, peer: Peer) throws(Refusal) -> VersionID {
        let audited = AuditedRequest(
            peer: peer, action: AuditEntry.deleteTagAction, scopes: [], message: name)
        return try carryOut(audited, nil) { try store.deleteTag(name, audit: $0) }
    }

    /// Carries out what changes no ruleset; refusals are audited.
    private func carryOut<Result>(
        _ audited: AuditedRequest, _ version: VersionID?,
        _ body: (AuditEntry) throws -> Result
    ) throws(Refusal) -> Result {
        do {
            try authorise(audited.peer, .edit)
            return try body(
                audited.entry(
                    outcome: .committed, version: version, generation: head.generation))
        } catch {
            let refusal = Refusal(any: error)
            audit(refusal, audited)
            throw refusal
        }
    }

    // MARK: Pruning

    /// Up to where a request asks to prune.
    func pruneGoal(_ request: PruneRequest, peer: Peer) throws(Refusal) -> PruneGoal {
        do {
            try authorise(peer, .edit)
            switch (request.keep, request.before) {
            case (let keep?, nil) where keep > 0: return .keep(keep)
            case (nil, let time?): return .before(Timestamp(rawValue: Int64(clamping: time)))
            case (.some, nil):
                throw Refusal(EINVAL, "At least one version has to be kept.")
            default:
                throw Refusal(
                    EINVAL, "Either a number of versions to keep or a time has to be given.")
            }
        } catch {
            throw refusePrune(error, peer: peer)
        }
    }

    /// The audit log's words for a prune that is about to be done.
    func pruneEntry(_ plan: PrunePlan, peer: Peer) -> AuditEntry {
        let kept = plan.horizon.kept.count
        var audited = pruneRequest(peer)
        audited.message =
            "\(plan.versionCount) versions before \(plan.horizon.version)"
            + (kept > 0 ? "; \(kept) tagged ones kept" : "")
        return audited.entry(
            outcome: .committed, version: plan.horizon.version, generation: head.generation)
    }

    /// Writes down that a prune came to nothing.
    func refusePrune(_ error: any Error, peer: Peer) -> Refusal {
        let refusal = Refusal(any: error)
        audit(refusal, pruneRequest(peer))
        return refusal
    }

    private func pruneRequest(_ peer: Peer) -> AuditedRequest {
        AuditedRequest(
            peer: peer, action: AuditEntry.pruneAction, scopes: [], message: "")
    }
}
