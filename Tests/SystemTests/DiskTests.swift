import Foundation
import Glibc
import NetlinkProto
import TestSupport
import Testing

/// Disks that are full or cannot be written, files and sockets that are in the way.
@Suite struct DiskTests {
    // MARK: A full disk

    @Test func aFullDiskRefusesAndLosesNothing() throws {
        let disk = try SmallDisk()
        let daemon = disk.daemon
        let client = try daemon.connect()
        try client.commit {
            $0.addTable()
            $0.addChain("c")
            $0.append(.tcp(port: 1), to: "c")
        }
        for round in 0..<3 {
            let versions = try client.versions().count
            let before = try daemon.kernel()
            disk.fill()
            var refused: Refused?
            for _ in 0..<2_000 where refused == nil {
                // What is left in the last block of the log may hold a few small versions.
                refused = try refusal {
                    try client.commit { script in
                        for port in 0..<50 { script.append(.tcp(port: UInt16(port)), to: "c") }
                    }
                }
            }
            let full = try #require(refused)
            #expect(full.errno == ENOSPC, "\(full)")
            #expect(full.message.lowercased().contains("full") || full.message.contains("space"))
            let kernel = try daemon.kernel()
            #expect(try client.ruleset().outline == kernel.outline, "round \(round)")
            #expect(kernel.markedVersion == UInt64(try client.versions().count))
            #expect(try client.versions().count >= versions)
            if kernel.markedVersion == UInt64(versions) {
                #expect(kernel.outline == before.outline)
            }
            disk.free()
            let reply = try client.commit { $0.flush("c") }
            #expect(try reply.version != nil)
            #expect(try daemon.kernel().outline == client.ruleset().outline)
            try client.commit { $0.append(.tcp(port: 1), to: "c") }
        }
        #expect(try client.auditProblems() == [])
    }

    @Test func aKillOnAFullDiskIsRecoveredFrom() throws {
        let disk = try SmallDisk()
        let client = try disk.daemon.connect()
        try client.commit {
            $0.addTable()
            $0.addChain("c")
        }
        disk.fill()
        while try refusal({ try client.commit { $0.append(.tcp(port: 1), to: "c") } }) == nil {}
        let kernel = try disk.daemon.kernel()
        // The disk goes with the daemon's namespace, so its content is taken along.
        let root = "/proc/\(disk.daemon.pid)/root"
        let copy = try TemporaryDirectory()
        disk.daemon.signal(SIGSTOP)
        for name in ["rules.db", "rules.db-wal"] {
            try Command.check(
                "cp", root + disk.daemon.directory.file("disk/\(name)"), copy.file(name))
        }
        let namespace = disk.daemon.namespace
        try disk.daemon.stop(SIGKILL)
        let second = try Daemon(in: namespace, directory: copy)
        #expect(try second.kernel().outline == kernel.outline)
        #expect(try second.connect().ruleset().outline == kernel.outline)
        #expect(try second.connect().auditProblems() == [])
    }

    // MARK: Files

    /// Expects that a daemon ends at once, and says these words.
    private func expectNoStart(
        _ directory: TemporaryDirectory, database: String? = nil, prefix: [String] = [],
        _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        do {
            _ = try Daemon(directory: directory, database: database, prefix: prefix)
            Issue.record("the daemon must not start", sourceLocation: sourceLocation)
        } catch let error as DaemonEnded {
            #expect(error.result.status == 1, sourceLocation: sourceLocation)
            for word in words {
                #expect(
                    error.result.errors.contains(word), "\(error)", sourceLocation: sourceLocation)
            }
        }
    }

    private static let readOnlyMount = [
        "unshare", "-m", "sh", "-c",
        "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\" && exec \"$@\"",
    ]

    @Test func aReadOnlyDatabase() throws {
        let directory = try TemporaryDirectory()
        _ = try Command.check("mkdir", directory.file("ro"))
        let database = directory.file("ro/rules.db")
        // First without a database, then with one.
        try expectNoStart(
            directory, database: database, prefix: Self.readOnlyMount + [directory.file("ro")],
            database, "Read-only file system")
        let daemon = try Daemon(directory: directory, database: database)
        try daemon.stop()
        try expectNoStart(
            directory, database: database, prefix: Self.readOnlyMount + [directory.file("ro")],
            database, "Read-only file system")
    }

    @Test func databasesThatAreNone() throws {
        let directory = try TemporaryDirectory()
        try expectNoStart(directory, database: directory.file("nowhere/rules.db"), "nowhere")
        try expectNoStart(directory, database: directory.path, directory.path)
        try "this is a text".write(
            toFile: directory.file("text"), atomically: true, encoding: .utf8)
        try expectNoStart(directory, database: directory.file("text"), "not an xt2 rule store")
        _ = try Command.check("sqlite3", directory.file("other.db"), "CREATE TABLE t (x)")
        try expectNoStart(directory, database: directory.file("other.db"), "not an xt2 rule store")
        let text = try String(contentsOfFile: directory.file("text"), encoding: .utf8)
        #expect(text == "this is a text")
    }

    @Test func aSecondDaemonOnTheSameDatabase() throws {
        let daemon = try Daemon()
        let other = try TemporaryDirectory()
        try expectNoStart(other, database: daemon.database, daemon.database, "\(daemon.pid)")
        #expect(try daemon.connect().versions().isEmpty)
    }

    // MARK: Sockets

    @Test func aStaleSocketIsReplaced() throws {
        let daemon = try Daemon()
        try daemon.stop(SIGKILL)
        #expect(access(daemon.socketPath, F_OK) == 0)
        try daemon.start()
        #expect(try daemon.connect().versions().isEmpty)
        try daemon.stop()
        #expect(access(daemon.socketPath, F_OK) != 0, "a graceful stop takes the socket away")
    }

    @Test func whatIsNoSocketIsLeftAlone() throws {
        let directory = try TemporaryDirectory()
        try "mine".write(toFile: directory.file("xt2d.sock"), atomically: true, encoding: .utf8)
        try expectNoStart(directory, directory.file("xt2d.sock"), "not a socket")
        let text = try String(contentsOfFile: directory.file("xt2d.sock"), encoding: .utf8)
        #expect(text == "mine")
    }

    @Test func anotherDaemonOnTheSocket() throws {
        let daemon = try Daemon()
        try expectNoStart(
            daemon.directory, database: daemon.directory.file("other.db"), "Another xt2d listens",
            daemon.socketPath)
        #expect(try daemon.connect().versions().isEmpty)
    }

    @Test func aSocketPathThatCannotBe() throws {
        let daemon = try Daemon()
        let program = try BuiltProgram.path("xt2d")
        for (path, word) in [
            ("/tmp/" + String(repeating: "p", count: 120), "too long"),
            ("/nowhere/at/all/xt2d.sock", "/nowhere/at/all/xt2d.sock"),
        ] {
            let result = try daemon.namespace.run {
                try Command.run(
                    program, "--database", daemon.directory.file("second.db"), "--socket", path)
            }
            #expect(result.status == 1)
            #expect(result.errors.contains(word), "\(result.errors)")
        }
    }
}
