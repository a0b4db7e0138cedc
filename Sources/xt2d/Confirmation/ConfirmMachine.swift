import RuleStore

/// The wait for a confirmation, as a state machine: an event goes in, the next action comes out.
///
/// No I/O and no clock of its own.
///
/// Invariants:
/// 1. A version whose time is over is taken back; where that fails, it is tried again for as long as it takes.
/// 2. Nothing is taken back before its time is over, however early a timer fires.
/// 3. When the wait has ended, whatever ended it, nothing is taken back any more.
///
/// ```
///         opened             timer, time over
/// idle ───────────▶ waiting ─────────────────▶ overdue ──┐ revertFailed: wait, then again
///  ▲                   │                          │  ▲───┘
///  └───────────────────┴──────── closed ──────────┘
/// ```
struct ConfirmMachine {
    enum State: Equatable {
        case idle
        case waiting(Confirmation)
        /// Its time is over; it could not be taken back so many times.
        case overdue(Confirmation, failures: Int)
    }

    enum Event {
        /// A version that has to be confirmed is live.
        case opened(Confirmation)
        /// The version was confirmed, or taken back.
        case closed
        /// The timer that the last action asked for has fired.
        case timer
        /// The version could not be taken back.
        case revertFailed
    }

    enum Action: Equatable {
        /// Nothing to wait for.
        case rest
        /// Come back with ``Event/timer`` after so many microseconds.
        case wait(microseconds: Int64)
        /// Take the version back.
        case revert(Confirmation)
    }

    private(set) var state = State.idle

    /// The longest pause between two attempts.
    static let longestPauseSeconds: Int64 = 30

    mutating func handle(_ event: Event, at now: ClockReading) -> Action {
        switch (state, event) {
        case (_, .opened(let confirmation)): return wait(for: confirmation, now)
        case (_, .closed), (.idle, _):
            state = .idle
            return .rest
        case (.waiting(let confirmation), _): return wait(for: confirmation, now)
        case (.overdue(let confirmation, _), .timer): return .revert(confirmation)
        case (.overdue(let confirmation, let failures), .revertFailed):
            state = .overdue(confirmation, failures: failures + 1)
            // 1, 2, 4, 8, 16 seconds, then the longest.
            let pause = failures < 5 ? Int64(1) << failures : ConfirmMachine.longestPauseSeconds
            return .wait(microseconds: pause * 1_000_000)
        }
    }

    private mutating func wait(for confirmation: Confirmation, _ now: ClockReading) -> Action {
        let left = confirmation.remainingMicroseconds(at: now)
        guard left > 0 else {
            state = .overdue(confirmation, failures: 0)
            return .revert(confirmation)
        }
        state = .waiting(confirmation)
        return .wait(microseconds: left)
    }
}
