import RuleStore
import TestSupport
import Testing

import struct RuleStore.Confirmation

@Suite struct ConfirmationTests {
    private let directory: TemporaryDirectory
    private let store: RuleStore
    private static let boot = "0d5c6a3e-boot"

    init() throws {
        directory = try TemporaryDirectory()
        store = try RuleStore(path: directory.file())
        try store.commitNext([.add(.table(1))])
    }

    private func reading(time: Int64, boot: String = Self.boot, bootTime: Int64) -> ClockReading {
        ClockReading(time: Timestamp(rawValue: time), bootID: boot, bootTime: bootTime)
    }

    private func version(_ number: UInt64, kind: VersionKind = .edit) -> NewVersion {
        NewVersion(
            id: VersionID(rawValue: number), time: Timestamp(rawValue: 5), author: .root,
            kind: kind, reverts: kind == .revert ? VersionID(rawValue: number - 1) : nil)
    }

    private func confirmation(_ number: UInt64) -> Confirmation {
        Confirmation(
            of: VersionID(rawValue: number), fallback: VersionID(rawValue: number - 1),
            seconds: 60, from: reading(time: 1_000, bootTime: 500))
    }

    /// Version 2, which has to be confirmed.
    private func prepareOpen() throws {
        try store.prepare(
            version(2), changes: [.add(.table(2, "nat"))], nextObjectID: ObjectID(rawValue: 3),
            audit: .sample(), confirmation: confirmation(2))
    }

    private func prepareRevert() throws {
        try store.prepare(
            version(3, kind: .revert), changes: [.delete(.table(2, "nat"))],
            nextObjectID: ObjectID(rawValue: 3), audit: .sample("revert"),
            undoing: VersionID(rawValue: 2))
    }

    // MARK: Clocks

    @Test func withinABootOnlyItsOwnClockCounts() {
        let waiting = confirmation(2)
        #expect(
            waiting.remainingMicroseconds(at: reading(time: 1_000, bootTime: 500)) == 60_000_000)
        // The time of day may be set to anything.
        for time in [Int64.min, 0, 1 << 50, Int64.max] {
            #expect(
                waiting.remainingMicroseconds(at: reading(time: time, bootTime: 20_000_500))
                    == 40_000_000)
        }
        #expect(waiting.remainingMicroseconds(at: reading(time: 0, bootTime: 60_000_500)) == 0)
        #expect(waiting.remainingMicroseconds(at: reading(time: 0, bootTime: .max)) == 0)
    }

    @Test func afterABootTheTimeOfDayCounts() {
        let waiting = confirmation(2)
        func left(_ time: Int64) -> Int64 {
            waiting.remainingMicroseconds(at: reading(time: time, boot: "other", bootTime: 7))
        }
        #expect(left(10_001_000) == 50_000_000)
        #expect(left(60_001_000) == 0)
        #expect(left(1 << 50) == 0)
        // A clock that is behind makes the wait no longer than it was to be.
        #expect(left(-5_000_000_000) == 60_000_000)
        #expect(left(.min) <= 60_000_000)
    }

    // MARK: The store

    @Test func aVersionWaitsUntilItIsConfirmed() throws {
        try prepareOpen()
        #expect(try store.openConfirmation() == confirmation(2))
        try store.commit(VersionID(rawValue: 2), handles: [], kernel: .sample)
        #expect(try store.openConfirmation() == confirmation(2))
        #expect(try store.version(VersionID(rawValue: 2)).confirmation?.state == .open)
        try store.settleConfirmation(
            of: VersionID(rawValue: 2), as: .confirmed, audit: .sample("confirm"))
        #expect(try store.openConfirmation() == nil)
        #expect(try store.version(VersionID(rawValue: 2)).confirmation?.state == .confirmed)
        let error = #expect(throws: StoreError.self) {
            try store.settleConfirmation(
                of: VersionID(rawValue: 2), as: .confirmed, audit: .sample("confirm"))
        }
        #expect(error?.code == .conflict)
        #expect(try store.audit(AuditFilter(action: "confirm"), limit: 5).count == 1)
        #expect(try store.verifyAudit().faults == [])
    }

    @Test func aVersionThatComesToNothingWaitsForNothing() throws {
        try prepareOpen()
        try store.abandon(VersionID(rawValue: 2), audit: .sample("add", .failed))
        #expect(try store.openConfirmation() == nil)
        try prepareOpen()
        #expect(try store.openConfirmation() == confirmation(2))
    }

    @Test func aRevertEndsTheWaitAndItsEndBringsItBack() throws {
        try prepareOpen()
        try store.commit(VersionID(rawValue: 2), handles: [], kernel: .sample)
        try prepareRevert()
        #expect(try store.openConfirmation() == nil)
        let reverted = try store.version(VersionID(rawValue: 2)).confirmation
        #expect(reverted?.state == .reverted)
        #expect(reverted?.settledBy == VersionID(rawValue: 3))
        // The kernel refuses it: the version waits again, with the same deadline.
        try store.abandon(VersionID(rawValue: 3), audit: .sample("revert", .failed))
        #expect(try store.openConfirmation() == confirmation(2))
        try prepareRevert()
        try store.commit(VersionID(rawValue: 3), handles: [], kernel: .sample)
        #expect(try store.openConfirmation() == nil)
        let third = try store.version(VersionID(rawValue: 3)).description
        #expect(third.kind == .revert && third.reverts == VersionID(rawValue: 2))
        #expect(try store.verifyAudit().faults == [])
    }

    @Test func onlyOneVersionWaits() throws {
        try prepareOpen()
        try store.commit(VersionID(rawValue: 2), handles: [], kernel: .sample)
        let error = #expect(throws: StoreError.self) {
            try store.prepare(
                version(3), changes: [.add(.table(3, "raw"))], nextObjectID: ObjectID(rawValue: 4),
                audit: .sample(), confirmation: confirmation(3))
        }
        #expect(error?.code == .conflict)
        #expect(try store.head() == VersionID(rawValue: 2))
        #expect(try store.pending() == nil)
    }

    @Test func whatIsDamagedIsSaid() throws {
        try prepareOpen()
        try store.close()
        for sql in [
            "UPDATE confirmation SET seconds = 1 << 40",
            "UPDATE confirmation SET version = 9223372036854775807, fallback = 7",
        ] {
            let copy = try TemporaryDirectory()
            try copyFiles(from: directory.file(), to: copy.file())
            try editRaw(copy.file(), sql)
            let damaged = try RuleStore(path: copy.file())
            let found = try? damaged.openConfirmation()
            #expect(found?.version != VersionID(rawValue: 2))
        }
    }
}
