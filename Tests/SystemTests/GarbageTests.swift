import Foundation
import Glibc
import NetlinkProto
import TestSupport
import Testing

/// Hostile bytes on the control socket: each a clear error or a clean close, and nobody else notices.
@Suite struct GarbageTests {
    private func loaded(_ count: Int = 3) throws -> Daemon {
        let daemon = try Daemon()
        try daemon.connect().commit {
            $0.addTable()
            $0.addChain("c")
            for number in 0..<count { $0.append(.tcp(port: UInt16(number % 60_000)), to: "c") }
        }
        return daemon
    }

    /// The daemon is there, and has what it had.
    private func expectUnharmed(_ daemon: Daemon, versions: Int = 1, _ what: Comment? = nil) throws
    {
        let client = try daemon.connect()
        #expect(try client.versions().count == versions, what)
        #expect(try daemon.kernel().outline == client.ruleset().outline, what)
    }

    /// A message with any header and payload.
    private func message(
        type: UInt16, flags: UInt16 = 5, sequence: UInt32 = 9, length: Int? = nil,
        _ payload: [UInt8]
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        for shift in [0, 8, 16, 24] {
            bytes.append(UInt8(truncatingIfNeeded: (length ?? payload.count + 16) >> shift))
        }
        bytes += [UInt8(truncatingIfNeeded: type), UInt8(type >> 8)]
        bytes += [UInt8(truncatingIfNeeded: flags), UInt8(flags >> 8)]
        for shift in [0, 8, 16, 24] as [UInt32] {
            bytes.append(UInt8(truncatingIfNeeded: sequence >> shift))
        }
        bytes += [0, 0, 0, 0] + payload
        while bytes.count % 4 != 0 { bytes.append(0) }
        return bytes
    }

    // MARK: Frames

    @Test func aTruncatedFrameChangesNothing() throws {
        let daemon = try loaded()
        var script = EditScript()
        script.append(.tcp(port: 99), to: "c")
        let whole = script.batch()
        for length in 0..<whole.count {
            let client = try daemon.connect()
            try client.send(Array(whole[..<length]))
            client.finishSending()
            #expect(try client.drain().isEmpty, "\(length) bytes of a batch")
        }
        try expectUnharmed(daemon)
        // Who says all at once and nothing more gets the answer.
        let last = try daemon.connect()
        try last.send(whole)
        last.finishSending()
        let answers = try last.drain().map(\.header.type)
        #expect(answers == [.newRule, .newVersion, .error])
        // What arrives byte by byte is one batch all the same.
        let client = try daemon.connect()
        for byte in whole { try client.send([byte]) }
        #expect(try client.reply(to: 1).version?.version == 3)
    }

    @Test(arguments: [0, 1, 15, 0x10_0001, 0x7FFF_FFFF, 0xFFFF_FFFF])
    func aFrameOfAnImpossibleLengthEndsTheConnection(_ length: Int) throws {
        let daemon = try loaded()
        let client = try daemon.connect()
        try client.send(message(type: 0x5804, length: length, [1, 0, 0, 0]))
        let messages = try client.drain()
        #expect(messages.count == 1)
        let answer = try #require(messages.first?.read { try Acknowledgement($0) })
        #expect(answer.errno == EBADMSG)
        #expect(answer.message.contains("not a netlink message"))
        try expectUnharmed(daemon)
    }

    @Test func randomBytesHarmNobody() throws {
        var random = SeededGenerator()
        let daemon = try loaded()
        let bystander = try daemon.connect()
        for _ in 0..<200 {
            let client = try daemon.connect()
            try? client.send(random.bytes(Int.random(in: 1...4_000, using: &random)))
            client.finishSending()
            _ = try client.drain()
        }
        #expect(try bystander.versions().count == 1)
        try expectUnharmed(daemon)
    }

    // MARK: Messages

    /// Messages of every type with random attributes: an answer to each, and the connection lives.
    @Test func randomMessagesAreAnswered() throws {
        var random = SeededGenerator()
        let daemon = try loaded()
        let client = try daemon.connect()
        // Bytes that mean shut down or batch begin would make the count of answers another.
        let types =
            (0..<26).map { 0x0A00 + $0 } + (0..<20).map { 0x5800 + $0 } + [0x0B07, 0xFFFF, 5]
        for type in types {
            for _ in 0..<40 {
                var payload: [UInt8] = [UInt8.random(in: 0...12, using: &random), 0, 0, 0]
                for _ in 0..<Int.random(in: 0...4, using: &random) {
                    payload += attribute(&random, depth: 3)
                }
                try client.send(message(type: UInt16(type), payload))
                try expectAnAnswer(client, "type \(type), payload \(payload)")
            }
        }
        let versions = try client.versions().count
        try expectUnharmed(daemon, versions: versions)
    }

    /// Reads up to the end of an answer, whatever it is.
    private func expectAnAnswer(_ client: ControlClient, _ what: Comment) throws {
        do {
            _ = try client.reply(to: 9)
        } catch is Refused {
        } catch is ConnectionLost {
            Issue.record(what)
            throw ConnectionLost()
        }
    }

    private func attribute(_ random: inout SeededGenerator, depth: Int) -> [UInt8] {
        var payload = random.bytes(Int.random(in: 0...12, using: &random))
        if depth > 0 && random.oneIn(3) { payload = attribute(&random, depth: depth - 1) }
        // Every fourth says a length that is not its own: 0 to 3, or too much.
        var length = payload.count + 4
        if random.oneIn(4) { length = Int.random(in: 0...20, using: &random) }
        let nested: UInt8 = random.oneIn(3) ? 0x80 : 0
        var bytes = [
            UInt8(length), 0, UInt8.random(in: 0...12, using: &random),
            nested | (random.oneIn(5) ? 0x20 : 0),
        ]
        bytes += payload
        while bytes.count % 4 != 0 { bytes.append(0) }
        return bytes
    }

    @Test(arguments: [0, 1, 2, 3]) func anAttributeShorterThanItsHeader(_ length: UInt8) throws {
        let daemon = try loaded()
        let client = try daemon.connect()
        try client.send(message(type: 0x5804, [1, 0, 0, 0] + [length, 0, 2, 0]))
        let refused = try #require(try refusal { try client.reply(to: 9) })
        #expect(refused.errno == EINVAL)
        #expect(refused.offset == 20)
        try client.commit { $0.append(.tcp(port: 5), to: "c") }
        try expectUnharmed(daemon, versions: 2)
    }

    @Test func theLargestNumbersAreNotThere() throws {
        let daemon = try loaded()
        let client = try daemon.connect()
        let most = UInt64.max
        func errno(_ body: () throws -> some Any) throws -> Int32? { try refusal(body)?.errno }
        #expect(try errno { try client.ruleset(most) } == ENOENT)
        #expect(try errno { try client.rollback(to: most) } == ENOENT)
        #expect(try errno { try client.list(.getVersion, VersionRequest(version: most)) } == ENOENT)
        #expect(
            try errno { try client.list(.getDiff, DiffRequest(from: most, to: most)) } == ENOENT)
        #expect(try errno { try client.list(.getDiff, DiffRequest(to: 0)) } == ENOENT)
        #expect(try errno { try client.list(.getDiff, DiffRequest(candidate: most)) } == ENOENT)
        #expect(try errno { try client.list(.getCandidate, CandidateMessage(id: most)) } == ENOENT)
        #expect(try errno { try client.ask(.commit, CandidateMessage(id: most)) } == ENOENT)
        #expect(
            try errno { try client.ask(.deleteCandidate, CandidateMessage(id: most)) } == ENOENT)
        #expect(
            try errno { try client.commit(BatchOptions(candidate: most)) { $0.flush("c") } }
                == ENOENT)
        #expect(try errno { try client.commit { $0.delete(most, from: "c") } } == ENOENT)
        #expect(try errno { try client.commit { $0.delete(at: .max, from: "c") } } == ERANGE)
        #expect(try client.list(.getVersion, VersionRequest(before: most, limit: .max)).count == 1)
        #expect(try client.list(.getVersion, VersionRequest(before: 0)).isEmpty)
        #expect(try client.list(.getVersion, VersionRequest(limit: 0)).isEmpty)
        let all = try client.audit().count
        // A page begins behind an entry; there is none behind one that is not there.
        #expect(try client.audit(AuditRequest(before: most, limit: .max)).isEmpty)
        #expect(try client.audit(AuditRequest(until: most)).count == all)
        #expect(try client.audit(AuditRequest(since: most)).isEmpty)
        #expect(try client.audit(AuditRequest(ruleID: most)).isEmpty)
        #expect(try client.audit(AuditRequest(version: most)).isEmpty)
        try expectUnharmed(daemon)
    }

    @Test func aNestedBombIsRefused() throws {
        let daemon = try loaded()
        let client = try daemon.connect()
        var bomb: [UInt8] = []
        // As deep as an attribute's length can say.
        while bomb.count < 65_000 {
            let length = bomb.count + 4
            bomb = [UInt8(truncatingIfNeeded: length), UInt8(length >> 8), 1, 0x80] + bomb
        }
        for type in [4, 7, 0x2002] as [UInt16] {
            let length = bomb.count + 4
            let attribute =
                [
                    UInt8(truncatingIfNeeded: length), UInt8(length >> 8),
                    UInt8(truncatingIfNeeded: type), UInt8(type >> 8) | 0x80,
                ] + bomb
            var script = EditScript()
            script.raw(
                message(
                    type: 0x0A06, flags: 0x0C01, sequence: 77,
                    [1, 0, 0, 0, 6, 0, 1, 0, 0x74, 0, 0, 0, 6, 0, 2, 0, 0x63, 0, 0, 0] + attribute))
            try client.send(script.batch(sequence: 8))
            let refused = try #require(try refusal { try client.reply(to: 8) })
            #expect(refused.errno == EINVAL && refused.sequence == 77)
        }
        try expectUnharmed(daemon)
    }

    // MARK: Batches

    @Test func batchesThatAreNone() throws {
        let daemon = try loaded()
        let client = try daemon.connect()
        var script = EditScript()
        script.append(.tcp(port: 99), to: "c")
        let whole = script.batch(sequence: 5)
        let begin = Array(whole[..<20])
        let end = Array(whole[(whole.count - 20)...])
        // END without BEGIN.
        try client.send(end)
        #expect(try refusal { try client.reply(to: 101) }?.errno == EINVAL)
        // BEGIN inside of a batch: both are off, and what follows is no edit.
        try client.send(begin + begin)
        #expect(try refusal { try client.reply(to: 5) }?.errno == EINVAL)
        try client.send(script.messages[0])
        #expect(try refusal { try client.reply(to: 100) }?.errno == EOPNOTSUPP)
        // An edit outside of a batch is refused too, and an empty batch changes nothing.
        try client.send(begin + end)
        #expect(try client.reply(to: 5).version == nil)
        // A batch without an end.
        let another = try daemon.connect()
        try another.send(Array(whole.dropLast(20)))
        another.finishSending()
        #expect(try another.drain().isEmpty)
        // A batch with something else in it.
        var wrong = EditScript()
        wrong.append(.tcp(port: 98), to: "c")
        wrong.raw(message(type: 0x5804, sequence: 55, [0, 0, 0, 0]))
        try client.send(wrong.batch(sequence: 6))
        let refused = try #require(try refusal { try client.reply(to: 6) })
        #expect(refused.errno == EINVAL && refused.sequence == 55)
        try expectUnharmed(daemon)
    }

    @Test func namesAndTextsOfEveryKind() throws {
        let daemon = try loaded()
        let client = try daemon.connect()
        let long = String(repeating: "n", count: 255)
        try client.commit { $0.addChain(long) }
        #expect(try refusal { try client.commit { $0.addChain(long + "n") } }?.errno == EINVAL)
        let reason = String(repeating: "w", count: 4_000)
        try client.commit(BatchOptions(reason: reason)) { $0.flush("c") }
        #expect(try client.versions().first?.reason == reason)
        let tooLong = String(repeating: "w", count: 20_000)
        #expect(
            try refusal {
                try client.commit(BatchOptions(reason: tooLong)) {
                    $0.append(.tcp(port: 1), to: "c")
                }
            }?.errno == EINVAL)
        try expectUnharmed(daemon, versions: 3)
    }

    // MARK: Clients

    @Test func threeHundredClients() throws {
        let daemon = try loaded()
        let before = try daemon.memoryKilobytes()
        let clients = try (0..<300).map { _ in try daemon.connect() }
        var served = 0
        var turnedAway = 0
        for client in clients {
            do {
                _ = try client.status()
                served += 1
            } catch let error as Refused {
                #expect(error.errno == EAGAIN && error.message.contains("try again"))
                turnedAway += 1
            } catch is ConnectionLost {
                // It was turned away before it had asked.
                turnedAway += 1
            }
        }
        #expect(served == 256 && turnedAway == 44)
        #expect(try daemon.memoryKilobytes() < before + 100_000)
        _ = consume clients
        // Places become free as the daemon sees the ends of connections.
        let other = try daemon.connectPatiently()
        #expect(try other.versions().count == 1)
    }

    @Test func moreClientsThanFileDescriptors() throws {
        let daemon = try Daemon(prefix: ["prlimit", "--nofile=80"])
        let first = try daemon.connect()
        try first.commit { $0.addTable() }
        do {
            let crowd = (0..<100).compactMap { _ in try? daemon.connect() }
            #expect(crowd.count > 60)
            // Those that are in are served; the others wait.
            #expect(try first.versions().count == 1)
            #expect(try crowd[0].versions().count == 1)
        }
        let later = try daemon.connectPatiently()
        try later.commit { $0.addChain("c") }
        #expect(try first.versions().count == 2)
        #expect(try daemon.stop().status == 0)
    }

    @Test func aClientThatDoesNotReadHoldsUpNobody() throws {
        let daemon = try loaded(10_000)
        let lazy = try (0..<5).map { _ in try daemon.connect() }
        var writer = MessageWriter()
        for number in 0..<50 {
            RulesetRequest().write(
                MessageHeader(
                    type: .getRuleset, flags: [.request, .dump],
                    sequence: SequenceNumber(UInt32(number))),
                to: &writer)
        }
        let before = try daemon.memoryKilobytes()
        for client in lazy { try client.send(writer.bytes) }
        let client = try daemon.connect()
        for number in 0..<20 {
            try client.commit { $0.append(.tcp(port: UInt16(number)), to: "c") }
        }
        #expect(try client.versions().count == 21)
        // 250 listings of about 3 MB each are not in memory.
        #expect(try daemon.memoryKilobytes() < before + 150_000)
        #expect(try daemon.stop().status == 0, "a client that does not read must not keep it alive")
        _ = lazy
    }
}
