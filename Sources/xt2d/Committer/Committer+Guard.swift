import Glibc
import RuleStore

extension Committer {
    /// Refuses a change that would cut a connection that its author protects; where that cannot be told, the version says so.
    ///
    /// Costs nothing when nothing is protected.
    func checkLockout(_ proposal: inout Proposal) throws(Refusal) {
        let session = proposal.audited.peer.session
        if session.force { return }
        let origin = session.origin?.connection
        let connections = session.protected + [origin].compactMap(\.self)
        guard !connections.isEmpty else { return }
        let addresses = connections.flatMap { [$0.source.address, $0.destination.address] }
        let lockout = LockoutGuard(
            before: head.ruleset, after: proposal.ruleset, host: HostKnowledge(asking: addresses))
        for connection in connections {
            let finding = lockout.finding(for: connection)
            guard
                let sentence = lockout.sentence(
                    finding, connection, isOrigin: connection == origin)
            else { continue }
            guard case .cut(_, let decider) = finding else {
                proposal.notices.append(sentence)
                continue
            }
            if proposal.confirmSeconds != nil {
                proposal.notices.append(
                    sentence + " It is undone unless it is confirmed in time, by another way.")
                continue
            }
            throw Committer.lockout(sentence, decider, proposal)
        }
    }

    private static func lockout(
        _ sentence: String, _ decider: Decider, _ proposal: Proposal
    ) -> Refusal {
        var refusal = Refusal(
            ECONNABORTED,
            "\(sentence) Nothing was changed. To make the change and have it undone unless you confirm it, add --confirm 60s; to make it all the same, add --force."
        )
        if case .rule(let id) = decider { refusal.sequence = proposal.sequence(id) }
        return refusal
    }
}
