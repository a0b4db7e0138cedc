import Glibc
import NetlinkProto
import TestSupport
import Testing

/// Rights by user and group, as the configuration says, with real users on a real socket.
@Suite struct AccessTests {
    /// What a client is refused for each kind of request: 1 (EPERM), 0, or another errno if it may ask.
    private struct Rights: Equatable {
        var read: Int32
        var edit: Int32
        var rollback: Int32
        var audit: Int32

        init(read: Int32, edit: Int32, rollback: Int32, audit: Int32) {
            self.read = read
            self.edit = edit
            self.rollback = rollback
            self.audit = audit
        }

        init(of client: ControlClient) throws {
            read = try refusal { try client.list(.getVersion, VersionRequest()) }?.errno ?? 0
            edit = try refusal { try client.commit { $0.flush("c") } }?.errno ?? 0
            rollback = try refusal { try client.rollback(to: 1) }?.errno ?? 0
            audit = try refusal { try client.audit() }?.errno ?? 0
        }
    }

    private func prepared(_ configuration: String) throws -> Daemon {
        let daemon = try Daemon.configured("[socket]\nmode = 0666\n" + configuration)
        try daemon.connect().commit {
            $0.addTable()
            $0.addChain("c")
        }
        return daemon
    }

    @Test func rightsByUserAndGroup() throws {
        let daemon = try prepared(
            "[access]\nread = 1001, @2000\nedit = 1002\nrollback = @2001\naudit = 1001\n")
        let none = Rights(read: EPERM, edit: EPERM, rollback: EPERM, audit: EPERM)
        func rights(_ uid: UInt32, _ gid: UInt32 = 900, _ groups: [UInt32] = []) throws -> Rights {
            try Rights(of: daemon.connect(uid: uid, gid: gid, groups: groups))
        }
        var expected = none
        #expect(try rights(1000) == expected)
        expected.read = 0
        #expect(try rights(1000, 2000) == expected, "the primary group")
        #expect(try rights(1000, 900, [5, 2000]) == expected, "a supplementary group")
        #expect(try rights(1000, 900, (3_000..<3_200) + [2000]) == expected, "one of many")
        expected.rollback = 0
        #expect(try rights(1000, 2001, [2000]) == expected)
        expected = none
        expected.edit = 0
        #expect(try rights(1002) == expected)
        expected = none
        expected.read = 0
        expected.audit = 0
        #expect(try rights(1001) == expected)
        #expect(try rights(0, 0) == Rights(read: 0, edit: 0, rollback: 0, audit: 0))
    }

    @Test func aRefusalSaysWhichRightIsMissing() throws {
        let daemon = try prepared("")
        let client = try daemon.connect(uid: 1000)
        let refused = try #require(try refusal { try client.commit { $0.flush("c") } })
        #expect(refused.errno == EPERM)
        #expect(refused.message.contains("User 1000 may not change the ruleset: the right 'edit'"))
        #expect(refused.message.contains(daemon.directory.file("conf")))
        _ = try refusal { try client.ask(.getStatus) }
        let entries = try daemon.connect().audit(AuditRequest(uid: 1000))
        #expect(entries.map(\.action) == ["get-status", "flush"] || entries.count == 2)
        #expect(entries.allSatisfy { $0.outcome == "refused" && $0.gid == 65_534 })
    }

    /// The default, where there is a group xt2: here, one in a private /etc/group.
    @Test func theGroupXt2Reads() throws {
        let directory = try TemporaryDirectory()
        let groups = directory.file("group")
        let daemon = try Daemon(
            directory: directory,
            prefix: [
                "unshare", "-m", "sh", "-c",
                "{ cat /etc/group; echo xt2:x:4321:; } >\(groups) && mount --bind \(groups) /etc/group && exec \"$0\" \"$@\"",
            ])
        try daemon.connect().commit {
            $0.addTable()
            $0.addChain("c")
        }
        var status = stat()
        #expect(stat(daemon.socketPath, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o660 && status.st_gid == 4_321)
        let member = try daemon.connect(uid: 1000, groups: [4_321])
        let expected = Rights(read: 0, edit: EPERM, rollback: EPERM, audit: 0)
        #expect(try Rights(of: member) == expected)
        #expect(throws: CommandFailure.self) { try daemon.connect(uid: 1000) }
    }

    // MARK: Reading it again

    private func notices(_ client: ControlClient) throws -> [String] {
        try #require(try client.status()).notice
    }

    @Test func theConfigurationIsReadAgain() throws {
        let daemon = try prepared("")
        let client = try daemon.connect(uid: 1000)
        #expect(try refusal { try client.status() }?.errno == EPERM)
        try daemon.configure("[access]\nread = 1000\n")
        daemon.signal(SIGHUP)
        // The connection that is there has the new right at once.
        try eventually("the new right") { try refusal { try client.status() } == nil }
        #expect(try refusal { try client.commit { $0.flush("c") } }?.errno == EPERM)

        try daemon.configure("[access]\nread = 1000\nedti = 1000\n")
        daemon.signal(SIGHUP)
        try eventually("a notice") { try !notices(client).isEmpty }
        let notice = try notices(client).joined()
        #expect(notice.contains("conf:3: 'edti' is not a right"), "\(notice)")

        try daemon.configure("[access]\nread = 1000\nedit = 1000\n")
        daemon.signal(SIGHUP)
        try eventually("no notice") { try notices(client).isEmpty }
        #expect(try refusal { try client.commit { $0.append(.tcp(port: 1), to: "c") } } == nil)
    }

    @Test func aWrongFileKeepsTheDaemonFromStarting() throws {
        let error = try #require(throws: DaemonEnded.self) {
            try Daemon.configured("[access]\nread = root\n[limits]\nclients = -1\n")
        }
        #expect(error.result.status == 1)
        #expect(error.result.errors.contains("conf:4: '-1' is not a number from 1 to 4096"))
        let missing = try #require(throws: DaemonEnded.self) {
            try Daemon(arguments: ["--config", "/nowhere/xt2d.conf"])
        }
        #expect(missing.result.errors.contains("/nowhere/xt2d.conf: there is no such file"))
    }

    // MARK: Refusals do not fill the disk

    @Test func aFloodOfRefusalsIsAFewEntries() throws {
        let daemon = try prepared("")
        let client = try daemon.connect(uid: 1000)
        let count = 2_000
        var script = EditScript()
        script.flush("c")
        for number in 0..<count {
            try client.send(script.batch(sequence: UInt32(number)))
            let refused = try #require(try refusal { try client.reply(to: UInt32(number)) })
            #expect(refused.errno == EPERM)
        }
        let root = try daemon.connect()
        let entries = try root.audit(AuditRequest(uid: 1000)).count
        #expect((20...30).contains(entries), "\(entries) entries of their own")
        try daemon.restart()
        let summaries = try daemon.connect().audit(AuditRequest(action: "denied"))
        let counted = summaries.reduce(0) { sum, entry in
            sum + (Int(entry.error?.prefix { $0.isNumber } ?? "") ?? 0)
        }
        #expect(entries + counted == count, "\(summaries.map { $0.error ?? "" })")
        #expect(summaries.allSatisfy { $0.error?.contains("user 1000") == true })
        #expect(try daemon.connect().auditProblems() == [])
    }
}
