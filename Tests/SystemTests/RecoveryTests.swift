import Foundation
import Glibc
import NetlinkProto
import TestSupport
import Testing

/// Starts that have something to do, with each of their system calls failing or being the last, one after the other.
@Suite struct RecoveryTests {
    /// What a start finds.
    enum Aftermath: CaseIterable {
        /// A version on disk that the kernel never got.
        case droppedVersion
        /// A version on disk that the kernel runs.
        case finishedVersion
        /// A version on disk and an empty kernel, as after a power cut.
        case emptyKernel
        /// A kernel in which somebody has deleted rules.
        case driftedKernel
        /// A version that nobody confirmed in time.
        case expiredVersion
        /// The same and an empty kernel.
        case expiredOverReboot
    }

    /// A state that a start has to deal with, and what must come of it.
    private struct Bench {
        var daemon: Daemon
        var chronicle = Chronicle()
        let aftermath: Aftermath
        var wanted: [String: [String]]?

        init(_ aftermath: Aftermath) throws {
            self.aftermath = aftermath
            daemon = try Daemon()
            try daemon.connect().commit {
                $0.addTable()
                $0.addChain("c", hook: Hook(number: 1, priority: 0), type: "filter")
                for port in 1...5 { $0.append(.tcp(port: UInt16(port)), to: "c") }
            }
            try chronicle.note(daemon)
        }

        /// Makes the state and ends the daemon; where the next one has to start.
        mutating func prepare() throws -> Namespace {
            wanted = nil
            switch aftermath {
            case .droppedVersion: try cutOff(at: "sendto", isInKernel: false)
            case .finishedVersion: try cutOff(at: "recvfrom", isInKernel: true)
            case .emptyKernel:
                try cutOff(at: "sendto", isInKernel: false)
                return try Namespace()
            case .driftedKernel:
                try daemon.stop(SIGKILL)
                try daemon.run("nft", "flush", "chain", "inet", "t", "c")
            case .expiredVersion: try expire()
            case .expiredOverReboot:
                try expire()
                return try Namespace()
            }
            return daemon.namespace
        }

        /// Commits, and kills the daemon at a call to the kernel: the last before the kernel has it, or the first after that.
        private mutating func cutOff(at call: String, isInKernel: Bool) throws {
            for attempt in 0..<24 {
                let client = try daemon.connect()
                let fault = SystemFault(
                    calls: call, effect: "signal=KILL", number: 1 + attempt % 6)
                guard let tracer = try daemon.attach(fault.arguments("/dev/null")) else {
                    // Something else made the call before all was ready.
                    try daemon.stop()
                    try daemon.start()
                    continue
                }
                let outcome = Outcome(of: {
                    try client.commit { $0.insert(.tcp(port: 7, comment: "pending"), into: "c") }
                })
                #expect(outcome == .unknown)
                #expect(try daemon.stop().status == 128 + SIGKILL)
                _ = tracer.wait()
                let kernel = try daemon.kernel()
                let isThere = kernel.markedVersion == chronicle.head + 1
                if isThere == isInKernel, try lastState() == "pending" {
                    if isInKernel { wanted = kernel.outline }
                    return
                }
                // An answer that was read before the batch was sent.
                try daemon.start()
                if try daemon.kernel().markedVersion != chronicle.head {
                    try chronicle.note(daemon)
                }
            }
            Issue.record("no call left a pending version")
        }

        /// Commits what nobody confirms, and lets its time run out while no daemon runs.
        private mutating func expire() throws {
            let base = try daemon.kernel().outline
            try daemon.connect().commit(BatchOptions(confirm: 3_600)) {
                $0.insert(.verdict(.drop, comment: "all"), into: "c")
            }
            try chronicle.note(daemon)
            wanted = base
            try daemon.stop(SIGKILL)
            // With its log left as it is.
            try Command.check(
                "sqlite3", "-cmd", ".dbconfig no_ckpt_on_close on", daemon.database,
                "UPDATE confirmation SET deadline = 1000000, boot_deadline = 0 WHERE state = 'open'"
            )
        }

        /// What the newest version is, read from a copy, so that nothing of the database is tidied up.
        private func lastState() throws -> String {
            let copy = daemon.directory.file("copy.db")
            for end in ["", "-wal"] {
                unlink(copy + end)
                guard access(daemon.database + end, F_OK) == 0 else { continue }
                try Command.check("cp", daemon.database + end, copy + end)
            }
            let sql = "SELECT state FROM version ORDER BY id DESC LIMIT 1"
            return String(try Command.check("sqlite3", copy, sql).dropLast())
        }

        mutating func expectRecovered(_ what: Comment) throws {
            let outcome: Outcome =
                switch aftermath {
                case .droppedVersion, .driftedKernel: .refused
                case .finishedVersion, .emptyKernel, .expiredVersion, .expiredOverReboot:
                    .acknowledged
                }
            try chronicle.expectKept(by: daemon, outcome, wanted: wanted, what)
        }
    }

    /// Starts a daemon with a fault; whether it had enough calls for it.
    private func disturb(_ bench: inout Bench, _ fault: SystemFault) throws -> Bool {
        let namespace = try bench.prepare()
        let directory = bench.daemon.directory
        let trace = directory.file("trace")
        let status = try Daemon.status(
            ofStartIn: namespace, directory, with: fault, trace: trace)
        let hasHappened =
            fault.isKill
            ? status == 128 + SIGKILL
            : try String(contentsOfFile: trace, encoding: .utf8).contains("(INJECTED)")
        bench.daemon = try Daemon(in: namespace, directory: directory)
        try bench.expectRecovered("\(bench.aftermath) \(fault)")
        return hasHappened
    }

    @Test(arguments: Aftermath.allCases, SystemFault.all)
    func atEachCall(_ aftermath: Aftermath, _ fault: SystemFault) throws {
        try sweep(aftermath, fault)
    }

    @Test(arguments: Aftermath.allCases, SystemFault.ofStarts)
    func atEachCallThatIsRare(_ aftermath: Aftermath, _ fault: SystemFault) throws {
        try sweep(aftermath, fault)
    }

    private func sweep(_ aftermath: Aftermath, _ fault: SystemFault) throws {
        var bench = try Bench(aftermath)
        var count = 0
        // A start reads much.
        let step = Soak.isOn ? 1 : fault.calls == "pread64" ? 80 : 14
        for number in stride(from: 1, through: 1_000, by: step) {
            var fault = fault
            fault.number = number
            if try !disturb(&bench, fault) { break }
            count += 1
        }
        print("\(aftermath) \(fault.calls) \(fault.effect)\(fault.stays ? " +" : ""): \(count)")
        #expect(count > 0)
    }

    /// A start that has loaded a new kernel and dies leaves the handles of the old one in the store.
    @Test func handlesOfAnotherKernelCountForNothing() throws {
        let daemon = try Daemon()
        let client = try daemon.connect()
        try client.commit {
            $0.addTable()
            $0.addChain("c")
            for _ in 0..<8 { $0.append(.tcp(port: 7), to: "c") }
        }
        // It says the same as the others, and stands in front of those with smaller handles.
        try client.commit { $0.insert(.tcp(port: 7), into: "c") }
        let outline = try daemon.kernel().outline
        try daemon.stop()
        let directory = daemon.directory
        let copy = directory.file("copy.db")
        try Command.check("cp", daemon.database, copy)
        var kills = 0
        for number in 1...60 {
            for end in ["-wal", "-shm"] { unlink(daemon.database + end) }
            try Command.check("cp", copy, daemon.database)
            let namespace = try Namespace()
            let fault = SystemFault(calls: "recvfrom", effect: "signal=KILL", number: number)
            let status = try Daemon.status(
                ofStartIn: namespace, directory, with: fault, trace: directory.file("trace"))
            guard status == 128 + SIGKILL else { break }
            kills += 1
            let again = try Daemon(in: namespace, directory: directory)
            let kernel = try again.kernel()
            #expect(kernel.outline == outline, "\(fault)")
            #expect(try again.connect().ruleset().outline == kernel.outline, "\(fault)")
            try again.stop()
        }
        #expect(kills > 3)
    }
}
