import Glibc
import Logging
import NIOCore
import NetlinkProto
import RuleStore

// Versions that somebody has to confirm: ``ConfirmMachine`` says when what is done, this does it.
extension Committer {
    /// The longest wait that can be asked for: a week.
    static let longestConfirmSeconds: UInt32 = 7 * 86_400

    /// What the clocks say.
    var now: ClockReading { ClockReading(now: bootID) }

    /// Goes on waiting for what was to be confirmed when the daemon was started.
    func resume(_ confirmation: Confirmation?) {
        guard let confirmation else { return }
        log.notice(
            "a version waits for its confirmation", metadata: ["version": "\(confirmation.version)"]
        )
        open(confirmation)
    }

    /// Keeps the version that waits.
    ///
    /// - Throws: ``Refusal`` if none waits, or another than the one that is meant.
    func confirm(_ request: ConfirmRequest, peer: Peer) throws(Refusal) -> VersionID {
        var audited = AuditedRequest(peer: peer, action: "confirm", scopes: [], message: "")
        do {
            try authorise(peer, .confirm)
            try settle()
            let waiting = try waiting(request.version.map { VersionID(rawValue: $0) })
            audited.scopes = try store.changes(of: waiting.version).scopes(in: [head.ruleset])
            let entry = audited.entry(
                outcome: .committed, version: waiting.version, generation: head.generation)
            try store.settleConfirmation(of: waiting.version, as: .confirmed, audit: entry)
            close()
            return waiting.version
        } catch {
            let refusal = Refusal(any: error)
            audit(refusal, audited)
            throw refusal
        }
    }

    private func waiting(_ wanted: VersionID?) throws(Refusal) -> Confirmation {
        guard let waiting = head.unconfirmed else {
            throw Refusal(ENOENT, try whyNoneWaits(wanted))
        }
        if let wanted, wanted != waiting.version {
            throw Refusal(
                ENOENT,
                "Not version \(wanted) waits for its confirmation, but version \(waiting.version).")
        }
        return waiting
    }

    /// Who confirms too late, or twice, is told so.
    private func whyNoneWaits(_ wanted: VersionID?) throws(Refusal) -> String {
        let plain = "No version waits for its confirmation."
        guard let wanted, let version = try? store.version(wanted) else { return plain }
        return switch version.confirmation?.state {
        case .confirmed: "Version \(wanted) has been confirmed already."
        case .reverted:
            "Version \(wanted) has been taken back by version \(version.confirmation?.settledBy ?? wanted); 'xt2 rollback \(wanted)' brings it back again."
        default: plain
        }
    }

    /// Refuses to build on a version that may be taken back.
    ///
    /// Only a rollback to before it is let through: it is what somebody needs who sees that the version was wrong.
    func checkConfirmation(_ proposal: Proposal) throws(Refusal) {
        guard let waiting = head.unconfirmed, proposal.kind == .edit || proposal.kind == .rollback,
            proposal.undone(waiting) == nil
        else { return }
        let left = (waiting.remainingMicroseconds(at: now) + 999_999) / 1_000_000
        let wait = left > 0 ? "for another \(left) s" : "and its time is over"
        throw Refusal(
            EBUSY,
            "Version \(waiting.version) waits for its confirmation \(wait); 'xt2 confirm' keeps it, 'xt2 rollback \(waiting.fallback)' takes it back. Then make this change."
        )
    }

    /// The confirmation that a proposal asks for.
    func confirmation(of proposal: Proposal, as version: VersionID) throws(Refusal) -> Confirmation?
    {
        guard let seconds = proposal.confirmSeconds else { return nil }
        guard seconds > 0, seconds <= Committer.longestConfirmSeconds else {
            throw Refusal(
                EINVAL,
                "A confirmation can be waited for from 1 second to 7 days, not for \(seconds) seconds."
            )
        }
        // Where this takes back a version that waits itself, what was confirmed last is still what is safe.
        return Confirmation(
            of: version, fallback: head.unconfirmed?.fallback ?? head.version, seconds: seconds,
            from: now)
    }

    // MARK: The machine

    /// Waits for the confirmation of a version that is live.
    func open(_ confirmation: Confirmation) {
        head.unconfirmed = confirmation
        publish()
        perform(confirming.handle(.opened(confirmation), at: now))
    }

    /// Waits no longer.
    func close() {
        head.unconfirmed = nil
        head.overdueReason = nil
        publish()
        perform(confirming.handle(.closed, at: now))
    }

    private func perform(_ action: ConfirmMachine.Action) {
        timer?.cancel()
        timer = nil
        switch action {
        case .rest: break
        case .wait(let microseconds):
            timer = eventLoop.scheduleTask(in: .microseconds(microseconds)) { [weak self] in
                guard let self else { return }
                Task { await self.timerFired() }
            }
        case .revert(let confirmation): revertOrTryLater(confirmation)
        }
    }

    private func timerFired() {
        perform(confirming.handle(.timer, at: now))
    }

    private func revertOrTryLater(_ confirmation: Confirmation) {
        do {
            try revert(confirmation)
        } catch {
            // It is tried again and again; what is in the way is said once.
            if !error.isAudited, error.message != head.overdueReason { note(error, confirmation) }
            head.overdueReason = error.message
            publish()
            log.error(
                "a version that nobody confirmed cannot be taken back; it is tried again",
                metadata: ["version": "\(confirmation.version)", "error": "\(error.message)"])
            perform(confirming.handle(.revertFailed, at: now))
        }
    }

    /// Writes down an attempt that did not get as far as the kernel.
    private func note(_ refusal: Refusal, _ confirmation: Confirmation) {
        var audited = Reversal.audited(confirmation)
        let changes = try? store.changes(of: confirmation.version)
        audited.scopes = changes?.scopes(in: [head.ruleset]) ?? []
        audit(refusal, audited)
    }

    private func revert(_ confirmation: Confirmation) throws(Refusal) {
        try onTopOfForeign { () throws in
            // What was left open may have been the revert itself.
            guard head.unconfirmed?.version == confirmation.version else { return }
            guard var proposal = try reversal(of: confirmation) else {
                return try closeWithoutVersion(confirmation)
            }
            if let found = try takeInFound(proposal.changes) {
                guard let again = try reversal(of: confirmation) else {
                    return try closeWithoutVersion(confirmation)
                }
                proposal = again
                proposal.adopting = found
            }
            try proposal.leaveAdopted(of: head.ruleset)
            let version = try commitAudited(proposal)
            log.notice(
                "a version that nobody confirmed was taken back",
                metadata: ["version": "\(confirmation.version)", "by": "\(version.version)"])
        }
    }

    private func reversal(of confirmation: Confirmation) throws(Refusal) -> Proposal? {
        try Reversal.proposal(of: confirmation, on: head.version, editor(), store)
    }

    /// Others have undone by themselves what was to be taken back.
    private func closeWithoutVersion(_ confirmation: Confirmation) throws(Refusal) {
        let entry = Reversal.audited(confirmation).entry(
            outcome: .committed, version: confirmation.version, generation: head.generation)
        do {
            try store.settleConfirmation(of: confirmation.version, as: .reverted, audit: entry)
        } catch {
            throw Refusal(error)
        }
        close()
    }
}

extension Proposal {
    /// The version that this one takes back, of those that wait for their confirmation.
    func undone(_ waiting: Confirmation?) -> VersionID? {
        guard let waiting else { return nil }
        if reverts == waiting.version { return waiting.version }
        guard kind == .rollback, let target = rolledBackTo, target <= waiting.fallback else {
            return nil
        }
        return waiting.version
    }
}

extension ClockReading {
    /// What the clocks say now, in a boot that is known.
    init(now bootID: String) {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        self.init(
            time: .now, bootID: bootID,
            bootTime: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }
}
