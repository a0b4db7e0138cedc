import Glibc
import NetlinkProto
import TestSupport
import Testing

/// A place in a chain that many inserts have worn out: nobody notices.
@Suite struct RespacingTests {
    /// A chain in which each new rule comes between the last two, now behind the one, now in front of the other.
    private struct Chain {
        let client: ControlClient
        var order: [UInt64]
        var pair: (lower: UInt64, upper: UInt64)
        var isBehind = true

        init(_ client: ControlClient) throws {
            self.client = client
            order = try client.commit {
                $0.addTable()
                $0.addChain("c")
                $0.append(.tcp(port: 1), to: "c")
                $0.append(.tcp(port: 2), to: "c")
            }.ids
            pair = (order[0], order[1])
        }

        /// Inserts one rule, in a version or in a candidate.
        mutating func insert(_ options: BatchOptions = BatchOptions()) throws {
            let (lower, upper) = pair
            let isBehind = isBehind
            let reply = try client.commit(options) {
                if isBehind {
                    $0.append(.tcp(port: 3), to: "c", behind: lower)
                } else {
                    $0.insert(.tcp(port: 3), into: "c", before: upper)
                }
            }
            let id = try #require(try reply.ids.first)
            order.insert(id, at: order.firstIndex(of: upper) ?? 0)
            pair = isBehind ? (lower, id) : (id, upper)
            self.isBehind.toggle()
        }
    }

    @Test func nobodyNotices() throws {
        let traced = try TracedDaemon()
        let daemon = traced.daemon
        var chain = try Chain(try daemon.connect())
        let count = Soak.count(1_400, 10_000)
        for _ in 0..<count { try chain.insert() }
        #expect(try daemon.kernel().ids("inet t c") == chain.order)
        #expect(try chain.client.ruleset().ids == chain.order)
        // Each insert is one rule for the kernel, whatever becomes of the keys of others.
        let batches = try traced.batches().filter {
            $0.count("NEWTABLE") == 0 && $0.count("NEWRULE") > 0
        }
        #expect(batches.count == count)
        // But for parts of what has become a long chain, and the jumps to them.
        #expect(
            batches.allSatisfy {
                $0.count("NEWRULE") == 1 + $0.count("NEWCHAIN") && $0.count("DELRULE") == 0
            })
        #expect(batches.reduce(0) { $0 + $1.count("NEWCHAIN") } <= count / 500)
        // One version, one rule: in each difference, in each summary.
        let rows = try Command.check(
            "sqlite3", daemon.database,
            "SELECT count(*) FROM version WHERE change_count > 3")
        #expect(Int(rows.dropLast()) ?? 0 >= count / 1_000, "places were worn out")
        for version in try chain.client.versions().dropLast() {
            #expect(version.summary == "+1 -0 rules in inet t c")
        }
        let wide = try Command.check(
            "sqlite3", daemon.database,
            "SELECT id FROM version WHERE id > 1 AND change_count > 3 ORDER BY id LIMIT 1")
        let version = try #require(UInt64(wide.dropLast()))
        let changes = try chain.client.list(
            .getDiff, DiffRequest(from: version - 1, to: version))
        #expect(changes.count == 1)
        #expect(
            try chain.client.list(.getDiff, DiffRequest(from: 1, to: version)).count
                == Int(version) - 1)
        // Back and forth over it: what stays, stays.
        for target in [version - 1, version, 1, UInt64(count)] {
            let before = Dictionary(
                uniqueKeysWithValues: try daemon.parts("inet t c").rules.map {
                    ($0.id ?? 0, $0.handle)
                })
            try chain.client.rollback(to: target)
            let kernel = try daemon.kernel()
            #expect(kernel.ids("inet t c") == (try chain.client.ruleset(target).ids))
            let rules = KernelParts(kernel, "inet t c").rules
            for rule in rules where before[rule.id ?? 0] != nil {
                #expect(before[rule.id ?? 0] == rule.handle)
            }
        }
        #expect(try chain.client.auditProblems() == [])
        try daemon.stop(SIGKILL)
        try daemon.start()
        #expect(try daemon.connect().list(.checkKernel, CheckRequest()).isEmpty)
    }

    @Test func candidatesWearPlacesOutToo() throws {
        let daemon = try Daemon()
        var chain = try Chain(try daemon.connect())
        let client = chain.client
        let id = try #require(try client.ask(.newCandidate, CandidateMessage()).candidate?.id)
        for _ in 0..<700 { try chain.insert(BatchOptions(candidate: id)) }
        try client.ask(.commit, CandidateMessage(id: id))
        #expect(try daemon.kernel().ids("inet t c") == chain.order)
        #expect(try client.ruleset().ids == chain.order)
    }

    /// What was prepared when the rules had other keys is not put in the wrong place.
    @Test func aCandidateFromBeforeIsNotMisplaced() throws {
        let daemon = try Daemon()
        var chain = try Chain(try daemon.connect())
        let client = chain.client
        for _ in 0..<300 { try chain.insert() }
        let id = try #require(try client.ask(.newCandidate, CandidateMessage()).candidate?.id)
        let lower = chain.pair.lower
        try client.commit(BatchOptions(candidate: id)) {
            $0.append(.tcp(port: 9, comment: "mine"), to: "c", behind: lower)
        }
        for _ in 0..<700 { try chain.insert() }
        let refused = try #require(
            try refusal { try client.ask(.commit, CandidateMessage(id: id)) })
        #expect(refused.errno == ERESTART && refused.message.contains("new places"), "\(refused)")
        #expect(try daemon.kernel().ids("inet t c") == chain.order)
    }
}
