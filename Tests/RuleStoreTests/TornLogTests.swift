import RuleStore
import TestSupport
import Testing

import struct RuleStore.Confirmation
import struct RuleStore.Tag

/// What a power cut leaves of the log: a part of it, or a part and garbage behind it.
///
/// What is found then is the last transaction that is whole, whatever work it belongs to.
@Suite struct TornLogTests {
    /// A store with a random history, and what it answered for after each transaction.
    private struct History {
        let directory: TemporaryDirectory
        let store: RuleStore
        var replay = Replay()
        var past: [[StoredObject]] = [[]]
        /// The state behind so many transactions of the log.
        var states: [Int: StoreState] = [:]

        init() throws {
            directory = try TemporaryDirectory()
            store = try RuleStore(path: directory.file())
            try note()
        }

        var log: WriteAheadLog {
            get throws { WriteAheadLog(try readFile(directory.file() + "-wal")) }
        }

        mutating func note() throws { states[try log.transactions] = try StoreState(store) }

        mutating func commit(_ changes: [Change]) throws {
            let id = try store.prepareNext(changes)
            try note()
            try store.commit(id, handles: [], kernel: .sample)
            try note()
            past.append(replay.objects)
        }

        /// A version that the kernel refuses.
        mutating func abandon(_ changes: [Change]) throws {
            let id = try store.prepareNext(changes)
            try note()
            try store.abandon(id, audit: .sample("append", .failed))
            try note()
        }

        mutating func confirm() throws {
            let id = try store.head().next
            let confirmation = Confirmation(
                of: id, fallback: try store.head(), seconds: 60,
                from: ClockReading(time: Timestamp(rawValue: 5), bootID: "boot", bootTime: 5))
            try store.prepare(
                NewVersion(id: id, time: Timestamp(rawValue: 5), author: .root, kind: .edit),
                changes: [], nextObjectID: try store.nextObjectID(), audit: .sample(),
                confirmation: confirmation)
            try note()
            try store.commit(id, handles: [], kernel: .sample)
            try note()
            try store.settleConfirmation(of: id, as: .confirmed, audit: .sample("confirm"))
            try note()
            past.append(replay.objects)
        }

        mutating func prune() throws {
            let plan = try store.planPrune(.keep(4))
            guard !plan.isEmpty else { return }
            try store.prune(plan, audit: .sample("prune"))
            try note()
            while try store.sweep(3) > 0 { try note() }
        }

        /// Commits, rollbacks, refusals, confirmations, names and prunes.
        mutating func go(_ rounds: Int, _ random: inout SeededGenerator) throws {
            for round in 1...rounds {
                try commit(replay.randomVersion(&random))
                if round % 3 == 0 {
                    let older = past[past.count - 1 - random.below(min(4, past.count))]
                    try commit(replay.rollback(to: older))
                }
                if round % 4 == 0 {
                    var draft = replay
                    try abandon(draft.randomVersion(&random))
                    // An id is never given to another object, not even if the version came to nothing.
                    replay.skipIDs(to: try store.nextObjectID().rawValue)
                }
                if round % 5 == 0 { try confirm() }
                if round % 6 == 0 {
                    try store.addTag(
                        Tag(
                            name: "t\(round)", version: try store.head(),
                            time: Timestamp(rawValue: 5), uid: 0), audit: .sample("tag"))
                    try note()
                    try prune()
                }
            }
        }

        /// What is left of the store by a log like this answers for the last whole transaction.
        func expectSurvival(_ log: [UInt8], _ transactions: Int, _ what: Comment) throws {
            let copy = try TemporaryDirectory()
            try writeFile(copy.file(), try readFile(directory.file()))
            try writeFile(copy.file() + "-wal", log)
            let survivor = try RuleStore(path: copy.file())
            #expect(try StoreState(survivor) == states[transactions], what)
            let verification = try survivor.verifyAudit()
            #expect(verification.faults == [], what)
            #expect(try survivor.integrityFaults() == [], what)
            // Life goes on, and work that was cut short is done.
            if let pending = try survivor.pending()?.id {
                try survivor.abandon(pending, audit: .sample("recovery", .failed))
            }
            while try survivor.sweep(100) > 0 {}
            let id = try survivor.nextObjectID()
            try survivor.commitNext([.add(.table(id.rawValue, "later"))])
            #expect(try survivor.verifyAudit().faults == [], what)
        }
    }

    @Test func eachTransactionIsThereOrNot() throws {
        var random = SeededGenerator()
        var history = try History()
        try history.go(18, &random)
        let log = try history.log
        let first = try #require(history.states.keys.min())
        #expect(history.states.count > 60 && log.transactions > 60, "\(history.states.count)")
        #expect(log.transactions == history.states.keys.max())
        for (end, _) in log.frames {
            // Before, at and behind the end of a frame, and in it.
            let cut = end - [0, 1, -1, 30, 2_000][random.below(5)]
            let whole = log.transactions(within: cut)
            guard whole >= first, history.states[whole] != nil, cut <= log.bytes.count else {
                continue
            }
            try history.expectSurvival(Array(log.bytes[..<cut]), whole, "cut at \(cut)")
        }
    }

    @Test func garbageBehindTheLogIsNothing() throws {
        var random = SeededGenerator()
        var history = try History()
        try history.go(12, &random)
        let log = try history.log
        let first = try #require(history.states.keys.min())
        for (end, transactions) in log.frames where transactions >= first {
            guard history.states[transactions] != nil, end < log.bytes.count else { continue }
            var bytes = log.bytes
            if random.below(2) == 0 {
                // A block that was never written has what was there before.
                let rest = bytes.count - end
                bytes.replaceSubrange(end..., with: random.bytes(rest))
            } else {
                // One bit of the next frame.
                let place = end + random.below(min(4_096, bytes.count - end))
                bytes[place] ^= 1 << UInt8(random.below(8))
            }
            try history.expectSurvival(bytes, transactions, "garbled behind \(end)")
        }
    }
}
