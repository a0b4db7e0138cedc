import Glibc
import Logging
import RuleStore

// Who may do what, and how much of it.
extension Committer {
    /// Refuses users who lack a right.
    func authorise(_ peer: Peer, _ right: Right) throws(Refusal) {
        if let refusal = configuration.refusal(of: peer, right) { throw refusal }
    }

    /// Writes to the audit log that somebody asked for what only those with a right may have.
    func noteDenial(_ refusal: Refusal, action: String, peer: Peer) {
        audit(refusal, AuditedRequest(peer: peer, action: action, scopes: [], message: ""))
    }

    /// Whether a denied attempt gets an audit entry of its own; those that do not are told together later.
    func admitDenial(_ request: AuditedRequest) -> Bool {
        let admitted = denials.admit(request.peer.uid, request.action, at: request.time)
        if admitted { tellDenials() }
        return admitted
    }

    /// Writes to the audit log how many attempts were denied that have no entry of their own.
    func tellDenials(end: Bool = false) {
        for untold in denials.takeUntold(at: .now, end: end) {
            let daemon = AuditedRequest(
                peer: .daemon, action: "denied", scopes: [], message: "")
            let entry = daemon.entry(
                outcome: .refused, reason: untold.sentence, generation: head.generation)
            do {
                _ = try store.appendAudit(entry)
            } catch {
                log.error(
                    "the audit log cannot be written", metadata: ["error": "\(error.message)"])
            }
        }
    }

    // MARK: Candidates

    /// Refuses one more candidate than are allowed.
    func checkRoom() throws {
        let limit = configuration.limits.candidates
        guard try store.candidates().count >= limit else { return }
        throw Refusal(
            E2BIG,
            "There are \(limit) candidates already; commit or abort one (see 'xt2 candidates').")
    }

    /// Refuses edits that make a candidate too large.
    func checkSize(of candidate: Candidate, with operations: [[UInt8]]) throws {
        let limit = configuration.limits.candidateBytes
        let size = operations.reduce(candidate.operationBytes) { $0 + $1.count }
        guard size > limit else { return }
        throw Refusal(
            E2BIG,
            "Candidate \(candidate.id) would have \(size) bytes; at most \(limit) are allowed. Commit it and begin another."
        )
    }
}
