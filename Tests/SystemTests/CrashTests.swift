import Foundation
import Glibc
import NetlinkProto
import TestSupport
import Testing

/// Work of a running daemon, with each of its system calls failing or being its last, one after the other.
@Suite struct CrashTests {
    /// What the daemon is asked to do.
    enum Work: CaseIterable {
        case commit, candidate, rollback, prune
    }

    /// One daemon, one kernel, and what has been acknowledged so far.
    private struct Bench {
        let daemon: Daemon
        var chronicle = Chronicle()
        /// Versions with other rulesets than the head.
        var target: UInt64 = 1
        var number = 0

        init(prefix: [String] = []) throws {
            daemon = try Daemon(prefix: prefix)
            let client = try daemon.connect()
            try client.commit {
                $0.addTable()
                $0.addChain("c", hook: Hook(number: 1, priority: 0), type: "filter")
                $0.addChain("side")
                for port in 1...5 { $0.append(.tcp(port: UInt16(port)), to: "c") }
                $0.append(.jump(to: "side"), to: "c")
            }
            try chronicle.note(daemon)
            try client.commit {
                $0.flush("c")
                $0.deleteChain("side")
                $0.addChain("other")
                for port in 6...9 { $0.append(.tcp(port: UInt16(port)), to: "c") }
            }
            try chronicle.note(daemon)
        }

        /// Makes what the work needs.
        mutating func prepare(_ work: Work) throws {
            number += 1
            guard work == .prune else { return }
            let client = try daemon.connect()
            for _ in 0..<2 {
                try client.commit { $0.append(.tcp(port: 80), to: "c") }
                try client.commit { $0.flush("c") }
            }
            try chronicle.note(daemon)
        }

        /// Asks for the work; the outline that comes of it where that is known before.
        func ask(_ work: Work) -> (outcome: Outcome, wanted: [String: [String]]?) {
            switch work {
            case .commit:
                let outcome = Outcome(of: {
                    try daemon.connect().commit {
                        $0.insert(.tcp(port: 1, comment: "commit \(number)"), into: "c")
                        $0.addChain("x\(number)")
                        $0.append(.jump(to: "x\(number)"), to: "c")
                    }
                })
                return (outcome, nil)
            case .candidate: return (byCandidate(), nil)
            case .rollback:
                let wanted = chronicle.outlines[target]
                return (
                    Outcome(of: { try daemon.connect().rollback(to: target) }), wanted
                )
            case .prune:
                return (
                    Outcome(of: { try daemon.connect().ask(.prune, PruneRequest(keep: 3)) }), nil
                )
            }
        }

        private func byCandidate() -> Outcome {
            var id: UInt64?
            let begun = Outcome(of: {
                let client = try daemon.connect()
                id = try client.ask(.newCandidate, CandidateMessage()).candidate?.id
                try client.commit(BatchOptions(candidate: id)) {
                    $0.append(.tcp(port: 2, comment: "candidate \(number)"), to: "c")
                }
            })
            // What is only put down is no version.
            guard begun == .acknowledged else { return .refused }
            return Outcome(of: { try daemon.connect().ask(.commit, CandidateMessage(id: id)) })
        }

        /// The four statements, for the daemon as it was started again.
        mutating func expectKept(
            _ work: Work, _ done: (outcome: Outcome, wanted: [String: [String]]?), _ what: Comment
        ) throws {
            guard work == .prune else {
                let before = chronicle.head
                try chronicle.expectKept(by: daemon, done.outcome, wanted: done.wanted, what)
                if work == .rollback, chronicle.head != before { target = before }
                return
            }
            let client = try daemon.connect()
            // What the oldest of the three has changed can be read, too.
            let limit = chronicle.head - 3
            let isPruned = try refusal { try client.ruleset(limit - 1) } != nil
            switch done.outcome {
            case .acknowledged: #expect(isPruned, what)
            case .refused: #expect(!isPruned, what)
            case .unknown: break
            }
            if isPruned { chronicle.oldest = limit }
            // A prune is no version.
            try chronicle.expectKept(by: daemon, .refused, wanted: nil, what)
        }
    }

    /// Stops the daemon's life at a fault in its work; whether there were enough calls for it.
    private func disturb(_ bench: inout Bench, _ work: Work, _ fault: SystemFault) throws -> Bool {
        let daemon = bench.daemon
        let trace = daemon.directory.file("trace")
        try bench.prepare(work)
        guard let tracer = try daemon.attach(fault.arguments(trace)) else {
            // The thread that moves the log has made the call before the work was asked for.
            #expect(fault.isKill, "\(work) \(fault)")
            try daemon.stop()
            try daemon.start()
            try bench.expectKept(work, (.refused, nil), "\(work) \(fault), too early")
            return true
        }
        let done = bench.ask(work)
        let result = try daemon.stop()
        _ = tracer.wait()
        let hasHappened =
            fault.isKill
            ? result.status == 128 + SIGKILL
            : try String(contentsOfFile: trace, encoding: .utf8).contains("(INJECTED)")
        #expect(hasHappened || done.outcome == .acknowledged, "\(work) \(fault)")
        try daemon.start()
        try bench.expectKept(work, done, "\(work) \(fault)")
        return hasHappened
    }

    @Test(arguments: Work.allCases, SystemFault.all)
    func atEachCall(_ work: Work, _ fault: SystemFault) throws {
        var bench = try Bench()
        var count = 0
        for number in stride(from: 1, through: 1_000, by: Soak.isOn ? 1 : 9) {
            var fault = fault
            fault.number = number
            if try !disturb(&bench, work, fault) { break }
            count += 1
        }
        print("\(work) \(fault.calls) \(fault.effect)\(fault.stays ? " +" : ""): \(count)")
        // A prune does not ask the kernel, and a page that is in memory is not read.
        let mayBeNone = fault.calls == "pread64" || (work == .prune && fault.calls.hasSuffix("o"))
        #expect(count > 0 || mayBeNone || fault.calls.hasPrefix("fdata"))
    }

    // MARK: Writes that are cut short

    /// A file that may not grow takes a part of what is written, at whatever byte that is, and nothing after it.
    @Test(arguments: Work.allCases, [SIGTERM, SIGKILL])
    func shortWrites(_ work: Work, _ signal: Int32) throws {
        // A program ignores what its parent ignored.
        var bench = try Bench(prefix: ["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"])
        let daemon = bench.daemon
        var refused = 0
        for step in stride(from: 1, through: 400, by: Soak.isOn ? 1 : 12) {
            try bench.prepare(work)
            let log = try FileManager.default.attributesOfItem(atPath: daemon.database + "-wal")
            let end = (log[.size] as? Int ?? 0) + step * 509
            // The index of the log has this size, and has to be made at a start.
            try Command.check("prlimit", "--pid", "\(daemon.pid)", "--fsize=\(max(end, 32_768)):")
            let done = bench.ask(work)
            if done.outcome != .acknowledged { refused += 1 }
            try daemon.stop(signal)
            try daemon.start()
            try bench.expectKept(work, done, "\(work), \(step)")
            if done.outcome == .acknowledged && end > 32_768 { break }
        }
        #expect(refused > 0)
    }
}
