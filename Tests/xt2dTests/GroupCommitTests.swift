import Foundation
import Glibc
import NetlinkProto
import RuleStore
import TestSupport
import Testing

@testable import xt2d

/// Edits of several clients in one commit, against a kernel that does what the test wants.
@Suite struct GroupCommitTests {
    private let bench: CommitterBench

    init() throws { bench = try CommitterBench() }

    private typealias Answer = CommitterBench.Answer

    private var store: RuleStore { bench.store }
    private var kernel: FakeKernel { bench.kernel }
    private var committer: Committer { bench.committer }

    private func batch(
        _ options: BatchOptions = BatchOptions(), _ build: (inout EditScript) -> Void
    ) -> EditBatch {
        CommitterBench.batch(options, build)
    }

    private func commit(_ batches: [EditBatch]) async -> [Answer] { await bench.commit(batches) }

    private func insertion(_ port: UInt16, into chain: String = "a") -> EditBatch {
        batch(BatchOptions(reason: "port \(port)")) { $0.insert(.tcp(port: port), into: chain) }
    }

    private func version(_ answer: Answer) -> UInt64? { CommitterBench.version(answer) }

    private func errno(_ answer: Answer) -> Int32? {
        guard case .failure(let refusal) = answer else { return nil }
        return refusal.errno
    }

    private func expectAgreement(at version: UInt64) async throws {
        try await bench.expectAgreement(at: version)
    }

    // MARK: All go well

    @Test func eachHasItsVersionAndAllHaveOneBatch() async throws {
        try await bench.makeTable()
        let answers = await commit((1...16).map { insertion($0) })
        #expect(answers.map(version) == (2...17).map { UInt64($0) })
        #expect(kernel.batches.count == 2)
        try await expectAgreement(at: 17)
        for number in UInt64(2)...17 {
            let version = try store.version(VersionID(rawValue: number))
            #expect(version.description.author.pid == Int32(98 + number))
            #expect(version.description.message == "port \(number - 1)")
            #expect(version.changeCount == 1)
            let entries = try store.audit(
                AuditFilter(version: VersionID(rawValue: number)), limit: 10)
            #expect(entries.map(\.entry.outcome) == [.committed])
            #expect(entries.map(\.entry.author.pid) == [Int32(98 + number)])
        }
        let head = await committer.head
        let chain = try #require(head.ruleset.allObjects.first { $0.name == "a" })
        // Each was put at the head, so the last came first.
        let ids = head.ruleset.rules(of: chain.id).map(\.id.rawValue)
        #expect(ids == ids.sorted(by: >) && ids.count == 16)
    }

    @Test func theKernelGetsWhatAllComeToTogether() async throws {
        try await bench.makeTable()
        let first = await commit([insertion(1), insertion(2)])
        guard case .success(.version(_, let rules)) = first[0], let handle = rules[0].message.handle
        else { throw CommandFailure("\(first)") }
        let id = handle.rawValue
        let answers = await commit([
            batch { $0.replace(id, in: "a", with: .tcp(port: 3)) },
            batch { $0.replace(id, in: "a", with: .tcp(port: 4)) },
            batch { $0.delete(id, from: "a") },
            batch { $0.addChain("c") },
            batch { $0.append(.jump(to: "c"), to: "b") },
        ])
        #expect(answers.map(version) == [4, 5, 6, 7, 8])
        let batch = try #require(kernel.batches.last)
        // One rule goes, a chain and a rule come; beside them the two messages of the marker and the ends.
        #expect(batch.messageCount == 7)
        try await expectAgreement(at: 8)
        #expect(try store.history(of: ObjectID(rawValue: id)).map(\.born.rawValue) == [2, 4, 5])
    }

    @Test func oneThatIsRefusedStopsNobody() async throws {
        try await bench.makeTable()
        let answers = await commit([
            insertion(1), insertion(2, into: "nowhere"), insertion(3),
            batch(BatchOptions(expectedHead: 1)) { $0.addChain("d") },
            batch(BatchOptions(expectedHead: 3)) { $0.addChain("e") },
            batch { $0.addChain("e", exclusive: true) },
            batch { $0.addChain("e") },
        ])
        #expect(answers.map(version) == [2, nil, 3, nil, 4, nil, nil])
        #expect(answers.map(errno) == [nil, ENOENT, nil, ERESTART, nil, EEXIST, nil])
        guard case .success(.unchanged(let same)) = answers[6] else {
            throw CommandFailure("\(answers[6])")
        }
        #expect(same.rawValue == 4)
        #expect(kernel.batches.count == 2)
        try await expectAgreement(at: 4)
        let refused = try store.audit(AuditFilter(outcome: .refused), limit: 10)
        #expect(refused.count == 3)
    }

    // MARK: The kernel refuses

    /// Whether a batch has a name in it.
    private static func has(_ name: String, _ batch: KernelBatch) -> Bool {
        batch.bytes.firstRange(of: Array(name.utf8)) != nil
    }

    @Test(arguments: 0..<5) func oneThatTheKernelRefusesStopsNobody(_ place: Int) async throws {
        try await bench.makeTable()
        kernel.fate = { GroupCommitTests.has("unloved", $0) ? .refused : .taken }
        var batches = (1...4).map { insertion($0) }
        batches.insert(batch { $0.addChain("unloved") }, at: place)
        let answers = await commit(batches)
        #expect(answers.count == 5)
        #expect(errno(answers[place]) == EINVAL)
        #expect(answers.compactMap(version) == [2, 3, 4, 5])
        try await expectAgreement(at: 5)
        let failed = try store.audit(AuditFilter(outcome: .failed), limit: 20)
        // Five that came to nothing together, and then one alone.
        #expect(failed.count == 6)
        #expect(failed.filter { $0.entry.reason.contains("tried again alone") }.count == 5)
    }

    // MARK: The answer is lost

    @Test func theMarkerDecidesForAll() async throws {
        try await bench.makeTable()
        kernel.fate = { _ in .takenUnheard }
        let taken = await commit([batch { $0.addChain("c") }, batch { $0.addChain("d") }])
        #expect(taken.map(version) == [2, 3])
        #expect(kernel.batches.count == 2)
        try await expectAgreement(at: 3)
        kernel.fate = { [kernel] _ in kernel.batches.count == 3 ? .lost : .taken }
        let lost = await commit([batch { $0.addChain("e") }, batch { $0.addChain("f") }])
        #expect(lost.map(version) == [4, 5])
        #expect(kernel.batches.count == 5)
        try await expectAgreement(at: 5)
    }

    @Test(arguments: [FakeKernel.Fate.takenUnheard, .lost])
    func whileTheMarkerCannotBeReadNobodyIsToldOfAnEnd(_ fate: FakeKernel.Fate) async throws {
        try await bench.makeTable()
        kernel.fate = { [kernel] _ in
            kernel.isReadable = false
            return fate
        }
        let answers = await commit([
            batch { $0.addChain("c") }, insertion(1, into: "nowhere"), batch { $0.addChain("d") },
        ])
        #expect(answers.map(errno) == [EINPROGRESS, ENOENT, EINPROGRESS])
        #expect(try store.pendingVersions().map(\.rawValue) == [2, 3])
        kernel.isReadable = true
        kernel.fate = { _ in .taken }
        let next = await commit([batch { $0.addChain("e") }, batch { $0.addChain("f") }])
        let head: UInt64 = fate == .takenUnheard ? 3 : 1
        #expect(next.map(version) == [head + 1, head + 2])
        try await expectAgreement(at: head + 2)
    }

    // MARK: The queue

    @Test func theQueueCallsOnceAndGivesAllInOrder() {
        let queue = EditQueue()
        let count = EditQueue.groupLimit + 10
        var calls = 0
        for number in 0..<count {
            let item = EditQueue.Item(
                batch: batch(BatchOptions(reason: "\(number)")) { _ in },
                peer: Peer(uid: 0, gid: 0, pid: 1), answer: { _ in })
            if queue.add(item) { calls += 1 }
        }
        #expect(calls == 1)
        let (first, isMore) = queue.take()
        #expect(first.count == EditQueue.groupLimit && isMore)
        let (rest, isStillMore) = queue.take()
        #expect(rest.count == 10 && !isStillMore)
        let reasons = (first + rest).map(\.batch.options.reason)
        #expect(reasons == (0..<count).map { "\($0)" })
        #expect(queue.take().group.isEmpty)
    }

    @Test func onlySmallEditsShareACommit() {
        #expect(insertion(1).mayShare)
        #expect(!batch(BatchOptions(candidate: 1)) { $0.addChain("c") }.mayShare)
        #expect(!batch(BatchOptions(confirm: 60)) { $0.addChain("c") }.mayShare)
        #expect(!batch(BatchOptions(check: true)) { $0.addChain("c") }.mayShare)
        let large = batch { script in
            for number in 0..<1_000 { script.append(.tcp(port: UInt16(number)), to: "a") }
        }
        #expect(!large.mayShare)
    }
}
