import Foundation
import Glibc
import NetlinkProto
import TestSupport
import Testing

/// A store of an older format, opened by a daemon each of whose system calls fails or is its last, one after the other.
@Suite struct MigrationCrashTests {
    private static let formats = [1, 2, 3]
    private static let versions = Array((1...6).reversed()).map { UInt64($0) }

    private let directory: TemporaryDirectory
    /// A kernel that runs the version that is the head of the old store.
    private let namespace: Namespace
    private let live: KernelListing
    private let original: String

    init() throws {
        directory = try TemporaryDirectory()
        namespace = try Namespace()
        original = directory.file("original.db")
        let root = #filePath.dropLast("Tests/SystemTests/MigrationCrashTests.swift".count)
        let sql = try String(
            contentsOfFile: root + "Tests/RuleStoreTests/Fixtures/format1.sql", encoding: .utf8)
        try Command.check("sqlite3", original, input: sql)
        try Command.check("cp", original, directory.file("rules.db"))
        let daemon = try Daemon(in: namespace, directory: directory)
        live = try daemon.kernel()
        #expect(live.markedVersion == 6 && live.chains.values.flatMap(\.rules).count == 2)
        try daemon.stop()
    }

    private func place() throws {
        for end in ["", "-wal", "-shm", "-journal"] { unlink(directory.file("rules.db") + end) }
        try Command.check("cp", original, directory.file("rules.db"))
    }

    /// The format that the files have now, read from copies.
    private func format() throws -> Int {
        let copy = directory.file("copy.db")
        for end in ["", "-wal", "-journal"] {
            unlink(copy + end)
            let file = directory.file("rules.db") + end
            if access(file, F_OK) == 0 { try Command.check("cp", file, copy + end) }
        }
        return Int(try Command.check("sqlite3", copy, "PRAGMA user_version").dropLast()) ?? 0
    }

    /// Everything that the old store had, and a kernel that runs its head.
    private func expectWhole(_ daemon: Daemon, _ what: Comment) throws {
        let client = try daemon.connect()
        let kernel = try daemon.kernel()
        #expect(try client.versions().map(\.version) == Self.versions, what)
        #expect(kernel.markedVersion == 6, what)
        #expect(kernel.outline == live.outline, what)
        #expect(try client.ruleset().outline == kernel.outline, what)
        #expect(try client.ruleset(5).ids.count == 1, what)
        #expect(try client.auditProblems() == [], what)
        #expect(try client.list(.getCandidate, CandidateMessage()).count == 1, what)
    }

    /// Opens the old store with a fault; the format that it had afterwards, nil if there were too few calls for the fault.
    private func disturb(_ fault: SystemFault, _ namespace: Namespace) throws -> Int? {
        try place()
        let trace = directory.file("trace")
        let status = try Daemon.status(
            ofStartIn: namespace, directory, with: fault, trace: trace)
        let found = try format()
        let hasHappened =
            fault.isKill
            ? status == 128 + SIGKILL
            : try String(contentsOfFile: trace, encoding: .utf8).contains("(INJECTED)")
        let daemon = try Daemon(in: namespace, directory: directory)
        try expectWhole(daemon, "\(fault), format \(found)")
        try daemon.stop()
        return hasHappened ? found : nil
    }

    @Test(arguments: SystemFault.all, [true, false])
    func atEachCall(_ fault: SystemFault, _ isInKernel: Bool) throws {
        var found: [Int] = []
        for number in stride(from: 1, through: 2_000, by: Soak.isOn ? 1 : fault.isKill ? 4 : 9) {
            var fault = fault
            fault.number = number
            let kernel = try isInKernel ? namespace : Namespace()
            guard let format = try disturb(fault, kernel) else { break }
            found.append(format)
        }
        print("migration \(fault.calls) \(fault.effect)\(fault.stays ? " +" : ""): \(found)")
        #expect(!found.isEmpty)
        guard fault.isKill else { return }
        // The kills hit the migrations: before them, between them and behind them.
        #expect(Set(found) == Set(Self.formats), "\(found)")
        #expect(found == found.sorted())
    }

    /// A file that may not grow takes a part of what is written, at whatever byte that is.
    @Test func shortWrites() throws {
        var failures = 0
        for step in stride(from: 1, through: 4_000, by: Soak.isOn ? 3 : 23) {
            try place()
            do {
                let faulty = try Daemon(
                    in: namespace, directory: directory,
                    prefix: [
                        "prlimit", "--fsize=\(32_768 + step * 307):", "sh", "-c",
                        "trap '' XFSZ; exec \"$@\"", "sh",
                    ])
                try faulty.stop()
            } catch let error as DaemonEnded {
                #expect(error.result.status == 1 && !error.result.errors.isEmpty, "\(error)")
                failures += 1
            }
            let found = try format()
            let daemon = try Daemon(in: namespace, directory: directory)
            try expectWhole(daemon, "step \(step), format \(found)")
            try daemon.stop()
            if 32_768 + step * 307 > 600_000 { break }
        }
        #expect(failures > 0)
    }
}
