import Foundation
import Glibc
import NetlinkProto
import TestSupport
import Testing

/// System calls that fail, one after the other: strace makes the daemon's Nth call of a kind return an error.
@Suite struct FaultTests {
    /// Starts a daemon with a fault in it, commits, stops it; nil if it made too few calls for the fault.
    private func start(with fault: SystemFault, _ healthy: Daemon) throws -> [String: Outcome]? {
        let trace = healthy.directory.file("trace")
        unlink(trace)
        var outcomes: [String: Outcome] = [:]
        do {
            let faulty = try Daemon(
                in: healthy.namespace, directory: healthy.directory,
                prefix: ["strace", "-D"] + fault.arguments(trace))
            outcomes = commits(faulty, fault)
            try faulty.stop(fault.number.isMultiple(of: 2) ? SIGTERM : SIGKILL)
        } catch let error as DaemonEnded {
            // It must say why; a crash is no answer.
            #expect(error.result.status == 1, "\(fault): \(error)")
        }
        return try hasHappened(trace) ? outcomes : nil
    }

    /// Puts a fault into a daemon that runs, commits, stops it.
    private func commit(with fault: SystemFault, _ daemon: Daemon) throws -> [String: Outcome]? {
        let trace = daemon.directory.file("trace")
        unlink(trace)
        try daemon.start()
        let tracer = try #require(try daemon.attach(fault.arguments(trace)))
        let outcomes = commits(daemon, fault)
        try daemon.stop(fault.number.isMultiple(of: 2) ? SIGTERM : SIGKILL)
        _ = tracer.wait()
        return try hasHappened(trace) ? outcomes : nil
    }

    private func hasHappened(_ trace: String) throws -> Bool {
        try String(contentsOfFile: trace, encoding: .utf8).contains("(INJECTED)")
    }

    private func commits(_ daemon: Daemon, _ fault: SystemFault) -> [String: Outcome] {
        var outcomes: [String: Outcome] = [:]
        for step in 0..<3 {
            let reason = "\(fault) \(step)"
            outcomes[reason] = attempt(daemon, reason, byCandidate: step == 1)
        }
        return outcomes
    }

    /// Commits at once or by a candidate.
    private func attempt(_ daemon: Daemon, _ reason: String, byCandidate: Bool) -> Outcome {
        Outcome(of: {
            let client = try daemon.connect()
            var options = BatchOptions(reason: reason)
            if byCandidate {
                options.candidate = try client.ask(.newCandidate, CandidateMessage()).candidate?.id
            }
            try client.commit(options) {
                $0.insert(.tcp(port: 1, comment: reason), into: "c")
                $0.append(.jump(to: "side", comment: reason), to: "c")
            }
            if let id = options.candidate {
                try client.ask(.commit, CandidateMessage(id: id, reason: reason))
            }
        })
    }

    private func prepared() throws -> Daemon {
        let daemon = try Daemon()
        try daemon.connect().commit {
            $0.addTable()
            $0.addChain("c", hook: Hook(number: 1, priority: 0), type: "filter")
            $0.addChain("side")
        }
        return daemon
    }

    /// Tries the first call, the second and so on, until none fails any more.
    private func sweep(
        _ fault: SystemFault, stays: [Bool] = [false, true],
        _ run: (SystemFault, Daemon) throws -> [String: Outcome]?
    ) throws {
        let daemon = try prepared()
        var fault = fault
        var count = 0
        for stay in stays {
            fault.stays = stay
            // Every fourth call is enough for each day; the long run takes them all.
            for number in stride(from: 1, through: 400, by: Soak.isOn ? 1 : 4) {
                fault.number = number
                try daemon.stop()
                let outcomes = try run(fault, daemon)
                try daemon.start()
                try expectAgreement(daemon, outcomes ?? [:])
                if outcomes == nil { break }
                count += 1
            }
        }
        print("\(fault.calls) \(fault.effect): \(count) failures")
        #expect(count > 0)
        #expect(try daemon.connect().auditProblems() == [])
    }

    @Test(arguments: [
        ("pwrite64", "ENOSPC"), ("pwrite64", "EIO"), ("fdatasync", "EIO"), ("recvfrom", "ENOBUFS"),
    ])
    func fromTheStart(_ call: String, _ error: String) throws {
        try sweep(SystemFault(calls: call, effect: "error=\(error)")) { try start(with: $0, $1) }
    }

    @Test(arguments: [
        ("sendto", "ENOBUFS"), ("sendto", "EMSGSIZE"), ("recvfrom", "ENOBUFS"),
        ("pwrite64", "ENOSPC"), ("fdatasync", "EIO"), ("pread64", "EIO"),
    ])
    func whileItRuns(_ call: String, _ error: String) throws {
        try sweep(SystemFault(calls: call, effect: "error=\(error)")) { try commit(with: $0, $1) }
    }

    @Test(arguments: ["sendto", "recvfrom", "pwrite64"])
    func interruptionsAreNoticedByNobody(_ call: String) throws {
        try sweep(SystemFault(calls: call, effect: "error=EINTR"), stays: [false]) {
            fault, daemon in
            let outcomes = try commit(with: fault, daemon)
            #expect(outcomes?.values.allSatisfy { $0 == .acknowledged } != false, "\(fault)")
            return outcomes
        }
    }

    /// Store and kernel agree, and have what was acknowledged and nothing that was refused.
    private func expectAgreement(_ daemon: Daemon, _ outcomes: [String: Outcome]) throws {
        let client = try daemon.connect()
        let versions = try client.versions()
        let kernel = try daemon.kernel()
        #expect(try client.ruleset().outline == kernel.outline)
        #expect(kernel.markedVersion == versions.first?.version)
        let comments = kernel.chains["inet t c"]?.rules.compactMap(\.comment) ?? []
        for (reason, outcome) in outcomes {
            let isThere = versions.contains { $0.reason == reason }
            switch outcome {
            case .acknowledged: #expect(isThere, "\(reason) was acknowledged")
            case .refused: #expect(!isThere, "\(reason) was refused")
            case .unknown: break
            }
            #expect(comments.count { $0 == reason } == (isThere ? 2 : 0), "\(reason)")
        }
    }
}
