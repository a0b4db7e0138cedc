import Glibc
import NetlinkProto
import TestSupport
import Testing

/// Who may do what, and what stays when the daemon goes.
@Suite struct AuthorityTests {
    /// Sends bytes as user nobody and returns the daemon's answer.
    private func asNobody(_ daemon: Daemon, _ bytes: [UInt8]) throws -> [Message] {
        let request = daemon.directory.file("request")
        let reply = daemon.directory.file("reply")
        for path in [request, reply] { try write([], to: path) }
        try write(bytes, to: request)
        // What the group xt2 is for: the socket can be reached.
        chmod(daemon.directory.path, 0o755)
        chmod(daemon.socketPath, 0o666)
        try Command.check(
            "sh", "-c",
            "setpriv --reuid 65534 --regid 65534 --clear-groups nc -N -U \"$0\" <\"$1\" >\"$2\"",
            daemon.socketPath, request, reply)
        return try messages(in: reply)
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        defer { close(descriptor) }
        guard bytes.isEmpty || Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw CommandFailure("\(path) cannot be written")
        }
    }

    private func messages(in path: String) throws -> [Message] {
        let descriptor = open(path, O_RDONLY)
        defer { close(descriptor) }
        var decoder = FrameDecoder()
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count <= 0 { break }
            decoder.append(buffer[..<count])
        }
        var messages: [Message] = []
        while let bytes = try decoder.next() { messages.append(try Message(bytes)) }
        return messages
    }

    private func request(_ type: MessageType, _ body: (some ControlBody)? = RulesetRequest?.none)
        -> [UInt8]
    {
        var writer = MessageWriter()
        let header = MessageHeader(
            type: type, flags: [.request, .acknowledge], sequence: SequenceNumber(3))
        if let body {
            body.write(header, to: &writer)
        } else {
            writer.message(header) { $0.netfilterHeader(family: .unspecified) }
        }
        return writer.bytes
    }

    @Test func readersMayLookButNotTouch() throws {
        let daemon = try Daemon.configured("[access]\nread = 65534\n")
        let client = try daemon.connect()
        try client.commit {
            $0.addTable()
            $0.addChain("c")
            $0.append(.tcp(port: 1), to: "c")
        }
        let candidate = try #require(
            try client.ask(.newCandidate, CandidateMessage()).candidate?.id)
        let listing = try asNobody(daemon, request(.getRuleset, RulesetRequest()))
        #expect(try PlainRuleset(listing) == client.ruleset())
        #expect(listing.last?.header.type == .done)

        var script = EditScript()
        script.flush("c")
        let attempts = [
            script.batch(sequence: 3),
            script.batch(BatchOptions(candidate: candidate), sequence: 3),
            request(.rollback, RollbackRequest(version: 1)),
            request(.newCandidate, CandidateMessage()),
            request(.deleteCandidate, CandidateMessage(id: candidate)),
            request(.commit, CandidateMessage(id: candidate)),
            request(.getRuleReset),
        ]
        for attempt in attempts {
            let reply = try asNobody(daemon, attempt)
            #expect(reply.count == 1)
            let answer = try #require(reply.last?.read { try Acknowledgement($0) })
            #expect(answer.errno == EPERM)
            #expect(answer.message.contains("may not") && answer.message.contains("[access]"))
        }
        #expect(try client.versions().count == 1)
        #expect(try client.list(.getCandidate, CandidateMessage()).count == 1)
        let audited = try client.audit(AuditRequest(uid: 65_534))
        #expect(audited.count == attempts.count)
        #expect(audited.allSatisfy { $0.outcome == "refused" && $0.process == "nc" })
        #expect(try client.auditProblems() == [])
    }

    @Test func theSocketIsNotForEverybody() throws {
        let daemon = try Daemon()
        var status = stat()
        #expect(stat(daemon.socketPath, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o660)
        #expect(stat(daemon.database, &status) == 0)
        #expect(status.st_mode & 0o077 == 0, "the rules are nobody else's business")
    }

    @Test func everyAttemptIsInTheAuditLog() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try client.commit(BatchOptions(reason: "first")) {
            $0.addTable()
            $0.addChain("c")
        }
        _ = try refusal { try client.commit { $0.flush("nowhere") } }
        try client.rollback(to: 1)
        try client.commit { $0.append(.tcp(port: 1), to: "c") }
        try client.rollback(to: 1)
        let entries = try client.audit().reversed().filter { $0.action != "load" }
        #expect(entries.map(\.outcome) == ["committed", "refused", "committed", "committed"])
        #expect(entries.map(\.action) == ["batch", "flush", "append", "rollback"])
        #expect(entries.map(\.version) == [1, nil, 2, 3])
        #expect(entries.first?.reason == "first")
        #expect(entries.allSatisfy { $0.uid == getuid() && Int32($0.pid) == getpid() })
        #expect(entries[1].error?.contains("nowhere") == true)
    }

    // MARK: Stopping

    @Test(arguments: [SIGTERM, SIGINT, SIGKILL]) func theFirewallOutlivesTheDaemon(_ signal: Int32)
        throws
    {
        let daemon = try Daemon()
        let port: UInt16 = 4_242
        let listener = try daemon.namespace.run { try PortListener(port: port) }
        func errno() throws -> Int32 {
            try daemon.namespace.run {
                InternetAddress.connectionErrno(to: "127.0.0.1", port: port)
            }
        }
        #expect(try errno() == 0)
        let client = try daemon.connect()
        try client.commit {
            $0.addTable()
            $0.addChain("in", hook: Hook(number: 1, priority: 0), type: "filter")
            $0.append(.rejectTCP(port: port), to: "in")
        }
        #expect(try errno() == ECONNREFUSED)
        let result = try daemon.stop(signal)
        #expect(result.status == (signal == SIGKILL ? 128 + SIGKILL : 0))
        #expect(try errno() == ECONNREFUSED)
        try daemon.start()
        #expect(try errno() == ECONNREFUSED)
        try daemon.connect().commit { $0.flush("in") }
        #expect(try errno() == 0)
        _ = listener
    }
}
