import NetlinkProto
import TestSupport
import Testing

/// Every body of xt2's own messages, with all attributes and with as few as it can have.
enum ControlBodies {
    static let full: [any ControlBody] = [
        AuditMessage(
            sequence: 1, time: 1_700_000_000_000_000, uid: 1_000, gid: 100, pid: 4_242,
            process: "xt2", loginUID: 1_001, action: "commit", outcome: "done", version: 7,
            generation: 12, scope: "inet filter input", error: "none", reason: "why",
            changeCount: 3, hash: [UInt8](0..<32), peer: "192.0.2.1 port 5", request: [1, 2]),
        AuditHeadMessage(sequence: 7, hash: [1, 2]),
        AuditRequest(
            uid: 0, since: 1, until: 2, family: 1, table: "filter", chain: "input", ruleID: 9,
            action: "commit", outcome: "done", version: 3, before: 4, limit: 5,
            address: [10, 0, 0, 0], prefix: 8, after: 6, follow: true),
        BatchOptions(
            reason: "why", candidate: 4, expectedHead: 3, confirm: 60, changes: true, check: true),
        BlameMessage(
            id: 9, index: 1, version: 2, time: 3, uid: 4, process: "xt2", kind: 0, reason: "why",
            body: [4, 0, 1, 0]),
        BlameRequest(family: 1, table: "filter", chain: "input", version: 4),
        CandidateMessage(
            id: 1, base: 2, time: 3, uid: 4, operationCount: 5, reason: "a candidate", confirm: 60,
            check: true),
        ChangeMessage(
            kind: 3, id: 9, family: 1, table: "filter", name: "input", before: [4, 0, 1, 0],
            after: [], oldName: "in", indexBefore: 1, indexAfter: 2, set: [4, 0, 1, 0]),
        CheckMessage(
            version: 1, changeCount: 2, messageCount: 3, byteCount: 4, summary: "+1 -0 rules"),
        ConfirmRequest(version: 4),
        DiffRequest(from: 1, to: 2, candidate: 3),
        ImportRequest(family: 2, table: "filter", policy: 2, reason: "why", check: true),
        OutlineMessage(version: 7, rules: [UInt8](0..<40)),
        OutlineRequest(family: 1, table: "filter", candidate: 3, objects: true),
        PruneMessage(horizon: 1, versions: 2, objects: 3, kept: ["4", "5"]),
        PruneRequest(keep: 1, before: 2, dryRun: true),
        ReferenceMessage(name: "HEAD~1", time: 1, version: 2),
        RollbackRequest(version: 3, reason: "it broke", confirm: 60),
        RulesetRequest(
            family: 1, table: "filter", chain: "input", version: 3, counters: true,
            candidate: 4, policyCounters: true),
        SessionMessage(
            origin: "192.0.2.9 50022 192.0.2.1 22",
            protect: ["tcp 192.0.2.9 50022 192.0.2.1 22", ""], force: true),
        StatusMessage(
            daemonVersion: "0.1", uuid: [UInt8](0..<16), head: 5, generation: 6,
            database: "/var/lib/xt2/rules.db", started: 7, tables: 1, chains: 2, rules: 3,
            candidates: 4, clients: 5, notice: ["one", "two", ""], unconfirmed: 5, remaining: 6,
            fallback: 4),
        TableRequest(family: 2, table: "filter", policy: 1, reason: "why"),
        CheckRequest(family: 2, table: "filter", fix: true),
        TagMessage(name: "good", version: 1, time: 2, uid: 3),
        VerificationMessage(entries: 9, head: [1, 2, 3], problem: ["gap at 4", "edited: 5"]),
        VersionMessage(
            version: 1, time: 2, uid: 3, gid: 4, pid: 5, process: "xt2", kind: 1,
            rolledBackTo: 7, changeCount: 8, reason: "äöü", summary: "+1 table", confirmation: 2,
            deadline: 9, settledBy: 10, reverts: 11, tag: ["good", "better"], pruned: true
        ).with(notice: ["look out", ""]),
        VersionRequest(version: 1, before: 2, limit: 3),
    ]

    static let least: [any ControlBody] = [
        AuditMessage(
            sequence: 0, time: 0, uid: 0, gid: 0, pid: 0, process: "", action: "", outcome: "",
            scope: "", changeCount: 0, hash: []),
        AuditHeadMessage(), SessionMessage(),
        AuditRequest(), BatchOptions(),
        BlameMessage(
            id: 0, index: 0, version: 0, time: 0, uid: 0, process: "", kind: 0, reason: "", body: []
        ),
        BlameRequest(family: 0, table: "", chain: ""), CandidateMessage(),
        CheckMessage(version: 0, changeCount: 0, messageCount: 0, byteCount: 0, summary: ""),
        ConfirmRequest(),
        ChangeMessage(kind: 0, id: 0, family: 0, table: "", name: ""),
        DiffRequest(), OutlineMessage(), OutlineRequest(),
        PruneMessage(horizon: 0, versions: 0, objects: 0), PruneRequest(),
        ReferenceMessage(), RollbackRequest(version: 0), RulesetRequest(),
        StatusMessage(
            daemonVersion: "", uuid: [], head: 0, generation: 0, database: "", started: 0,
            tables: 0, chains: 0, rules: 0, candidates: 0, clients: 0),
        TagMessage(name: ""),
        VerificationMessage(entries: 0, head: []),
        VersionMessage(
            version: 0, time: 0, uid: 0, gid: 0, pid: 0, process: "", kind: 0, changeCount: 0,
            reason: ""),
        VersionRequest(),
    ]

    static var types: [any ControlBody.Type] { full.map { type(of: $0) } }
}

@Suite struct ControlBodyTests {
    /// Writes a body as attributes and reads it back.
    private func roundTrip<Body: ControlBody>(_ body: Body) throws -> Body {
        var writer = MessageWriter()
        body.write(to: &writer)
        let bytes = try writer.finish()
        return try Body(AttributeReader(bytes.span.bytes))
    }

    private func attributes(_ body: some ControlBody) throws -> RawAttributes {
        var writer = MessageWriter()
        body.write(to: &writer)
        return RawAttributes(try writer.finish())
    }

    private func expectRoundTrip<Body: ControlBody>(_ body: Body) throws {
        #expect(try roundTrip(body) == body)
        var writer = MessageWriter()
        body.write(MessageHeader(type: .newVersion), to: &writer)
        let found = try reading(try writer.finish()) { (view) throws(WireError) in try Body(view) }
        #expect(found == body)
    }

    @Test func everyBodyReadsBack() throws {
        for body in ControlBodies.full + ControlBodies.least { try expectRoundTrip(body) }
    }

    /// Reads a body of the same type.
    private func reread<Body: ControlBody>(_ body: Body, _ bytes: [UInt8]) throws(WireError) -> Body
    {
        try Body(AttributeReader(bytes.span.bytes))
    }

    private func isReread<Body: ControlBody>(_ body: Body, _ bytes: [UInt8]) throws -> Bool {
        try reread(body, bytes) == body
    }

    @Test func attributesOfANewerSenderArePassedOver() throws {
        for body in ControlBodies.full {
            var raw = try attributes(body)
            raw.list.insert((0x3FFF, [1, 2, 3]), at: 0)
            #expect(try isReread(body, raw.bytes), "\(body)")
        }
    }

    @Test func whatTheLeastBodyHasIsRequired() throws {
        for body in ControlBodies.least {
            let raw = try attributes(body)
            for index in raw.list.indices {
                var less = raw
                less.list.remove(at: index)
                do throws(WireError) {
                    _ = try reread(body, less.bytes)
                    Issue.record("\(type(of: body)) was read without attribute \(index)")
                } catch {
                    #expect(error.code == .missingAttribute)
                }
            }
        }
    }

    @Test func aReasonHasALimit() throws {
        let most = String(repeating: "x", count: WireLimits.reasonBytes)
        #expect(try roundTrip(BatchOptions(reason: most)).reason == most)
        #expect(throws: WireError.self) { try roundTrip(BatchOptions(reason: most + "x")) }
    }

    @Test func aBatchBeginsWithItsOptions() throws {
        let options = BatchOptions(reason: "why", expectedHead: 3)
        var writer = MessageWriter()
        options.writeBegin(sequence: SequenceNumber(9), to: &writer)
        try reading(try writer.finish()) { (view) throws(WireError) in
            #expect(view.header.type == .batchBegin)
            #expect(view.header.flags == [.request, .acknowledge])
            #expect(view.header.sequence == SequenceNumber(9))
            let head = try view.netfilterHeader()
            #expect(head.resource == 10, "NFNL_SUBSYS_NFTABLES")
            let found = try BatchOptions(view)
            #expect(found == options)
        }
    }

    @Test func theKernelsGenerationIsNotAnOption() throws {
        var writer = MessageWriter()
        Batch.begin(
            sequence: SequenceNumber(1), generation: GenerationID(rawValue: 5), to: &writer)
        let found = try reading(try writer.finish()) { (view) throws(WireError) in
            try BatchOptions(view)
        }
        #expect(found == BatchOptions())
    }
}

extension VersionMessage {
    fileprivate func with(notice: [String]) -> VersionMessage {
        var message = self
        message.notice = notice
        return message
    }
}
