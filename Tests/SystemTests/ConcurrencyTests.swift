import Foundation
import Glibc
import NetlinkProto
import Synchronization
import TestSupport
import Testing

/// Several clients at once, and candidates that meet newer versions.
@Suite struct ConcurrencyTests {
    private func daemon() throws -> Daemon {
        let daemon = try Daemon()
        try daemon.connect().commit {
            $0.addTable()
            $0.addChain("shared")
        }
        return daemon
    }

    // MARK: Clients

    @Test(arguments: [2, 8, 24]) func allVersionsOfAllClientsAreThere(_ count: Int) throws {
        let daemon = try daemon()
        let each = 25
        // By client: the version and the rule of each commit.
        let made = Mutex<[Int: [(version: UInt64, rule: UInt64)]]>([:])
        let problems = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: count) { number in
            do {
                let client = try daemon.connect()
                for step in 0..<each {
                    let reply = try client.commit(BatchOptions(reason: "\(number)/\(step)")) {
                        $0.append(.tcp(port: UInt16(number), comment: "\(step)"), to: "shared")
                    }
                    let version = try reply.version?.version ?? 0
                    let rule = try reply.ids.first ?? 0
                    made.withLock { $0[number, default: []].append((version, rule)) }
                }
            } catch {
                problems.withLock { $0.append("\(error)") }
            }
        }
        #expect(problems.withLock { $0 } == [])
        let all = made.withLock { $0 }
        let inOrder = all.values.joined().sorted { $0.version < $1.version }
        #expect(inOrder.map(\.version) == (2...UInt64(count * each + 1)).map { $0 })
        for own in all.values { #expect(own.map(\.version) == own.map(\.version).sorted()) }
        // Each appended behind what was there, so the chain shows the order of the versions.
        #expect(try daemon.kernel().ids("inet t shared") == inOrder.map(\.rule))
        let client = try daemon.connect()
        let reasons = try client.versions().reversed().dropFirst().map(\.reason)
        #expect(Set(reasons).count == count * each)
        for version in [2, UInt64(count * each) / 2, UInt64(count * each) + 1] {
            #expect(try client.ruleset(version).ids.count == Int(version) - 1)
        }
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() throws {
        let daemon = try daemon()
        let client = try daemon.connect()
        var bytes: [UInt8] = []
        for number in 1...50 {
            var script = EditScript(firstSequence: 1_000)
            script.append(.tcp(port: UInt16(number)), to: number == 25 ? "nowhere" : "shared")
            bytes += script.batch(sequence: UInt32(number))
        }
        try client.send(bytes)
        for number in 1...50 {
            let refused = try refusal { try client.reply(to: UInt32(number)) }
            #expect(refused?.errno == (number == 25 ? ENOENT : nil))
        }
        #expect(try client.versions().count == 50)
    }

    @Test func aHeadThatIsNotTheExpectedOneIsAConflict() throws {
        let daemon = try daemon()
        let client = try daemon.connect()
        let refused = try refusal {
            try client.commit(BatchOptions(expectedHead: 7)) {
                $0.append(.tcp(port: 1), to: "shared")
            }
        }
        #expect(refused?.errno == ERESTART)
        #expect(refused?.message.contains("version 1") == true)
        try client.commit(BatchOptions(expectedHead: 1)) { $0.append(.tcp(port: 1), to: "shared") }
        #expect(try client.versions().count == 2)
    }

    /// A flush that takes two seconds stands for everything that takes a bulk load long.
    @Test func readsDoNotWaitForABulkLoad() throws {
        let daemon = try daemon()
        let (reader, writer) = (try daemon.connect(), try daemon.connect())
        let tracer = try #require(
            try daemon.attach([
                "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e",
                "inject=fdatasync:delay_enter=2000000:when=1",
            ]))
        var script = EditScript(firstSequence: 1_000)
        for number in 0..<2_000 { script.append(.tcp(port: UInt16(number)), to: "shared") }
        try writer.send(script.batch(sequence: 7))
        var reads = 0
        while !writer.hasAnswer {
            _ = try reader.status()
            #expect([0, 2_000].contains(try reader.ruleset().ids.count))
            _ = try reader.versions()
            reads += 1
        }
        #expect(reads > 20, "each would be one if it waited")
        _ = try writer.reply(to: 7)
        #expect(try reader.ruleset().ids.count == 2_000)
        try daemon.stop()
        _ = tracer.wait()
    }

    // MARK: Candidates

    private func begin(_ client: ControlClient) throws -> UInt64 {
        try #require(try client.ask(.newCandidate, CandidateMessage()).candidate?.id)
    }

    private func commit(_ id: UInt64, _ client: ControlClient) throws -> Reply {
        try client.ask(.commit, CandidateMessage(id: id, reason: "candidate"))
    }

    @Test func aCandidateWithoutAConflictGoesOntoTheNewHead() throws {
        let daemon = try daemon()
        let one = try daemon.connect()
        let other = try daemon.connect()
        let base = try one.commit { $0.append(.tcp(port: 1), to: "shared") }.ids
        let candidate = try begin(one)
        let staged = try one.commit(BatchOptions(candidate: candidate)) {
            $0.append(.tcp(port: 2), to: "shared")
            $0.addChain("new")
            $0.append(.jump(to: "new"), to: "shared")
        }.ids
        let kernel = try daemon.kernel()
        #expect(kernel.ids("inet t shared") == base, "nothing is live before the commit")
        let between = try other.commit { $0.append(.tcp(port: 3), to: "shared") }.ids
        let preview = try one.list(.getDiff, DiffRequest(candidate: candidate))
        #expect(preview.count == 3)
        #expect(try commit(candidate, one).version?.version == 4)
        let ids = try daemon.kernel().ids("inet t shared")
        #expect(Set(ids) == Set(base + staged + between))
        #expect(ids.count == 4)
        #expect(try refusal { try commit(candidate, one) }?.errno == ENOENT, "it is used up")
    }

    @Test func aConflictIsNamed() throws {
        let daemon = try daemon()
        let one = try daemon.connect()
        let other = try daemon.connect()
        let rule = try one.commit { $0.append(.tcp(port: 1), to: "shared") }.ids[0]
        let changing = try begin(one)
        try one.commit(BatchOptions(candidate: changing)) {
            $0.replace(rule, in: "shared", with: .tcp(port: 2))
        }
        let adding = try begin(one)
        try one.commit(BatchOptions(candidate: adding)) {
            $0.addChain("mine")
            $0.append(.tcp(port: 5), to: "mine")
        }
        try other.commit { $0.replace(rule, in: "shared", with: .tcp(port: 3)) }
        let changed = try #require(try refusal { try commit(changing, one) })
        #expect(changed.errno == ERESTART)
        #expect(changed.message.contains("rule \(rule)"))
        #expect(changed.message.contains("version 3"))
        try other.commit { $0.delete(rule, from: "shared") }
        let deleted = try #require(try refusal { try commit(changing, one) })
        #expect(deleted.errno == ERESTART)
        #expect(deleted.message.contains("version 4 deleted"))
        try other.commit { $0.addChain("mine") }
        let taken = try #require(try refusal { try commit(adding, one) })
        #expect(taken.errno == ERESTART && taken.message.contains("mine"))
        #expect(try one.versions().count == 5)
        try one.ask(.deleteCandidate, CandidateMessage(id: changing))
        #expect(try one.list(.getCandidate, CandidateMessage()).count == 1)
        let refusals = try one.audit(AuditRequest(action: "commit", outcome: "refused"))
        #expect(refusals.count == 3)
    }

    @Test func jumpsOfACandidateAndOfTheHeadMakeNoLoop() throws {
        let daemon = try daemon()
        let client = try daemon.connect()
        try client.commit {
            $0.addChain("a")
            $0.addChain("b")
        }
        let candidate = try begin(client)
        try client.commit(BatchOptions(candidate: candidate)) { $0.append(.jump(to: "b"), to: "a") }
        try client.commit { $0.append(.jump(to: "a"), to: "b") }
        let refused = try #require(try refusal { try commit(candidate, client) })
        #expect(refused.errno == EMLINK)
        #expect(try client.versions().count == 3)
    }

    @Test func candidatesOutliveARestartAndTheirIdsAreTheirs() throws {
        let daemon = try daemon()
        let client = try daemon.connect()
        let candidate = try begin(client)
        let staged = try client.commit(BatchOptions(candidate: candidate)) {
            $0.append(.tcp(port: 1), to: "shared")
        }.ids[0]
        let direct = try client.commit { $0.append(.tcp(port: 2), to: "shared") }.ids[0]
        #expect(direct > staged)
        try daemon.stop(SIGKILL)
        try daemon.start()
        let again = try daemon.connect()
        let later = try again.commit { $0.append(.tcp(port: 3), to: "shared") }.ids[0]
        #expect(later > direct)
        _ = try commit(candidate, again)
        #expect(Set(try daemon.kernel().ids("inet t shared")) == [staged, direct, later])
        #expect(try again.auditProblems() == [])
    }
}
