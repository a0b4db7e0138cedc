import Glibc
import NetlinkProto
import RuleStore
import TestSupport
import Testing

@testable import xt2d

/// Batches of which only the messages are kept, and that are worked out while they come.
@Suite struct LargeBatchTests {
    private let bench: CommitterBench
    /// More than a page of messages.
    private static let count = 9_000

    init() throws { bench = try CommitterBench() }

    /// The rule `meta nfproto ipv4 ip saddr 10.77.0.1`.
    private static let source = RuleBody(expressions: [
        .meta(MetaExpression(key: .family, destination: .r1)),
        .compare(CompareExpression(source: .r1, operation: .equal, value: [2])),
        .payload(PayloadExpression(destination: .r1, base: .network, offset: 12, length: 4)),
        .compare(CompareExpression(source: .r1, operation: .equal, value: [10, 77, 0, 1])),
    ])

    private func port(_ number: Int) -> UInt16 { UInt16(1 + number % 60_000) }

    private func script(_ count: Int = count) -> EditScript {
        var script = EditScript()
        for number in 0..<count { script.append(.tcp(port: port(number)), to: "a") }
        return script
    }

    /// A batch as it comes in over a connection.
    private func receive(
        _ script: EditScript, _ options: BatchOptions = BatchOptions()
    ) -> EditBatch {
        var received = ReceivedEdits()
        for message in script.messages {
            received.take(message, workingAheadOn: bench.committer.published)
        }
        return EditBatch(options: options, sequence: SequenceNumber(1), received: received)
    }

    @Test func everyEditIsThereInOrder() throws {
        let script = script()
        #expect(script.messages.reduce(0) { $0 + $1.count } > 2 << 20)
        var numbers: [UInt32] = []
        var bodies: [[UInt8]] = []
        let batch = receive(script)
        try batch.edits().forEach { edit throws(Refusal) in
            numbers.append(edit.sequence.rawValue)
            guard case .newRule(let request) = edit.operation else { return }
            bodies.append(try request.stored().bytes)
        }
        #expect(numbers == (0..<Self.count).map { UInt32(100 + $0) })
        let expected = try (0..<Self.count).map {
            try RuleCheck.canonical(RuleBody.tcp(port: port($0)))
        }
        #expect(bodies == expected)
        #expect(batch.received.draft != nil)
    }

    /// As it was worked out meanwhile, or from the messages, because somebody else was faster.
    @Test(arguments: [false, true]) func itIsWorkedOutOnTheHead(_ isOvertaken: Bool) async throws {
        try await bench.makeTable()
        var script = script()
        script.insert(.tcp(port: 7), into: "b")
        let batch = receive(script)
        if isOvertaken {
            let other = CommitterBench.batch { $0.insert(.tcp(port: 9), into: "a") }
            _ = try #require(await bench.commit([other]).first).get()
        }
        let answers = await bench.commit([batch])
        #expect(answers.map(CommitterBench.version) == [isOvertaken ? 3 : 2])
        try await bench.expectAgreement(at: isOvertaken ? 3 : 2)
        let ruleset = await bench.committer.head.ruleset
        let chain = try #require(ruleset.allObjects.first { $0.name == "a" })
        let ports = (isOvertaken ? [9] : []) + (0..<Self.count).map(port)
        let expected = try ports.map { try RuleCheck.canonical(RuleBody.tcp(port: $0)) }
        #expect(ruleset.rules(of: chain.id).map(\.body) == expected)
    }

    @Test(arguments: [false, true])
    func aRefusalPointsAtItsEditAndIsFoundByItsAddresses(_ isOvertaken: Bool) async throws {
        try await bench.makeTable()
        var script = script(3_000)
        script.append(Self.source, to: "nowhere")
        let sequence = script.lastSequence
        script.append(.tcp(port: 7), to: "a")
        let batch = receive(script)
        if isOvertaken {
            let other = CommitterBench.batch { $0.insert(.tcp(port: 9), into: "a") }
            _ = try #require(await bench.commit([other]).first).get()
        }
        guard case .failure(let refusal) = await bench.commit([batch]).first else {
            Issue.record("there is no such chain")
            return
        }
        #expect(refusal.errno == ENOENT)
        #expect(refusal.sequence == sequence)
        #expect(refusal.offset != nil)
        let entries = try bench.store.audit(AuditFilter(outcome: .refused), limit: 5)
        #expect(entries.map(\.entry.action) == ["append"])
        let address = try #require(AddressPrefix([10, 77, 0, 1]))
        #expect(try bench.store.audit(AuditFilter(address: address), limit: 5).count == 1)
    }

    /// The kernel's batch is made beside the rows: if there can be none, the rows must not stay.
    @Test func whatTheKernelCannotBeToldIsNotKept() async throws {
        try await bench.makeTable()
        let b = try #require(
            await bench.committer.head.ruleset.allObjects.first { $0.name == "b" })
        let handle = await bench.committer.setHandle(of: b.id, nil)
        var script = script(1_000)
        script.rename("b", to: "c")
        guard case .failure(let refusal) = await bench.commit([receive(script)]).first else {
            Issue.record("the kernel's name of the chain is not known")
            return
        }
        #expect(refusal.message.contains("lives in the kernel"))
        #expect(bench.kernel.liveMarker.version.rawValue == 1)
        let failed = try bench.store.audit(AuditFilter(outcome: .failed), limit: 5)
        #expect(failed.map(\.entry.version) == [nil])
        _ = await bench.committer.setHandle(of: b.id, handle)
        try await bench.expectAgreement(at: 1)
        let answers = await bench.commit([receive(script)])
        #expect(answers.map(CommitterBench.version) == [2])
        try await bench.expectAgreement(at: 2)
    }

    /// A check says what the kernel would be told, though nobody is.
    @Test func aCheckCountsWhatTheKernelWouldBeTold() async throws {
        try await bench.makeTable()
        let script = script(1_000)
        var options = BatchOptions()
        options.check = true
        let answer = await bench.commit([receive(script, options)]).first
        guard case .success(.checked(let message, _)) = answer else {
            Issue.record("\(String(describing: answer))")
            return
        }
        try await bench.expectAgreement(at: 1)
        _ = try #require(await bench.commit([receive(script)]).first).get()
        let batch = try #require(bench.kernel.batches.last)
        #expect(message.changeCount == 1_000)
        #expect(message.messageCount == UInt32(batch.messageCount))
        #expect(message.byteCount == UInt64(batch.bytes.count))
        #expect(batch.bytes.count > 100_000)
    }
}

extension Committer {
    /// Has it know another kernel handle of an object, or none.
    ///
    /// - Returns: the one that it knew.
    fileprivate func setHandle(of id: ObjectID, _ handle: KernelPlace?) -> KernelPlace? {
        defer { head.handles[id] = handle }
        return head.handles[id]
    }
}
