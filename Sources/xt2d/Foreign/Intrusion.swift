import NetlinkProto
import RuleStore

/// What others did to enforced tables and is not undone yet.
///
/// It stays until the kernel has taken a batch that undoes it.
struct Intrusion {
    /// The kernel's ruleset.
    var there: Ruleset
    /// Objects of enforced tables that were touched.
    private(set) var touched: Set<ObjectID> = []
    /// Who did it, one after the other, as far as the audit log does not have it.
    private(set) var attempts: [Attempt] = []
    /// Why it could not be undone, if that was tried in vain.
    private(set) var failure: Failure?

    /// What one process did, in one commit or in several that nobody else came between.
    struct Attempt {
        let origin: ForeignProcess
        let time: Timestamp
        /// The generation of the last of the commits.
        var generation: GenerationID
        var changes: [Change]
        var scopes: [AuditScope]
        /// What the kernel told, kept with the attempt.
        var request: [UInt8]
        var commitCount = 1
    }

    /// An attempt to undo that the kernel refused.
    struct Failure {
        var reason: Refusal
        /// Who is behind it.
        var origin: ForeignProcess
        /// How often it was tried.
        var count: Int
        /// Whether it is to be tried again now.
        var isDue = false
    }

    init(there: Ruleset) { self.there = there }

    /// Whether it is to be undone now.
    var isDue: Bool { failure?.isDue ?? true }

    /// Takes note of what somebody did.
    mutating func add(_ attempt: Attempt) {
        touched.formUnion(attempt.changes.lazy.map(\.id))
        guard let last = attempts.indices.last, attempts[last].origin == attempt.origin else {
            return attempts.append(attempt)
        }
        attempts[last].generation = attempt.generation
        attempts[last].changes += attempt.changes
        attempts[last].scopes = Array(Set(attempts[last].scopes).union(attempt.scopes))
        let room = max(0, AuditedRequest.requestBytes - attempts[last].request.count)
        attempts[last].request += attempt.request.prefix(room)
        attempts[last].commitCount += 1
    }

    /// What has to be done for a ruleset to be live that begins with the head.
    ///
    /// - Parameter more: what else changes.
    func changes(to ruleset: Ruleset, with more: [Change] = []) -> [Change] {
        touched.union(more.lazy.map(\.id)).sorted()
            .compactMap { Change($0, from: there, to: ruleset) }
            .inApplicationOrder()
    }

    /// The enforced tables that are not as the head says.
    func tables(besides head: Ruleset) -> [StoredObject] {
        let ids = changes(to: head).compactMap { change in
            (head.table(of: change.object) ?? there.table(of: change.object))?.id
        }
        return Set(ids).sorted().compactMap { head.object($0) ?? there.object($0) }
    }

    /// Whether a change is about one of those tables.
    func isTouched(by proposal: Proposal, head: Ruleset) -> Bool {
        let tables = Set(tables(besides: head).map(\.id))
        return proposal.changes.contains { change in
            [head, proposal.ruleset].contains { ruleset in
                ruleset.table(of: change.object).map { tables.contains($0.id) } ?? false
            }
        }
    }

    /// Says that it could not be undone; the attempts are in the audit log.
    mutating func fail(_ reason: Refusal, head: Ruleset) {
        failure = Failure(
            reason: reason, origin: attempts.last?.origin ?? failure?.origin ?? .unknown,
            count: (failure?.count ?? 0) + 1)
        attempts = []
        touched = touched.filter { there.object($0) != nil || head.object($0) != nil }
    }

    /// Has it tried again.
    mutating func makeDue() { failure?.isDue = true }
}
