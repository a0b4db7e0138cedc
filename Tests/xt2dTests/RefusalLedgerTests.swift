import RuleStore
import TestSupport
import Testing

@testable import xt2d

/// Denied attempts: few get an entry of their own, and none goes uncounted.
@Suite struct RefusalLedgerTests {
    private func at(_ seconds: Int64) -> Timestamp { Timestamp(rawValue: seconds * 1_000_000) }

    @Test func aBurstIsToldOneByOneAndTheRestTogether() {
        var ledger = RefusalLedger()
        let told = (0..<100).filter { _ in ledger.admit(5, "edit", at: at(1_000)) }
        #expect(told.count == RefusalLedger.burst)
        _ = ledger.admit(5, "rollback", at: at(1_004))
        // While nothing has accrued, the summary waits too.
        #expect(ledger.takeUntold(at: at(1_009)).isEmpty)
        let untold = ledger.takeUntold(at: at(1_010))
        #expect(untold.count == 1)
        #expect(untold.first?.count == 101 - RefusalLedger.burst)
        #expect(
            untold.first?.sentence
                == "81 more attempts of user 5 within 4 s had no right either: 80 edit, 1 rollback."
        )
        #expect(ledger.takeUntold(at: at(2_000), end: true).isEmpty)
    }

    @Test func usersDoNotUseUpEachOther() {
        var ledger = RefusalLedger()
        for _ in 0..<100 { _ = ledger.admit(5, "edit", at: at(1)) }
        let told = ledger.admit(6, "edit", at: at(1))
        #expect(told)
    }

    @Test func theEndTellsAll() {
        var ledger = RefusalLedger()
        for uid in UInt32(1)...3 {
            for _ in 0..<50 { _ = ledger.admit(uid, "edit", at: at(1)) }
        }
        let untold = ledger.takeUntold(at: at(1), end: true)
        #expect(untold.map(\.uid) == [1, 2, 3])
        #expect(untold.allSatisfy { $0.count == 30 })
    }

    /// Whatever comes when: entries and counted attempts add up, and entries stay within the rate.
    @Test func nothingIsLost() {
        var random = SeededGenerator()
        for _ in 0..<50 {
            var ledger = RefusalLedger()
            var now: Int64 = 1_000
            var (attempts, entries, counted) = (0, 0, 0)
            for _ in 0..<2_000 {
                // Now and then the clock is set back.
                now += Int64.random(in: -2...6, using: &random)
                if random.oneIn(5) {
                    for untold in ledger.takeUntold(at: at(now)) {
                        entries += 1
                        counted += untold.count
                    }
                } else {
                    attempts += 1
                    let uid = UInt32.random(in: 0...400, using: &random)
                    if ledger.admit(uid, "edit", at: at(now)) {
                        entries += 1
                        counted += 1
                    }
                }
            }
            for untold in ledger.takeUntold(at: at(now), end: true) { counted += untold.count }
            #expect(counted == attempts)
        }
    }

    @Test func oneUserCausesFewEntries() {
        var ledger = RefusalLedger()
        var entries = 0
        let hour: Int64 = 3_600
        for second in 0..<hour {
            for _ in 0..<100 where ledger.admit(7, "edit", at: at(second)) { entries += 1 }
            entries += ledger.takeUntold(at: at(second)).count
        }
        let rate = Int(hour / RefusalLedger.secondsPerEntry)
        #expect(entries <= RefusalLedger.burst + rate)
    }

    @Test func moreUsersThanAreToldApartShareABucket() {
        var ledger = RefusalLedger()
        var entries = 0
        for uid in UInt32(1)...10_000 where ledger.admit(uid, "edit", at: at(1)) { entries += 1 }
        #expect(entries == RefusalLedger.userLimit + RefusalLedger.burst)
        let untold = ledger.takeUntold(at: at(1), end: true)
        #expect(untold.map(\.uid) == [RefusalLedger.others])
        #expect(untold.first?.sentence.contains("other users") == true)
        // Buckets that are full again make room.
        let told = ledger.admit(20_000, "edit", at: at(1_000))
        #expect(told)
        #expect(ledger.takeUntold(at: at(1_000), end: true).isEmpty)
    }
}
