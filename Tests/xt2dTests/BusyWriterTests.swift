import NetlinkProto
import RuleStore
import TestSupport
import Testing

@testable import xt2d

/// Edits of xt2's own tables while another program commits without a pause: nobody waits for it, and what it did is written down.
@Suite struct BusyWriterTests {
    private let bench: CommitterBench
    private let inbox: ForeignInbox

    init() throws {
        bench = try CommitterBench(listens: true)
        inbox = try #require(bench.inbox)
    }

    /// A table `t` of xt2's own and a table `w` that others change, each with the chain `c`.
    private func setUp(_ policy: TableWatch.Policy) async throws {
        // Nothing came before.
        inbox.begin(at: GenerationID(rawValue: 1), isComplete: true)
        let answers = await bench.commit([
            CommitterBench.batch {
                $0.addTable()
                $0.addChain("c")
            },
            CommitterBench.batch {
                $0.table = "w"
                $0.addTable(watch: TableWatch(policy))
                $0.addChain("c")
            },
        ])
        #expect(answers.map(CommitterBench.version) == [1, 2])
    }

    /// Has another program commit before each of the next batches, which is told of only when a batch was taken.
    private func disturb(_ count: Int) {
        let first = bench.kernel.batches.count
        var generation = UInt32(first + 1)
        var heard: [KernelCommit] = []
        bench.kernel.fate = { [inbox, kernel = bench.kernel] _ in
            generation += 1
            let number = kernel.batches.count - first
            guard number > count else {
                heard.append(
                    KernelNews.commit(
                        generation,
                        KernelNews.newRule(
                            UInt64(500 + number), table: "w", .tcp(port: UInt16(number)))))
                return .overtaken
            }
            for commit in heard { inbox.add(commit) }
            heard = []
            // The monitor hears of this one as well.
            inbox.add(KernelNews.commit(generation))
            return .taken
        }
    }

    @Test(arguments: [1, 7]) func nobodyIsWaitedFor(_ count: Int) async throws {
        try await setUp(.observed)
        let first = bench.kernel.batches.count
        disturb(count)
        let answers = await bench.commit([
            CommitterBench.batch { $0.append(.tcp(port: 80), to: "c") }
        ])
        #expect(answers.map(CommitterBench.version) == [3])
        #expect(bench.kernel.batches.count == first + count + 1)
        // What the other did before follows, each commit with its author.
        try await bench.expectAgreement(at: UInt64(3 + count), marked: 3)
        for number in 4...UInt64(3 + count) {
            let version = try bench.store.version(VersionID(rawValue: number)).description
            #expect(version.kind == .foreign && version.author.pid == 4_242)
        }
        #expect(await bench.committer.head.generation == UInt32(first + count + 2))
    }

    @Test func theAnswerDoesNotWaitForALongRow() async throws {
        try await setUp(.observed)
        disturb(Committer.commitsAtOnce + 1)
        let answers = await bench.commit([
            CommitterBench.batch { $0.append(.tcp(port: 80), to: "c") }
        ])
        #expect(answers.map(CommitterBench.version) == [3])
        // After a crash it would be read from the kernel's tables.
        #expect(try bench.store.kernelState()?.generation == 0)
        // It is taken in with clients in between.
        await bench.committer.foreignHasCome()
        await bench.committer.foreignHasCome()
        try await bench.expectAgreement(at: 4 + UInt64(Committer.commitsAtOnce), marked: 3)
    }

    @Test func severalAtOnceStayTogether() async throws {
        try await setUp(.observed)
        let first = bench.kernel.batches.count
        disturb(2)
        let answers = await bench.commit(
            (1...3).map { port in CommitterBench.batch { $0.append(.tcp(port: port), to: "c") } })
        #expect(answers.map(CommitterBench.version) == [3, 4, 5])
        #expect(bench.kernel.batches.count == first + 3)
        try await bench.expectAgreement(at: 7, marked: 5)
    }

    @Test func anIntruderIsStillUndone() async throws {
        try await setUp(.enforced)
        disturb(1)
        let answers = await bench.commit([
            CommitterBench.batch { $0.append(.tcp(port: 80), to: "c") }
        ])
        #expect(answers.map(CommitterBench.version) == [3])
        #expect(await bench.committer.foreign.intrusion?.attempts.count == 1)
        await bench.committer.foreignHasCome()
        #expect(await bench.committer.foreign.intrusion == nil)
        let undoing = try #require(bench.kernel.batches.last)
        // The rule is deleted, and the marker stays what it is.
        #expect(undoing.bytes.firstRange(of: [0x08, 0x0a] as [UInt8]) != nil)
        try await bench.expectAgreement(at: 3)
    }
}
