import NetlinkProto
import TestSupport
import Testing

/// Only what differs goes to the kernel: counted by strace, compared by nft.
@Suite struct MinimalTests {
    /// Messages of a batch that change the marker: one takes it away, one puts the new one.
    private static let markerMessages = 2

    /// Puts `count` rules into the output chain, in one batch; returns their ids.
    private func load(_ count: Int, _ client: ControlClient) throws -> [UInt64] {
        try client.commit {
            $0.addTable()
            $0.addChain("out", hook: Hook(number: 3, priority: 0), type: "filter")
            for number in 0..<count {
                $0.append(.longer(than: UInt32(number % 200), comment: "r\(number)"), to: "out")
            }
        }.ids
    }

    // MARK: What is sent

    @Test func oneRuleAmongTenThousandIsOneMessage() throws {
        let traced = try TracedDaemon()
        let client = try traced.daemon.connect()
        var ids: [UInt64] = []
        let loads = try traced.batches { ids = try load(10_000, client) }
        #expect(loads.count == 1)
        let edits: [(Substring, (inout EditScript) -> Void)] = [
            ("NEWRULE", { $0.insert(.tcp(port: 22, comment: "head"), into: "out") }),
            ("NEWRULE", { $0.insert(.tcp(port: 23), into: "out", at: 5_000) }),
            ("NEWRULE", { $0.append(.tcp(port: 24), to: "out") }),
            ("NEWRULE", { [ids] in $0.append(.tcp(port: 25), to: "out", behind: ids[9_000]) }),
            ("NEWRULE", { [ids] in $0.replace(ids[3], in: "out", with: .tcp(port: 26)) }),
            ("DELRULE", { [ids] in $0.delete(ids[8_000], from: "out") }),
            ("DELRULE", { $0.delete(at: 0, from: "out") }),
            ("DELRULE", { $0.delete(.tcp(port: 24), from: "out") }),
        ]
        for (kind, edit) in edits {
            let sent = try traced.batches { try client.commit(BatchOptions(), edit) }
            #expect(sent.map(\.messages) == [["DELOBJ", kind, "NEWOBJ"]])
            #expect(sent.allSatisfy { $0.byteCount < 1_024 })
            print("\(kind): \(sent.map(\.byteCount)) bytes")
        }
    }

    @Test func aRollbackSendsWhatDiffers() throws {
        let traced = try TracedDaemon()
        let client = try traced.daemon.connect()
        let ids = try load(Soak.count(10_000, 100_000), client)
        try client.commit {
            for number in 0..<4 { $0.delete(ids[number * 200], from: "out") }
            for number in 0..<3 {
                $0.replace(ids[number * 200 + 1], in: "out", with: .tcp(port: UInt16(number)))
            }
            for number in 0..<3 {
                $0.insert(.tcp(port: 9), into: "out", before: ids[number * 200 + 2])
            }
        }
        let sent = try traced.batches { try client.rollback(to: 1) }
        #expect(sent.count == 1)
        #expect(sent[0].count("NEWRULE") == 7 && sent[0].count("DELRULE") == 3)
        #expect(sent[0].messages.count == 10 + Self.markerMessages)
        let nothing = try traced.batches {
            let reply = try client.rollback(to: 1)
            #expect(try reply.version == nil)
        }
        #expect(nothing.isEmpty)
    }

    @Test func anEditThatChangesNothingSendsNothing() throws {
        let traced = try TracedDaemon()
        let client = try traced.daemon.connect()
        let ids = try load(3, client)
        let sent = try traced.batches {
            let reply = try client.commit {
                $0.replace(ids[0], in: "out", with: .longer(than: 0, comment: "r0"))
                $0.append(.tcp(port: 1), to: "out")
                $0.delete(.tcp(port: 1), from: "out")
            }
            #expect(try reply.version == nil)
            #expect(reply.note.contains("nothing to change"))
        }
        #expect(sent.isEmpty)
        #expect(try client.versions().count == 1)
    }

    // MARK: What stays

    /// The rules of the output chain as nft writes them, with counters and handles, by comment.
    private func lines(_ daemon: Daemon) throws -> [String: String] {
        let rules = try daemon.parts("inet t out").rules
        return Dictionary(rules.map { ($0.comment ?? "", $0.text) }, uniquingKeysWith: { $1 })
    }

    @Test func untouchedRulesKeepHandlesAndCounters() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        let count = 10_000
        let ids = try load(count, client)
        // Datagrams of many lengths, so that the counters differ from rule to rule.
        for length in stride(from: 0, to: 200, by: 10) { try daemon.sendDatagram(bytes: length) }
        let before = try lines(daemon)
        #expect(Set(before.values.map { $0.prefix { $0 != "#" } }).count >= count)
        #expect(before["r0"]?.contains("packets 20 ") == true)
        #expect(before["r150"]?.contains("packets 7 ") == true)

        var touched: Set<String> = []
        func expectTheRestUnchanged(_ what: Comment) throws {
            let now = try lines(daemon)
            let differing = before.filter { !touched.contains($0.key) && now[$0.key] != $0.value }
            #expect(differing.isEmpty, what)
        }
        try client.commit { $0.insert(.tcp(port: 1, comment: "new"), into: "out", at: 5_000) }
        try expectTheRestUnchanged("insert")
        try client.commit { $0.delete(ids[17], from: "out") }
        touched.insert("r17")
        try expectTheRestUnchanged("delete")
        touched.insert("r18")
        try client.commit { script in
            script.replace(ids[18], in: "out", with: .tcp(port: 2, comment: "r18"))
            for number in 0..<50 { script.delete(ids[number * 10 + 100], from: "out") }
            for number in 0..<50 {
                script.insert(.tcp(port: 3), into: "out", before: ids[number * 20 + 5_001])
            }
            script.addChain("more")
            script.append(.jump(to: "more"), to: "out")
        }
        for number in 0..<50 { touched.insert("r\(number * 10 + 100)") }
        try expectTheRestUnchanged("batch")
        try client.rollback(to: 1)
        try expectTheRestUnchanged("rollback")
        #expect(try daemon.kernel().ids("inet t out") == ids)
        try daemon.restart()
        try expectTheRestUnchanged("restart")
    }

    @Test func listedCountersAreTheKernels() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        _ = try load(3, client)
        for _ in 0..<5 { try daemon.sendDatagram(bytes: 100) }
        func packets(_ counters: Bool) throws -> [UInt64] {
            let messages = try client.list(.getRuleset, RulesetRequest(counters: counters))
            return try PlainRuleset(messages).tables["inet t"]?["out"]?.rules.map { rule in
                for case .counter(let counter) in rule.body.expressions { return counter.packets }
                return 99
            } ?? []
        }
        #expect(try packets(true) == [5, 5, 5])
        #expect(try packets(false) == [0, 0, 0])
        var writer = MessageWriter()
        writer.message(
            MessageHeader(
                type: .getRuleReset, flags: [.request, .acknowledge], sequence: SequenceNumber(7))
        ) { $0.netfilterHeader(family: .unspecified) }
        try client.send(writer.bytes)
        _ = try client.reply(to: 7)
        #expect(try packets(true) == [0, 0, 0])
        #expect(try client.versions().count == 1)
        #expect(try client.audit().first?.action == "zero")
    }
}
