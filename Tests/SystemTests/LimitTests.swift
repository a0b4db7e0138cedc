import Glibc
import NetlinkProto
import TestSupport
import Testing

/// Each limit: a clear error beyond it, and nobody else notices.
@Suite struct LimitTests {
    private func limited(_ limits: String, _ more: String = "") throws -> Daemon {
        let daemon = try Daemon.configured(
            "[limits]\n\(limits)\n[socket]\nmode = 0666\n" + more)
        try daemon.connect().commit {
            $0.addTable()
            $0.addChain("c")
        }
        return daemon
    }

    /// A batch of about so many bytes.
    private func script(bytes count: Int) -> EditScript {
        var script = EditScript()
        let comment = String(repeating: "x", count: 100)
        var size = 0
        while size < count {
            script.append(.tcp(port: 5, comment: comment), to: "c")
            size += script.messages.last?.count ?? count
        }
        return script
    }

    @Test func clients() throws {
        let daemon = try limited("clients = 8", "[access]\nread = 1000\n")
        var clients = try (0..<6).map { _ in
            let client = try daemon.connect(uid: 1000)
            _ = try client.status()
            return client
        }
        // The rest is for those who may edit.
        let reader = try daemon.connect(uid: 1000)
        let refused = try #require(try refusal { try reader.reply(to: 0) })
        #expect(refused.errno == EAGAIN && refused.message.contains("(6 of 6)"))
        clients += try (0..<2).map { _ in
            let client = try daemon.connect()
            _ = try client.status()
            return client
        }
        let last = try daemon.connect()
        let full = try #require(try refusal { try last.reply(to: 0) })
        #expect(full.errno == EAGAIN && full.message.contains("(8 of 8)"))
        clients.removeAll()
        _ = try daemon.connectPatiently()
    }

    @Test func clientsOfOneUser() throws {
        let daemon = try limited("clients-per-user = 2", "[access]\nread = 1000, 1001\n")
        let clients = try (0..<2).map { _ in
            let client = try daemon.connect(uid: 1000)
            _ = try client.status()
            return client
        }
        let third = try daemon.connect(uid: 1000)
        let refused = try #require(try refusal { try third.reply(to: 0) })
        #expect(refused.errno == EAGAIN)
        #expect(refused.message.contains("User 1000 has too many clients already (2 of 2)"))
        _ = try daemon.connect(uid: 1001).status()
        let own = try (0..<4).map { _ in try daemon.connect() }
        for client in own { _ = try client.status() }
        _ = clients
    }

    @Test func aMessage() throws {
        let daemon = try limited("message-size = 16K")
        let client = try daemon.connect()
        let header = MessageHeader(
            type: .getRuleset, flags: [.request, .dump], sequence: SequenceNumber(3))
        var writer = MessageWriter()
        writer.message(header) { writer in
            writer.netfilterHeader(family: .unspecified)
            writer.attribute(99, bytes: [UInt8](repeating: 0, count: 17_000))
        }
        try client.send(writer.bytes)
        let answer = try #require(
            try client.drain().first?.read { try Acknowledgement($0) })
        #expect(answer.errno == EBADMSG && answer.message.contains("at most 16384"))
    }

    @Test func aBatch() throws {
        let daemon = try limited("batch-size = 16K")
        let client = try daemon.connect()
        let refused = try #require(try refusal { try client.commit(script(bytes: 20_000)) })
        #expect(refused.errno == EMSGSIZE && refused.message.contains("16384"))
        try client.commit(script(bytes: 8_000))
        #expect(try client.versions().count == 2)
    }

    @Test func allBatchesTogether() throws {
        let daemon = try limited("queue-size = 32K")
        let (waiting, other) = (try daemon.connect(), try daemon.connect())
        let half = script(bytes: 24_000).batch(sequence: 7)
        let refused = try eventualValue("the other is refused, and the first is not") {
            try waiting.send(Array(half.dropLast(20)))
            try waiting.waitUntilRead()
            var refused: Refused?
            for _ in 0..<2 where refused == nil {
                refused = try refusal { try other.commit(script(bytes: 12_000)) }
            }
            // What is read is not counted yet: where the other was before it, it is the one that is refused.
            try waiting.send(Array(half.suffix(20)))
            return try refusal { try waiting.reply(to: 7) } == nil ? refused : nil
        }
        #expect(refused.errno == EAGAIN)
        #expect(refused.message.contains("take 32768 bytes already; try again later"))
        // Neither the refused batch nor the one that was carried out holds anything.
        try other.commit(script(bytes: 12_000))
        try waiting.send(Array(half.dropLast(20)))
        waiting.finishSending()
        _ = try waiting.drain()
        try eventually("what it held is free") {
            try refusal { try other.commit(script(bytes: 12_000)) } == nil
        }
    }

    /// A batch that is refused in the middle holds nothing from then on, however long its client takes to send the rest.
    @Test func aBatchThatIsTooLargeIsInNobodysWay() throws {
        let daemon = try limited("queue-size = 32K")
        let (large, other) = (try daemon.connect(), try daemon.connect())
        let batch = script(bytes: 40_000).batch(sequence: 7)
        try large.send(Array(batch.dropLast(20)))
        try large.waitUntilRead()
        try eventually("the other is taken") {
            try refusal { try other.commit(script(bytes: 24_000)) } == nil
        }
        // So is the next one: the first was not just faster than the large one.
        try eventually("the other is taken") {
            try refusal { try other.commit(script(bytes: 24_000)) } == nil
        }
        try large.send(Array(batch.suffix(20)))
        #expect(try refusal { try large.reply(to: 7) }?.errno == EAGAIN)
    }

    @Test func candidates() throws {
        let daemon = try limited("candidates = 1\ncandidate-size = 8K")
        let client = try daemon.connect()
        let id = try #require(try client.ask(.newCandidate, CandidateMessage()).candidate?.id)
        let refused = try #require(
            try refusal { try client.ask(.newCandidate, CandidateMessage()) })
        #expect(refused.errno == E2BIG && refused.message.contains("There are 1 candidates"))
        let options = BatchOptions(candidate: id)
        try client.commit(script(bytes: 2_000), options)
        let large = try #require(
            try refusal { try client.commit(script(bytes: 16_000), options) })
        #expect(large.errno == E2BIG && large.message.contains("at most 8192"))
        try client.ask(.commit, CandidateMessage(id: id))
        _ = try client.ask(.newCandidate, CandidateMessage())
    }

    // MARK: Clients that hold things up

    @Test func aPauseInTheMiddle() throws {
        let daemon = try limited("pause-timeout = 1s")
        let idle = try daemon.connect()
        _ = try idle.status()
        let whole = script(bytes: 500).batch(sequence: 5)
        for part in [Array(whole.prefix(7)), Array(whole.dropLast(20)), Array(whole.prefix(200))] {
            let client = try daemon.connect()
            try client.send(part)
            let answer = try #require(
                try client.drain().first?.read { try Acknowledgement($0) })
            #expect(answer.errno == ETIMEDOUT)
            #expect(answer.message.contains("for 1 s in the middle of a message or batch"))
        }
        // Who waits between two requests may wait.
        #expect(try idle.versions().count == 1)
        #expect(daemon.log.contains("stopped in the middle"))
    }

    /// Neither what a start has read nor what a large version leaves free stays with the daemon.
    @Test func memoryIsGivenBack() throws {
        let daemon = try Daemon()
        try daemon.connect().commit {
            $0.addTable()
            $0.addChain("c")
        }
        let empty = try daemon.memoryKilobytes()
        try daemon.connect().commit { script in
            for number in 0..<40_000 { script.append(.tcp(port: UInt16(number)), to: "c") }
        }
        let full = try daemon.memoryKilobytes()
        try daemon.restart()
        try daemon.connect().rollback(to: 1)
        try eventually("half of the memory is given back") {
            try daemon.memoryKilobytes() < (empty + full) / 2
        }
    }

    @Test func repliesThatAreNotRead() throws {
        let daemon = try limited("stall-timeout = 1s")
        let client = try daemon.connect()
        try client.commit(script(bytes: 400_000))
        let lazy = try daemon.connect()
        var writer = MessageWriter()
        for number in 0..<50 {
            let header = MessageHeader(
                type: .getRuleset, flags: [.request, .dump],
                sequence: SequenceNumber(UInt32(number)))
            RulesetRequest().write(header, to: &writer)
        }
        let before = try daemon.memoryKilobytes()
        try lazy.send(writer.bytes)
        try client.commit { $0.append(.tcp(port: 9), to: "c") }
        #expect(try daemon.memoryKilobytes() < before + 20_000)
        try lazy.waitForHangup()
        #expect(try client.versions().count == 3)
        try eventually("the log names it") { daemon.log.contains("did not read its replies") }
    }
}
