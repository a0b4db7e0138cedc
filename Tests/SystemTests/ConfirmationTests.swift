import Foundation
import Glibc
import NetlinkProto
import TestSupport
import Testing

/// Versions that nobody confirms: that they really leave the kernel, whatever happens to the daemon meanwhile.
@Suite struct ConfirmationTests {
    /// Version 1, which is safe: a base chain with one rule.
    private func makeBase(_ client: ControlClient) throws {
        try client.commit {
            $0.addTable()
            $0.addChain("in", hook: Hook(number: 1, priority: 0), type: "filter")
            $0.append(.tcp(port: 22, .accept, comment: "ssh"), to: "in")
        }
    }

    /// Version 2: locks everybody out.
    @discardableResult
    private func lockOut(_ client: ControlClient, seconds: UInt32) throws -> Reply {
        try client.commit(BatchOptions(reason: "oops", confirm: seconds)) {
            $0.insert(.verdict(.drop, comment: "all"), into: "in")
            $0.addChain("other")
            $0.append(.tcp(port: 9, comment: "nine"), to: "other")
        }
    }

    /// Lets the time of the waiting version run out while no daemon runs.
    private func expire(_ daemon: Daemon) throws {
        try Command.check(
            "sqlite3", daemon.database,
            "UPDATE confirmation SET deadline = 1000000, boot_deadline = 0 WHERE state = 'open'")
    }

    /// Version 3 has what version 1 has, in the store and in the kernel.
    private func expectReverted(
        _ daemon: Daemon, _ client: ControlClient, _ base: KernelListing, head: UInt64 = 3,
        _ what: Comment
    ) throws {
        let kernel = try daemon.kernel()
        #expect(kernel.outline == base.outline, what)
        #expect(kernel.markedVersion == head, what)
        #expect(try client.ruleset() == client.ruleset(1), what)
        let versions = try client.versions()
        #expect(versions.map(\.version) == Array((1...head).reversed()), what)
        #expect(versions[0].kind == VersionMessageKind.revert.rawValue, what)
        #expect(versions[0].reverts == head - 1, what)
        #expect(versions[1].confirmation == ConfirmationState.reverted.rawValue, what)
        #expect(versions[1].settledBy == head, what)
        #expect(try client.status()?.unconfirmed == nil, what)
        #expect(try client.audit(AuditRequest(action: "revert")).first?.version == head, what)
        #expect(try client.auditProblems() == [], what)
    }

    @Test func aTimerTakesItBack() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try makeBase(client)
        let base = try daemon.kernel()
        let made = try #require(try lockOut(client, seconds: 1).version)
        #expect(made.confirmation == ConfirmationState.open.rawValue)
        #expect(made.deadline.map { $0 > made.time } == true)
        #expect(try daemon.kernel().lines("inet t in").count == 2)
        try client.waitForHead(3)
        try expectReverted(daemon, client, base, "the timer")
        // What stayed kept its place in the kernel.
        #expect(try daemon.kernel().ids("inet t in") == base.ids("inet t in"))
        // Life goes on.
        try client.commit { $0.append(.tcp(port: 80), to: "in") }
        #expect(try client.status()?.head == 4)
    }

    @Test func aKilledDaemonTakesItBackWhenItStarts() throws {
        let daemon = try Daemon()
        try makeBase(try daemon.connect())
        let base = try daemon.kernel()
        try lockOut(try daemon.connect(), seconds: 3_600)
        try daemon.stop(SIGKILL)
        try expire(daemon)
        #expect(try daemon.kernel().lines("inet t in").count == 2, "it is still there")
        try daemon.start()
        try expectReverted(daemon, try daemon.connect(), base, "killed and started again")
        #expect(try daemon.connect().status()?.notice.contains { $0.contains("version 2") } == true)
        // Once, not at every start.
        try daemon.restart()
        #expect(try daemon.connect().status()?.head == 3)
    }

    @Test func aRebootTakesItBackBeforeItIsLoaded() throws {
        let directory = try TemporaryDirectory()
        let first = try Daemon(directory: directory)
        try makeBase(try first.connect())
        let base = try first.kernel()
        try lockOut(try first.connect(), seconds: 3_600)
        try first.stop(SIGKILL)
        try expire(first)
        // An empty kernel, in which strace sees all that is ever loaded.
        let trace = directory.file("trace")
        let second = try Daemon(
            directory: directory, database: first.database,
            prefix: [
                "strace", "-D", "-f", "-qq", "-s", "2000", "-o", trace, "-e", "trace=sendto",
                "-e", "signal=none",
            ])
        try expectReverted(second, try second.connect(), base, "rebooted")
        let sent = try String(contentsOfFile: trace, encoding: .utf8)
        #expect(sent.contains("NFT_MSG_NEWRULE"))
        #expect(!sent.contains("nine"), "nothing of version 2 was ever in this kernel")
    }

    /// The power went before version 2 was marked as head: its author may know of it, so it is part of the history.
    @Test func aVersionThatWasStillPendingIsTakenBackToo() throws {
        for sameKernel in [true, false] {
            let directory = try TemporaryDirectory()
            let first = try Daemon(directory: directory)
            try makeBase(try first.connect())
            let base = try first.kernel()
            try lockOut(try first.connect(), seconds: 3_600)
            try first.stop(SIGKILL)
            try expire(first)
            try Command.check(
                "sqlite3", first.database, "UPDATE version SET state = 'pending' WHERE id = 2")
            let second = try Daemon(
                in: sameKernel ? first.namespace : nil, directory: directory,
                database: first.database)
            try expectReverted(
                second, try second.connect(), base, "pending, same kernel: \(sameKernel)")
        }
    }

    @Test func whatIsNotOverGoesOnWaiting() throws {
        let daemon = try Daemon()
        try makeBase(try daemon.connect())
        try lockOut(try daemon.connect(), seconds: 3_600)
        for signal in [SIGKILL, SIGTERM] {
            try daemon.stop(signal)
            try daemon.start()
            let status = try #require(try daemon.connect().status())
            #expect(status.head == 2 && status.unconfirmed == 2 && status.fallback == 1)
            #expect(status.remaining.map { $0 > 0 && $0 <= 3_600 } == true)
        }
        let client = try daemon.connect()
        let reply = try client.ask(.confirm, ConfirmRequest())
        #expect(try reply.version?.version == 2)
        #expect(try client.versions()[0].confirmation == ConfirmationState.confirmed.rawValue)
        try daemon.stop(SIGKILL)
        try expire(daemon)
        try daemon.start()
        #expect(try daemon.connect().status()?.head == 2, "confirmed is confirmed")
        #expect(try daemon.kernel().lines("inet t in").count == 2)
        #expect(try daemon.connect().audit(AuditRequest(action: "confirm")).count == 1)
    }

    @Test func aWaitGoesOnAfterARestartAndEnds() throws {
        let daemon = try Daemon()
        try makeBase(try daemon.connect())
        let base = try daemon.kernel()
        try lockOut(try daemon.connect(), seconds: 2)
        try daemon.stop(SIGKILL)
        try daemon.start()
        let client = try daemon.connect()
        try client.waitForHead(3)
        try expectReverted(daemon, client, base, "restarted while it waited")
    }

    // MARK: Meanwhile

    @Test func nothingIsBuiltOnWhatMayBeTakenBack() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try makeBase(client)
        let id = try #require(try client.ask(.newCandidate, CandidateMessage()).candidate?.id)
        try client.commit(BatchOptions(candidate: id)) { $0.append(.tcp(port: 5), to: "in") }
        try lockOut(client, seconds: 3_600)
        let attempts: [() throws -> Reply] = [
            { try client.commit { $0.append(.tcp(port: 5), to: "in") } },
            { try client.commit(BatchOptions(confirm: 5)) { $0.append(.tcp(port: 5), to: "in") } },
            { try client.ask(.commit, CandidateMessage(id: id)) },
        ]
        for attempt in attempts {
            let refused = try #require(try refusal(attempt))
            #expect(refused.errno == EBUSY)
            #expect(
                refused.message.contains("xt2 confirm") && refused.message.contains("rollback 1"))
        }
        #expect(try client.status()?.head == 2)
        // Looking, and preparing what comes next, is free.
        _ = try client.list(.getDiff, DiffRequest(to: 2))
        try client.commit(BatchOptions(candidate: id)) { $0.append(.tcp(port: 6), to: "in") }
        try client.ask(.confirm, ConfirmRequest(version: 2))
        #expect(try client.ask(.commit, CandidateMessage(id: id)).version?.version == 3)
    }

    @Test func aRollbackToBeforeItEndsTheWait() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try makeBase(client)
        let base = try daemon.kernel()
        try lockOut(client, seconds: 3_600)
        #expect(try client.rollback(to: 1).version?.version == 3)
        #expect(try daemon.kernel().outline == base.outline)
        let versions = try client.versions()
        #expect(versions[1].confirmation == ConfirmationState.reverted.rawValue)
        #expect(versions[1].settledBy == 3)
        #expect(try client.status()?.unconfirmed == nil)
        // A rollback can have to be confirmed itself; what was confirmed last comes back.
        try client.ask(.rollback, RollbackRequest(version: 0, confirm: 1))
        #expect(try daemon.kernel().outline.isEmpty)
        try client.waitForHead(5)
        #expect(try daemon.kernel().outline == base.outline)
    }

    @Test func whatCannotBeConfirmed() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try makeBase(client)
        #expect(try refusal { try client.ask(.confirm, ConfirmRequest()) }?.errno == ENOENT)
        for seconds: UInt32 in [0, 604_801, .max] {
            #expect(try refusal { try lockOut(client, seconds: seconds) }?.errno == EINVAL)
        }
        #expect(try client.status()?.head == 1)
        try lockOut(client, seconds: 60)
        let other = try #require(
            try refusal { try client.ask(.confirm, ConfirmRequest(version: 1)) })
        #expect(other.errno == ENOENT && other.message.contains("version 2"))
        try client.rollback(to: 1)
        let late = try #require(
            try refusal { try client.ask(.confirm, ConfirmRequest(version: 2)) })
        #expect(late.message.contains("taken back by version 3"))
        let id = try #require(try client.ask(.newCandidate, CandidateMessage()).candidate?.id)
        let staged = try refusal {
            try client.commit(BatchOptions(candidate: id, confirm: 5)) { $0.flush("in") }
        }
        #expect(staged?.errno == EINVAL)
    }

    // MARK: When it does not work at once

    @Test func aFullDiskDelaysItAndIsSaid() throws {
        let disk = try SmallDisk()
        let daemon = disk.daemon
        let client = try daemon.connect()
        try makeBase(client)
        let base = try daemon.kernel()
        // More than what is left in the last block of the log.
        try client.commit(BatchOptions(confirm: 2)) { script in
            for port in 0..<2_000 { script.append(.tcp(port: UInt16(port)), to: "in") }
        }
        disk.fill()
        var notices: [String] = []
        while notices.isEmpty {
            notices =
                try client.status()?.notice.filter { $0.contains("cannot be taken back") } ?? []
            // The log may have had just enough room left.
            if try client.status()?.head == 3 { break }
        }
        if try client.status()?.head != 3 {
            #expect(notices[0].contains("Version 2") && notices[0].lowercased().contains("full"))
            #expect(try client.status()?.unconfirmed == 2)
            #expect(try client.status()?.remaining == 0)
        }
        disk.free()
        try client.waitForHead(3)
        try expectReverted(daemon, client, base, "after the disk had room again")
    }

    /// Killed again and again while it takes a version back at its start.
    @Test func killsWhileItIsTakenBack() throws {
        var random = SeededGenerator()
        for round in 0..<Soak.count(6, 100) {
            let directory = try TemporaryDirectory()
            let first = try Daemon(directory: directory)
            try makeBase(try first.connect())
            let base = try first.kernel()
            try lockOut(try first.connect(), seconds: 3_600)
            try first.stop(SIGKILL)
            try expire(first)
            let daemon = try Daemon(
                in: random.oneIn(2) ? first.namespace : nil, directory: directory,
                database: first.database,
                killedFirst: (0..<3).map { _ in
                    UInt32.random(in: 0..<250_000, using: &random)
                })
            let client = try daemon.connect()
            let kernel = try daemon.kernel()
            #expect(kernel.outline == base.outline, "round \(round)")
            #expect(try client.ruleset() == client.ruleset(1), "round \(round)")
            #expect(try client.status()?.head == 3, "round \(round)")
            #expect(kernel.markedVersion == 3, "round \(round)")
            #expect(try client.auditProblems() == [], "round \(round)")
        }
    }
}
