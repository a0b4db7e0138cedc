import Glibc
import RuleStore

extension Committer {
    /// Refuses a change that would cut a connection that its author protects; where that cannot be told, the version says so.
    ///
    /// One that is wanted all the same goes into the audit log with what it cuts, and by which rule.
    /// What is taken over or let go stays as it is in the kernel, so it cuts nothing.
    /// - Parameter before: the ruleset that the proposal changes.
    /// - Cost: nothing when nothing is protected.
    func checkLockout(_ proposal: inout Proposal, on before: Ruleset) throws(Refusal) {
        let session = proposal.audited.peer.session
        let origin = session.origin?.connection
        let connections = session.protected + [origin].compactMap(\.self)
        guard !connections.isEmpty else { return }
        var host = HostKnowledge(asking: connections.flatMap { [$0.source, $0.destination] })
        // The host has this connection, so its end is here, whatever the routes say.
        if let origin { host.addresses.insert(origin.destination.address) }
        let lockout = LockoutGuard(
            before: proposal.there ?? before, after: proposal.ruleset,
            changes: proposal.kernelChanges ?? proposal.changes, host: host)
        for connection in connections {
            let finding = lockout.finding(for: connection)
            guard
                let sentence = lockout.sentence(
                    finding, connection, isOrigin: connection == origin)
            else { continue }
            guard case .cut(_, let decider) = finding else {
                if !session.force { proposal.notices.append(sentence) }
                continue
            }
            if proposal.confirmSeconds != nil {
                proposal.notices.append(
                    sentence + " It is undone unless it is confirmed in time, by another way.")
            } else if session.force {
                proposal.notices.append(sentence + " It is made all the same.")
            } else {
                throw Committer.lockout(sentence, decider, proposal)
            }
            let option = proposal.confirmSeconds == nil ? "--force" : "--confirm"
            proposal.audited.warnings.append(
                "\(sentence) It was made all the same, with \(option).")
        }
    }

    private static func lockout(
        _ sentence: String, _ decider: Decider, _ proposal: Proposal
    ) -> Refusal {
        var refusal = Refusal(
            ECONNABORTED,
            "\(sentence) Nothing was changed.")
        if case .rule(let id) = decider { refusal.sequence = proposal.sequence(id) }
        return refusal
    }
}
