import RuleStore
import TestSupport
import Testing

@Suite struct AuditTests {
    private let directory: TemporaryDirectory
    private let store: RuleStore

    init() throws {
        directory = try TemporaryDirectory()
        store = try RuleStore(path: directory.file())
    }

    @Test func anEntryComesBackAsItWas() throws {
        let entry = AuditEntry(
            time: Timestamp(rawValue: 123_456),
            author: Author(uid: 1_000, gid: 1_001, pid: 77, process: "xt2"), loginUID: 1_002,
            peer: "unix:/run/xt2/xt2d.sock", action: "insert", outcome: .refused,
            version: VersionID(rawValue: 9), generation: .max, reason: "no such chain",
            message: "let them in", request: [1, 2, 3],
            scopes: [AuditScope(family: 1, table: "filter", chain: "input")])
        #expect(try store.appendAudit(entry) == 1)
        let record = try #require(try store.audit(limit: 1).first)
        #expect(record.entry == entry)
        #expect(record.changesDigest == nil)
        #expect(try store.auditHead() == AuditHead(seq: 1, hash: record.hash))
        try store.close()
        #expect(try RuleStore(path: directory.file()).auditHead().hash == record.hash)
    }

    @Test func whatIsTooLongIsCutNotLost() throws {
        var entry = AuditEntry.sample("append", .failed)
        entry.reason = String(repeating: "é", count: StoreLimits.textBytes)
        entry.request = [UInt8](repeating: 1, count: StoreLimits.auditRequestBytes + 1)
        try store.appendAudit(entry)
        let record = try #require(try store.audit(limit: 1).first)
        #expect(record.entry.reason == String(repeating: "é", count: StoreLimits.textBytes / 2))
        #expect(record.entry.request?.count == StoreLimits.auditRequestBytes)
        #expect(try store.verifyAudit().isSound)
    }

    @Test func anEntryOfAVersionCountsItsChanges() throws {
        try store.commitNext([.add(.table(1)), .add(.chain(2, of: 1, "input"))])
        let record = try #require(try store.audit(limit: 1).first)
        #expect(record.entry.version == VersionID(rawValue: 1))
        #expect(record.changeCount == 2)
        #expect(record.changesDigest?.count == 32)
    }

    /// Random entries, random filters, pages of random size: a plain walk over an array says what must come.
    @Test func eachFilterEqualsAPlainWalk() throws {
        var generator = SeededGenerator()
        for _ in 0..<400 { try appendRandom(&generator) }
        let all = try store.audit(limit: 1_000)
        #expect(all.count == 400)
        for _ in 0..<300 {
            let filter = Self.randomFilter(&generator)
            let expected = all.filter { Self.matches($0, filter) }.sorted {
                ($0.entry.time, $0.seq) > ($1.entry.time, $1.seq)
            }
            var found: [AuditRecord] = []
            while true {
                let page = try store.audit(
                    filter, limit: 1 + generator.below(40), before: found.last?.seq)
                if page.isEmpty { break }
                found += page
            }
            try #require(found == expected, "\(filter)")
        }
    }

    private func appendRandom(_ generator: inout SeededGenerator) throws {
        var entry = AuditEntry.sample(
            ["append", "delete", "rollback"][generator.below(3)],
            [.committed, .refused, .failed][generator.below(3)],
            // The clock goes back at times, and stands still at others.
            time: Int64(generator.below(60)), uid: UInt32(generator.below(3)))
        entry.scopes = (0..<generator.below(4)).map { _ in
            AuditScope(
                family: UInt8(1 + generator.below(2)),
                table: ["filter", "nat"][generator.below(2)],
                chain: [nil, "input", "output"][generator.below(3)])
        }
        if generator.below(2) == 0 {
            entry.version = VersionID(rawValue: UInt64(generator.below(20)))
        }
        try store.appendAudit(entry)
    }

    private static func randomFilter(_ generator: inout SeededGenerator) -> AuditFilter {
        var filter = AuditFilter()
        if generator.below(3) == 0 { filter.uid = UInt32(generator.below(4)) }
        if generator.below(3) == 0 {
            filter.since = Timestamp(rawValue: Int64(generator.below(60)))
        }
        if generator.below(3) == 0 {
            filter.until = Timestamp(rawValue: Int64(generator.below(60)))
        }
        if generator.below(3) == 0 { filter.action = ["append", "nothing"][generator.below(2)] }
        if generator.below(3) == 0 { filter.outcome = [.refused, .committed][generator.below(2)] }
        if generator.below(5) == 0 {
            filter.version = VersionID(rawValue: UInt64(generator.below(20)))
        }
        if generator.below(2) == 0 {
            let table = [nil, "filter", "nat"][generator.below(3)]
            filter.scope = AuditScope(
                family: UInt8(1 + generator.below(2)), table: table,
                chain: table == nil ? nil : [nil, "input"][generator.below(2)])
        }
        return filter
    }

    private static func matches(_ record: AuditRecord, _ filter: AuditFilter) -> Bool {
        let entry = record.entry
        let isInScope = filter.scope.map { wanted in
            entry.scopes.contains {
                $0.family == wanted.family && (wanted.table == nil || wanted.table == $0.table)
                    && (wanted.chain == nil || wanted.chain == $0.chain)
            }
        }
        return (filter.uid ?? entry.author.uid) == entry.author.uid
            && (filter.since ?? entry.time) <= entry.time
            && (filter.until ?? entry.time) >= entry.time
            && (filter.action ?? entry.action) == entry.action
            && (filter.outcome ?? entry.outcome) == entry.outcome
            && (filter.version == nil || filter.version == entry.version) && isInScope ?? true
    }

    @Test func theEntriesOfARuleAreThoseOfItsVersions() throws {
        let rule = StoredObject.rule(3, of: 2, .at(100))
        try store.commitNext([.add(.table(1)), .add(.chain(2, of: 1, "input"))])
        try store.commitNext([.add(rule)])
        try store.commitNext([.add(.rule(4, of: 2, .at(200)))])
        let id = try store.prepareNext([.delete(rule)])
        try store.abandon(id, audit: .sample("delete", .failed))
        try store.commitNext([.modify(from: rule, to: rule.with(body: [9]))])
        try store.commitNext([.delete(rule.with(body: [9]))])
        let found = try store.audit(AuditFilter(rule: ObjectID(rawValue: 3)), limit: 10)
        #expect(found.map(\.entry.version?.rawValue) == [5, 4, 2])
        #expect(found.allSatisfy { $0.withdrawnBy == nil })
        #expect(try store.audit(AuditFilter(rule: ObjectID(rawValue: 99)), limit: 10).isEmpty)
    }

    @Test func aPageAfterAnUnknownEntryIsEmpty() throws {
        try store.appendAudit(.sample())
        #expect(try store.audit(limit: 10, before: 77).isEmpty)
        #expect(try store.audit(limit: 10, before: .max).isEmpty)
    }
}
