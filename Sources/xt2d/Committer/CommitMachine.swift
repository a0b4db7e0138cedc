import Glibc
import NetlinkProto

/// One commit, as a state machine: an event goes in, the next action comes out.
///
/// No I/O.
///
/// Invariants:
/// 1. The version is in the store (pending, on disk) before the kernel is asked.
/// 2. A refusal is told only after the pending version is gone from the store; where it cannot be removed, the refusal says so.
/// 3. Success is told only when the version is on disk and the kernel runs it. That it is the head is written down later.
/// 4. When it is not known whether the kernel took a batch, the marker decides, nothing else.
///
/// ```
///            stored             accepted
/// planned ──────────▶ stored ─────────────▶ done
///    │                 │  ▲ │ lost          ▲
///    │ storeFailed     │  │ └────▶ unknown ──┘ marker has the version
///    ▼                 │  │           │
///  failed    moved,    │  │ replanned │ marker has the version before
///            marker as │  │           ▼
///            expected  └──┘        abandoned ──▶ failed
/// ```
struct CommitMachine {
    enum State: Equatable {
        case planned, stored, unknown, abandoning, done, failed
    }

    enum Event {
        /// The pending version is on disk.
        case stored
        /// The kernel took the batch.
        case accepted
        /// The kernel refused the batch.
        case refused(Refusal)
        /// The kernel's generation is not the one that the batch was planned on.
        case generationMoved
        /// Whether the kernel took the batch is not known.
        case lost(Refusal)
        /// The marker says that the version before is live.
        case markerIsOld
        /// The marker says that the version before is live, and others have changed tables that they may change: what they did
        /// has to become a version first.
        case overtaken(Refusal)
        /// The marker says that the new version is live.
        case markerIsNew
        /// The marker says something else.
        case markerIsForeign(Refusal)
        /// Neither the generation nor the marker can be read.
        case markerUnreadable(Refusal)
        /// The pending version has been removed.
        case abandoned
        /// The store could not write, or the kernel cannot be told of the version.
        case storeFailed(Refusal)
    }

    enum Action {
        case sendBatch
        /// Read the generation and the marker.
        case readMarker
        /// Plan the batch on the generation just read, and send it again.
        case replan
        /// Remove the pending version; it failed for this reason.
        case abandon(Refusal)
        case succeed
        case fail(Refusal)
        /// The kernel has the version before, only the pending one could not be removed: fail, and remove it before the next commit.
        case failUnremoved(Refusal)
        /// Whether the kernel took the batch cannot be found out now: fail, and find out before the next commit.
        case failUndecided(Refusal)
    }

    private(set) var state = State.planned
    private var reason: Refusal?
    private var replans = 0

    /// How often a batch is sent again because others commit in between, before the client is told to try later.
    static let replanLimit = 1_000

    mutating func handle(_ event: Event) -> Action {
        switch (state, event) {
        case (.planned, .stored):
            state = .stored
            return .sendBatch
        case (.planned, .storeFailed(let refusal)):
            state = .failed
            return .fail(refusal)
        case (.stored, .accepted):
            state = .done
            return .succeed
        case (.unknown, .markerIsNew):
            // A batch that was refused for its generation changed nothing, so this marker is somebody else's.
            guard reason != nil else { return abandon(CommitMachine.foreignMarker) }
            state = .done
            return .succeed
        case (.unknown, .markerUnreadable(let refusal)):
            guard reason != nil else { return abandon(refusal) }
            state = .failed
            return .failUndecided(refusal)
        case (.stored, .refused(let refusal)):
            return abandon(refusal)
        case (.stored, .generationMoved):
            reason = nil
            state = .unknown
            return .readMarker
        case (.stored, .lost(let refusal)):
            reason = refusal
            state = .unknown
            return .readMarker
        case (.unknown, .markerIsOld):
            return replanOrAbandon()
        case (.unknown, .markerIsForeign(let refusal)):
            return abandon(refusal)
        case (.unknown, .overtaken(let refusal)):
            return abandon(reason ?? refusal)
        case (.abandoning, .abandoned):
            state = .failed
            return .fail(reason ?? CommitMachine.lost)
        case (.abandoning, .storeFailed):
            state = .failed
            return .failUnremoved(reason ?? CommitMachine.lost)
        default:
            // An event that cannot come in this state is an error of the shell around the machine.
            preconditionFailure("CommitMachine: \(event) in state \(state)")
        }
    }

    private mutating func replanOrAbandon() -> Action {
        if let reason { return abandon(reason) }
        replans += 1
        guard replans <= CommitMachine.replanLimit else { return abandon(CommitMachine.busy) }
        state = .stored
        return .replan
    }

    private mutating func abandon(_ refusal: Refusal) -> Action {
        state = .abandoning
        reason = refusal
        return .abandon(refusal)
    }

    static let foreignMarker = Refusal(
        ESTALE,
        "Another program has changed or removed the marker in table inet xt2, so it is not known what the kernel runs; restart xt2d to repair it.",
        outcome: .failed)
    static let overtaken: Refusal = {
        var refusal = Refusal(
            ERESTART,
            "Another program changed a table that it may change first; what it did is recorded, and this is planned again.",
            outcome: .failed)
        refusal.isOvertaken = true
        return refusal
    }()
    private static let busy = Refusal(
        EAGAIN, "Other programs change nf_tables without a pause; try again.", outcome: .failed)
    static let lost = Refusal(
        EIO, "The kernel's answer was lost, and it has not taken the change; try again.",
        outcome: .failed)
}
