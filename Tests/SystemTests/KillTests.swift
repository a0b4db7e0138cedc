import Foundation
import Glibc
import NetlinkProto
import Synchronization
import TestSupport
import Testing

/// `kill -9` at any moment: store and kernel agree afterwards, and nothing acknowledged is lost.
@Suite struct KillTests {
    /// A version that the daemon acknowledged, with the rule that it brought.
    private struct Acknowledged: Hashable {
        let version: UInt64
        let rule: UInt64
    }

    /// How many versions a prune of the workload leaves.
    private static let kept: UInt64 = 10

    /// A client that commits and prunes from its beginning until the daemon is gone.
    private final class Workload: Sendable {
        private let acknowledged = Mutex<[Acknowledged]>([])
        private let problem = Mutex<String?>(nil)
        private let begun = DispatchSemaphore(value: 0)
        private let ended = DispatchSemaphore(value: 0)
        /// Whether others change and prune what this client has just seen.
        private let hasCompany: Bool

        init(socketPath: String, seed: UInt64, hasCompany: Bool) {
            self.hasCompany = hasCompany
            let started = DispatchSemaphore(value: 0)
            Thread.detachNewThread {
                self.run(socketPath, SeededGenerator(seed: seed), started)
                self.ended.signal()
            }
            started.wait()
        }

        private func run(
            _ socketPath: String, _ generator: SeededGenerator, _ started: DispatchSemaphore
        ) {
            var random = generator
            do {
                defer { started.signal() }
                let client = try ControlClient(path: socketPath)
                started.signal()
                begun.wait()
                while true { try commit(client, &random) }
            } catch is ConnectionLost {
            } catch {
                problem.withLock { $0 = "\(error)" }
            }
        }

        private func commit(_ client: ControlClient, _ random: inout SeededGenerator) throws {
            let chain = "c\(Int.random(in: 0..<3, using: &random))"
            if random.oneIn(8) {
                let head = try client.versions().first?.version ?? 1
                let target = UInt64.random(in: max(1, head - min(head, 5))...head, using: &random)
                return try meetingOthers { try client.rollback(to: target) }
            }
            if random.oneIn(20) {
                return try meetingOthers {
                    try client.ask(.prune, PruneRequest(keep: KillTests.kept))
                }
            }
            let count = random.oneIn(5) ? 50 : 1
            let reply = try client.commit { script in
                if random.oneIn(6) { script.flush(chain) }
                for number in 0..<count {
                    script.insert(.tcp(port: UInt16(number)), into: chain)
                }
            }
            if let version = try reply.version, let rule = try reply.ids.last {
                acknowledged.withLock {
                    $0.append(Acknowledged(version: version.version, rule: rule))
                }
            }
        }

        /// Asks for what may be refused because of what others did meanwhile.
        private func meetingOthers(_ body: () throws -> some Any) throws {
            let refused = try refusal(body)
            if let refused, !hasCompany { throw refused }
        }

        /// Lets it begin: when all are connected, since the daemon may be gone with the first commit.
        func begin() { begun.signal() }

        /// What was acknowledged before the daemon was gone.
        func finish() throws -> [Acknowledged] {
            ended.wait()
            if let problem = problem.withLock({ $0 }) { throw CommandFailure(problem) }
            return acknowledged.withLock { $0 }
        }
    }

    private func pause(_ microseconds: UInt32) {
        // Not a wait for anything: the moment of the kill is what the test varies.
        usleep(microseconds)
    }

    /// Kills a daemon before it is ready, at a random moment of its recovery.
    private func killWhileStarting(_ daemon: Daemon, _ random: inout SeededGenerator) throws {
        let moment = UInt32.random(in: 0..<150_000, using: &random)
        try daemon.launch { child in
            pause(moment)
            child.signal(SIGKILL)
            _ = child.wait()
        }
    }

    /// With many clients most commits are of several versions at once.
    @Test(arguments: [1, 12]) func acknowledgedVersionsOutliveAKill(_ clients: Int) throws {
        var random = SeededGenerator()
        let daemon = try Daemon()
        try daemon.connect().commit { script in
            script.addTable()
            for number in 0..<3 { script.addChain("c\(number)") }
        }
        var lost = 0
        var total = 0
        var rules: Set<UInt64> = []
        var versions: Set<UInt64> = []
        for round in 0..<Soak.count(20, clients == 1 ? 1_000 : 300) {
            let work = (0..<clients).map { _ in
                Workload(
                    socketPath: daemon.socketPath, seed: random.next(), hasCompany: clients > 1)
            }
            for client in work { client.begin() }
            pause(UInt32.random(in: 0..<(clients == 1 ? 120_000 : 250_000), using: &random))
            try daemon.stop(SIGKILL)
            let acknowledged = try work.flatMap { try $0.finish() }
            if random.oneIn(4) { try killWhileStarting(daemon, &random) }
            try daemon.start()
            let client = try daemon.connect()
            let head = try expectAgreement(daemon, client, "round \(round)")
            total += acknowledged.count
            lost += Int(head) - Int(acknowledged.map(\.version).max() ?? head)
            for one in acknowledged {
                if try head < one.version + Self.kept || !isPruned(one.version, client) {
                    let ids = try client.ruleset(one.version).ids
                    #expect(ids.contains(one.rule), "round \(round), version \(one.version)")
                }
                #expect(rules.insert(one.rule).inserted, "the id \(one.rule) was given out twice")
                #expect(versions.insert(one.version).inserted, "two were told \(one.version)")
            }
        }
        print("\(total) versions acknowledged; \(lost) more were live without an answer")
        #expect(try daemon.connect().auditProblems() == [])
    }

    private func isPruned(_ version: UInt64, _ client: ControlClient) throws -> Bool {
        let refused = try refusal { try client.ruleset(version) }
        return refused?.message.contains("pruned") == true
    }

    /// Kills the daemon at one of its calls to the kernel, while a commit of several versions is on its way: a slow disk makes
    /// the clients gather behind the first.
    @Test func allVersionsOfACommitStandOrFallTogether() throws {
        var outcomes: Set<UInt64> = []
        for number in 1...Soak.count(12, 24) {
            let daemon = try Daemon()
            try daemon.connect().commit { script in
                script.addTable()
                for number in 0..<3 { script.addChain("c\(number)") }
            }
            // All are connected before the tracer comes: the daemon may be gone with the first event of the commit above.
            let work = (0..<6).map { seed in
                Workload(
                    socketPath: daemon.socketPath, seed: UInt64(number * 10 + seed),
                    hasCompany: true)
            }
            let tracer = try daemon.attach([
                "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync,sendto,recvfrom",
                "-e", "inject=fdatasync:delay_exit=50000",
                "-e", "inject=sendto,recvfrom:signal=KILL:when=\(number)",
            ])
            for client in work { client.begin() }
            let acknowledged = try work.flatMap { try $0.finish() }
            _ = try daemon.stop(SIGKILL)
            _ = tracer?.wait()
            try daemon.start()
            let client = try daemon.connect()
            let head = try expectAgreement(daemon, client, "call \(number)")
            for one in acknowledged where try !isPruned(one.version, client) {
                let ids = try client.ruleset(one.version).ids
                #expect(ids.contains(one.rule), "call \(number), version \(one.version)")
            }
            #expect(head >= acknowledged.map(\.version).max() ?? 1)
            #expect(try client.auditProblems() == [])
            outcomes.insert(head)
        }
        #expect(outcomes.count > 2, "the daemon was killed at different moments")
    }

    /// Store, kernel and marker name the same version, which is the last of an unbroken row.
    private func expectAgreement(
        _ daemon: Daemon, _ client: ControlClient, _ what: Comment
    ) throws -> UInt64 {
        let versions = try client.versions().map(\.version)
        let head = try #require(versions.first)
        #expect(versions == Array((1...head).reversed()), what)
        let kernel = try daemon.kernel()
        #expect(kernel.markedVersion == head, what)
        #expect(try client.ruleset(head).outline == kernel.outline, what)
        #expect(try client.ruleset().outline == kernel.outline, what)
        return head
    }
}
