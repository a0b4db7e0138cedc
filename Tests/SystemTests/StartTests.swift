import Foundation
import Glibc
import NetlinkProto
import TestSupport
import Testing

/// One daemon, one kernel: the plain course of things.
@Suite struct StartTests {
    @Test func aRuleIsOnDiskInTheKernelAndStays() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        let reply = try client.commit {
            $0.addTable()
            $0.addChain("input", hook: Hook(number: 1, priority: 0), type: "filter", policy: .drop)
            $0.addChain("side")
            $0.append(.tcp(port: 22, .accept, comment: "ssh"), to: "input")
            $0.append(.jump(to: "side", comment: "on"), to: "input")
        }
        #expect(try reply.version?.version == 1)
        let ids = try reply.ids
        let kernel = try daemon.kernel()
        #expect(kernel.markedVersion == 1)
        #expect(
            kernel.outline == [
                "inet t input": ["drop", "\(ids[0]) ssh -", "\(ids[1]) on side"],
                "inet t side": ["regular"],
            ])
        #expect(try client.ruleset().outline == kernel.outline)
        try daemon.restart()
        #expect(try daemon.kernel().outline == kernel.outline)
        #expect(try daemon.connect().ruleset().outline == kernel.outline)
        #expect(try daemon.connect().auditProblems() == [])
    }

    /// It is refused, and closes nothing twice: by the second time the number might be that of another file.
    @Test func aSecondDaemonIsRefused() throws {
        let daemon = try Daemon()
        let trace = daemon.directory.file("trace")
        let second = try daemon.namespace.run {
            try Command.run(
                "timeout", "60", "strace", "-f", "-qq", "-o", trace, "-e",
                "trace=close,flock,ftruncate", try BuiltProgram.path("xt2d"), "--database",
                daemon.database, "--socket", daemon.directory.file("second.sock"))
        }
        #expect(second.status == 1)
        #expect(second.errors.contains("in use by process \(daemon.pid)"))
        let calls = try String(contentsOfFile: trace, encoding: .utf8)
        #expect(calls.contains("flock(") && !calls.contains("EBADF"), "\(calls)")
        try daemon.connect().commit { $0.addTable() }
    }

    // MARK: systemd

    /// Memory that is short for a moment, or a signal, does not keep systemd from hearing of it: it would end the daemon.
    @Test(arguments: [
        ("sendto", "ENOBUFS"), ("sendto", "ENOMEM"), ("sendto", "EINTR"), ("socket", "ENOBUFS"),
    ])
    func systemdIsToldAgain(_ call: String, _ error: String) throws {
        let daemon = try Daemon()
        let systemd = try ReadySocket(path: daemon.directory.file("notify"))
        let trace = daemon.directory.file("trace")
        let tracer = try #require(
            try daemon.attach([
                "-f", "-qq", "-o", trace, "-e", "trace=\(call)", "-e",
                "inject=\(call):error=\(error):when=1",
            ]))
        daemon.signal(SIGHUP)
        #expect(try systemd.wait(orEndOf: daemon.pid) == "RELOADING=1")
        #expect(try systemd.wait(orEndOf: daemon.pid) == "READY=1")
        try daemon.stop()
        _ = tracer.wait()
        #expect(try String(contentsOfFile: trace, encoding: .utf8).contains("(INJECTED)"))
    }

    @Test func stateThatSystemdDoesNotHearIsInTheLog() throws {
        let daemon = try Daemon()
        // Who listened for the start is gone.
        daemon.signal(SIGHUP)
        try eventually("what the log says") { daemon.log.contains("READY=1") || daemon.hasEnded }
        #expect(daemon.log.contains("systemd cannot be told of the daemon's state"))
        #expect(daemon.log.contains("Connection refused"))
        try daemon.connect().commit { $0.addTable() }
    }

    /// A terminal that goes, or a reload right behind a start: the signal ends who does not expect it.
    @Test func aHangUpInTheMiddleOfAStartIsAReload() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("xt2d.conf")
        try Data().write(to: URL(fileURLWithPath: path))
        let daemon = try Daemon(directory: directory, arguments: ["--config", path])
        try daemon.stop()
        unlink(path)
        try #require(mkfifo(path, 0o600) == 0)
        try daemon.launch { child in
            // It can be opened once the daemon reads it, and the daemon reads until it is closed.
            var writer: Int32 = -1
            try eventually("the daemon reads the file") {
                writer = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
                return writer >= 0 || child.hasEnded
            }
            child.signal(SIGHUP)
            unlink(path)
            #expect(throws: Never.self) { try Data().write(to: URL(fileURLWithPath: path)) }
            close(writer)
            try eventually("the file is read again") {
                child.errors.contains("configuration read again") || child.hasEnded
            }
            child.signal(SIGTERM)
            let result = child.wait()
            #expect(result.status == 0, "\(result)")
        }
    }
}
