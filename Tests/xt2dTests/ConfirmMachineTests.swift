import RuleStore
import TestSupport
import Testing

import struct RuleStore.Confirmation

@testable import xt2d

/// The wait for a confirmation, with a clock that the test sets.
@Suite struct ConfirmMachineTests {
    private static func reading(_ seconds: Int64) -> ClockReading {
        ClockReading(
            time: Timestamp(rawValue: seconds * 1_000_000), bootID: "boot",
            bootTime: seconds * 1_000_000)
    }

    private static func confirmation(_ seconds: UInt32, from start: Int64 = 0) -> Confirmation {
        Confirmation(
            of: VersionID(rawValue: 7), fallback: VersionID(rawValue: 6), seconds: seconds,
            from: reading(start))
    }

    @Test func itWaitsAndTakesBack() {
        var machine = ConfirmMachine()
        let waiting = Self.confirmation(60)
        #expect(
            machine.handle(.opened(waiting), at: Self.reading(0)) == .wait(microseconds: 60_000_000)
        )
        // A timer that fires early.
        #expect(machine.handle(.timer, at: Self.reading(59)) == .wait(microseconds: 1_000_000))
        #expect(machine.handle(.timer, at: Self.reading(60)) == .revert(waiting))
        #expect(machine.handle(.closed, at: Self.reading(60)) == .rest)
        #expect(machine.handle(.timer, at: Self.reading(90)) == .rest)
    }

    @Test func whatIsConfirmedIsNotTakenBack() {
        var machine = ConfirmMachine()
        _ = machine.handle(.opened(Self.confirmation(60)), at: Self.reading(0))
        #expect(machine.handle(.closed, at: Self.reading(30)) == .rest)
        for second in [60, 61, 1_000] {
            #expect(machine.handle(.timer, at: Self.reading(Int64(second))) == .rest)
        }
    }

    @Test func whatIsOverAtStartIsTakenBackAtOnce() {
        var machine = ConfirmMachine()
        let waiting = Self.confirmation(60)
        #expect(machine.handle(.opened(waiting), at: Self.reading(61)) == .revert(waiting))
    }

    @Test func whatFailsIsTriedAgainForever() {
        var machine = ConfirmMachine()
        let waiting = Self.confirmation(1)
        _ = machine.handle(.opened(waiting), at: Self.reading(5))
        var pauses: [Int64] = []
        for _ in 0..<9 {
            guard case .wait(let pause) = machine.handle(.revertFailed, at: Self.reading(5)) else {
                Issue.record("it gave up")
                return
            }
            pauses.append(pause / 1_000_000)
            #expect(machine.handle(.timer, at: Self.reading(6)) == .revert(waiting))
        }
        #expect(pauses == [1, 2, 4, 8, 16, 30, 30, 30, 30])
        // Somebody confirms what cannot be taken back.
        #expect(machine.handle(.closed, at: Self.reading(9)) == .rest)
        #expect(machine.handle(.revertFailed, at: Self.reading(9)) == .rest)
    }

    /// Random events against what must hold: nothing early, nothing after the end, nothing forgotten.
    @Test func invariantsHoldForRandomEvents() {
        var random = SeededGenerator()
        for _ in 0..<500 {
            var machine = ConfirmMachine()
            var now: Int64 = 0
            var open: Confirmation?
            var hasTimer = false
            for _ in 0..<40 {
                now += Int64.random(in: 0...40, using: &random)
                let event: ConfirmMachine.Event
                switch Int.random(in: 0..<4, using: &random) {
                case 0:
                    let confirmation = Self.confirmation(
                        UInt32.random(in: 1...90, using: &random), from: now)
                    open = confirmation
                    event = .opened(confirmation)
                case 1:
                    open = nil
                    event = .closed
                case 2: event = .timer
                default:
                    // Only a revert that was asked for can fail.
                    guard case .overdue = machine.state else { continue }
                    event = .revertFailed
                }
                switch machine.handle(event, at: Self.reading(now)) {
                case .revert(let confirmation):
                    #expect(confirmation == open)
                    #expect(now * 1_000_000 >= confirmation.bootDeadline, "too early")
                    hasTimer = false
                case .wait(let pause):
                    #expect(open != nil && pause > 0)
                    hasTimer = true
                case .rest:
                    #expect(open == nil)
                    hasTimer = false
                }
                _ = hasTimer
            }
        }
    }
}
