import Logging
import NetlinkProto
import RuleStore

// A version whose time to be confirmed ran out while nobody was there to take it back.
extension Recovery {
    /// Prepares the version that takes back what nobody confirmed in time, before any of it is loaded into the kernel.
    ///
    /// Where other programs may have changed observed tables meanwhile, that has to become a version first: the committer takes
    /// the unconfirmed one back then, as soon as it is there. The kernel runs that version all the while.
    /// - Parameter head: the version that the decision is for.
    /// - Returns: whether a version was prepared, so that the start begins anew with it.
    mutating func revert(_ head: VersionID, _ decision: RecoveryDecision) throws -> Bool {
        guard prepared == nil, !isRevertRefused, let confirmation = try store.openConfirmation(),
            confirmation.version <= head,
            confirmation.remainingMicroseconds(at: ClockReading(now: bootID)) == 0
        else { return false }
        let ruleset = try store.loadRuleset(at: head)
        guard decision.kernelIsEmpty || ruleset.watchedTables.isEmpty else { return false }
        let editor = RulesetEditor(
            ruleset, graph: ChainGraph(ruleset), nextID: try store.nextObjectID())
        let proposal: Proposal
        do {
            guard let found = try Reversal.proposal(of: confirmation, on: head, editor, store)
            else { return false }
            proposal = found
        } catch {
            noteRefusedRevert(of: confirmation.version, error.message)
            return false
        }
        if decision.pending == .finish {
            // Its author may have been told of success, so it is part of the history.
            try store.commit(
                head, handles: [], kernel: KernelState(bootID: bootID, generation: .none))
        }
        let version = proposal.version(head.next, on: ruleset)
        try store.prepare(
            version, changes: proposal.changes, nextObjectID: proposal.nextID,
            audit: proposal.audited.entry(
                outcome: .committed, version: version.id, generation: 0),
            undoing: confirmation.version)
        prepared = version.id
        let text =
            "version \(confirmation.version) was not confirmed in time, and version \(version.id) takes it back"
        log.notice("\(text)")
        revertNotice = "At start \(text)."
        notices.append("At start \(text).")
        return true
    }

    /// Starts with the version that nobody confirmed, since the kernel does not take the one before: better than none.
    mutating func giveUpRevert(_ reason: String) throws {
        let confirmed = try store.openConfirmation()
        try dropPending(because: reason)
        prepared = nil
        notices.removeAll { $0 == revertNotice }
        let waiting = try store.openConfirmation() ?? confirmed
        noteRefusedRevert(of: waiting?.version ?? .empty, reason)
    }

    /// Says at which version the kernel is left; the committer goes on trying, and says so for as long as it does.
    private mutating func noteRefusedRevert(of version: VersionID, _ reason: String) {
        isRevertRefused = true
        let text =
            "At start version \(version), which was not confirmed in time, could not be taken back and was left in place, better than nothing: \(reason)"
            .asSentence
        log.error("\(text)")
        notices.append(text)
    }
}
