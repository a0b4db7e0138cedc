import Glibc
import NetlinkProto
import TestSupport
import Testing

/// Large batches that come in pieces: what was sent is worked out before the end has come, and counts for nothing until then.
@Suite struct StreamedBatchTests {
    private func daemon() throws -> Daemon {
        let daemon = try Daemon()
        try daemon.connect().commit {
            $0.addTable()
            $0.addChain("c")
            $0.addChain("d")
        }
        return daemon
    }

    /// So many rules with ports of their own, and a batch of them in two pieces.
    private func batch(
        _ count: Int = 2_000, _ build: (inout EditScript) -> Void = { _ in }
    ) -> (first: [UInt8], last: [UInt8]) {
        var script = EditScript(firstSequence: 1_000)
        for number in 0..<count { script.append(.tcp(port: UInt16(number)), to: "c") }
        build(&script)
        let bytes = script.batch(sequence: 7)
        return (Array(bytes[..<(bytes.count * 3 / 4)]), Array(bytes[(bytes.count * 3 / 4)...]))
    }

    private func expectAgreement(_ daemon: Daemon) throws {
        #expect(try daemon.kernel().outline == daemon.connect().ruleset().outline)
    }

    @Test func aConnectionThatIsLostHalfWayLeavesNothing() throws {
        let daemon = try daemon()
        let (first, last) = batch()
        var generator = SeededGenerator()
        for _ in 0..<10 {
            let client = try daemon.connect()
            let bytes = first + last
            try client.send(Array(bytes[..<Int.random(in: 1..<bytes.count, using: &generator)]))
            // All of it has been read when the daemon closes its side as well.
            client.finishSending()
            #expect(try client.drain().isEmpty)
        }
        #expect(try daemon.connect().versions().count == 1)
        #expect(try daemon.connect().ruleset().ids.isEmpty)
        try expectAgreement(daemon)
        // The ids that it would have had are free.
        let ids = try daemon.connect().commit { $0.append(.tcp(port: 1), to: "c") }.ids
        #expect(ids == [4])
    }

    /// What others do while it comes is there when it is carried out.
    @Test func anotherClientIsFaster() throws {
        let daemon = try daemon()
        let (first, last) = batch()
        let (slow, quick) = (try daemon.connect(), try daemon.connect())
        try slow.send(first)
        let version = try quick.commit { $0.insert(.tcp(port: 60_000), into: "c") }.version
        #expect(version?.version == 2)
        try slow.send(last)
        let reply = try slow.reply(to: 7)
        #expect(try reply.version?.version == 3)
        let ids = try reply.ids
        #expect(Set(ids).count == 2_000)
        let listed = try quick.ruleset().ids
        #expect(listed.count == 2_001 && Array(listed.dropFirst()) == ids)
        try expectAgreement(daemon)
    }

    /// Ids that were given away meanwhile are not given again.
    @Test func aCandidateTakesIds() throws {
        let daemon = try daemon()
        let (first, last) = batch()
        let (slow, quick) = (try daemon.connect(), try daemon.connect())
        try slow.send(first)
        let candidate = try #require(
            try quick.ask(.newCandidate, CandidateMessage()).candidate?.id)
        let staged = try quick.commit(BatchOptions(candidate: candidate)) {
            $0.append(.tcp(port: 60_000), to: "d")
        }.ids
        try slow.send(last)
        let ids = try slow.reply(to: 7).ids
        #expect(ids.count == 2_000 && Set(ids).isDisjoint(with: staged))
        try quick.ask(.commit, CandidateMessage(id: candidate))
        try expectAgreement(daemon)
    }

    /// The chain is gone, or only its name: the first edit that has no place is named, and nothing is done.
    @Test(arguments: [true, false])
    func theChainIsGoneMeanwhile(_ isDeleted: Bool) throws {
        let daemon = try daemon()
        let (first, last) = batch()
        let (slow, quick) = (try daemon.connect(), try daemon.connect())
        try slow.send(first)
        try quick.commit { isDeleted ? $0.deleteChain("c") : $0.rename("c", to: "e") }
        try slow.send(last)
        let refused = try #require(try refusal { try slow.reply(to: 7) })
        #expect(refused.errno == ENOENT && refused.sequence == 1_000)
        #expect(try quick.versions().count == 2)
        try expectAgreement(daemon)
    }

    /// What is wrong on the head that it began with may be right on the one that it is carried out on.
    @Test func theChainComesMeanwhile() throws {
        let daemon = try daemon()
        let (first, last) = batch { $0.append(.tcp(port: 1), to: "late") }
        let (slow, quick) = (try daemon.connect(), try daemon.connect())
        try slow.send(first + last[..<(last.count - 100)])
        try quick.commit { $0.addChain("late") }
        try slow.send(Array(last[(last.count - 100)...]))
        #expect(try slow.reply(to: 7).version?.version == 3)
        try expectAgreement(daemon)
    }

    @Test func theLastEditIsRefused() throws {
        let daemon = try daemon()
        let (first, last) = batch {
            $0.append(.tcp(port: 1), to: "nowhere")
            $0.append(.tcp(port: 2), to: "c")
        }
        let client = try daemon.connect()
        try client.send(first)
        try client.send(last)
        let refused = try #require(try refusal { try client.reply(to: 7) })
        #expect(refused.errno == ENOENT && refused.sequence == 3_000)
        #expect(try client.versions().count == 1)
        #expect(try client.ruleset().ids.isEmpty)
        // The connection is as good as before.
        #expect(try client.commit { $0.append(.tcp(port: 1), to: "c") }.version?.version == 2)
    }

    /// A message that is no edit, behind many that are: it is named, whatever else is wrong.
    @Test func aMessageThatIsNoEdit() throws {
        let daemon = try daemon()
        var writer = MessageWriter()
        writer.message(
            MessageHeader(type: .getRule, flags: .request, sequence: SequenceNumber(77))
        ) { $0.netfilterHeader(family: .inet) }
        let (first, last) = batch {
            $0.raw(writer.bytes)
            $0.append(.tcp(port: 1), to: "nowhere")
        }
        let client = try daemon.connect()
        try client.send(first + last)
        let refused = try #require(try refusal { try client.reply(to: 7) })
        #expect(refused.errno == EINVAL && refused.sequence == 77)
        #expect(try client.versions().count == 1)
    }

    /// Batches that wait for their ends, from many clients at once, keep nobody waiting.
    @Test func manyUnfinishedBatchesKeepNobodyWaiting() throws {
        let daemon = try daemon()
        let (first, last) = batch()
        let slow = try (0..<8).map { _ in try daemon.connect() }
        for client in slow { try client.send(first) }
        let quick = try daemon.connect()
        for number in 0..<5 {
            #expect(try quick.ruleset().ids.count == number)
            try quick.commit { $0.append(.tcp(port: UInt16(number)), to: "d") }
        }
        for client in slow.reversed() {
            try client.send(last)
            #expect(try client.reply(to: 7).ids.count == 2_000)
        }
        #expect(try quick.ruleset().ids.count == 16_005)
        try expectAgreement(daemon)
    }
}
