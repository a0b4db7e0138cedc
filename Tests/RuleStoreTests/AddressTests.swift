import Foundation
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import RuleStore

/// Prefixes, and entries found by the addresses in their rules.
@Suite struct AddressTests {
    private let directory: TemporaryDirectory
    private let store: RuleStore

    init() throws {
        directory = try TemporaryDirectory()
        store = try RuleStore(path: directory.file())
    }

    private func bytes(_ number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
    }

    @Test func aPrefixKeepsItsBits() throws {
        #expect(AddressPrefix([10, 1, 2, 3], length: 12)?.address == [10, 0, 0, 0])
        #expect(AddressPrefix([10, 1, 2, 3], length: 12)?.last == [10, 15, 255, 255])
        #expect(AddressPrefix([10, 1, 2, 3])?.length == 32)
        #expect(AddressPrefix([10, 1, 2, 3], length: 0)?.last == [255, 255, 255, 255])
        #expect(AddressPrefix([10, 1, 2]) == nil)
        #expect(AddressPrefix([10, 1, 2, 3], length: 33) == nil)
        #expect(AddressPrefix([UInt8](repeating: 1, count: 16), length: 128) != nil)
    }

    /// The prefixes of a range hold its addresses, each once, and no other.
    @Test func aRangeIsTheSumOfItsPrefixes() {
        var random = SeededGenerator()
        for _ in 0..<300 {
            let from = UInt32.random(in: 0...2_000, using: &random)
            let to = from + UInt32.random(in: 0...500, using: &random)
            let offset: UInt32 = random.oneIn(2) ? 0 : .max - 2_500
            let prefixes = AddressPrefix.covering(bytes(offset + from), bytes(offset + to))
            var held: [UInt32] = []
            for prefix in prefixes {
                let low = prefix.address.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                let high = prefix.last.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                held += low...high
            }
            #expect(held == Array(offset + from...offset + to))
        }
        #expect(AddressPrefix.covering(bytes(0), bytes(.max)).map(\.length) == [0])
        #expect(AddressPrefix.covering(bytes(5), bytes(4)).isEmpty)
        #expect(AddressPrefix.covering(bytes(5), [1]).isEmpty)
    }

    private func prefix(_ random: inout SeededGenerator) throws -> AddressPrefix {
        let isIP6 = random.oneIn(3)
        let length = Int.random(in: 0...(isIP6 ? 128 : 32), using: &random)
        var address = [UInt8](repeating: 0, count: isIP6 ? 16 : 4)
        // Few different bits, so that prefixes often meet.
        for index in address.indices where random.oneIn(2) {
            address[index] = [0, 1, 128, 255][Int.random(in: 0..<4, using: &random)]
        }
        return try #require(AddressPrefix(address, length: length))
    }

    /// Bit by bit, as plain as can be.
    private func overlap(_ left: AddressPrefix, _ right: AddressPrefix) -> Bool {
        guard left.bits == right.bits else { return false }
        func bits(_ prefix: AddressPrefix) -> [Bool] {
            (0..<prefix.length).map { prefix.address[$0 / 8] & (128 >> UInt8($0 % 8)) != 0 }
        }
        return zip(bits(left), bits(right)).allSatisfy(==)
    }

    @Test func entriesAreFoundByTheirAddresses() throws {
        var random = SeededGenerator()
        var entries: [(seq: UInt64, addresses: Set<AddressPrefix>)] = []
        for number in 0..<60 {
            var entry = AuditEntry.sample(time: Int64(number), uid: UInt32(number % 3))
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                entry.addresses.insert(try prefix(&random))
            }
            entries.append((try store.appendAudit(entry), entry.addresses))
        }
        for _ in 0..<200 {
            let wanted = try prefix(&random)
            let expected = entries.filter { $0.addresses.contains { overlap($0, wanted) } }
            let found = try store.audit(AuditFilter(address: wanted), limit: 100)
            #expect(found.map(\.seq) == expected.map(\.seq).reversed())
            let uid = UInt32.random(in: 0...2, using: &random)
            let filtered = try store.audit(
                AuditFilter(uid: uid, address: wanted), limit: 5, before: 40)
            let fitting = expected.map(\.seq).filter { $0 < 40 && ($0 - 1) % 3 == UInt64(uid) }
            #expect(filtered.map(\.seq) == Array(fitting.reversed().prefix(5)))
        }
        #expect(try store.verifyAudit().isSound)
    }

    @Test func addressesLeadToTheirEntries() throws {
        let address = try #require(AddressPrefix([10, 0, 0, 0], length: 8))
        let query = AuditQuery(AuditFilter(address: address), before: nil, limit: 10)
        let lines = try store.read { database in
            let run = try SQLRun(
                database, "EXPLAIN QUERY PLAN " + query.sql, table: "the plan")
            var lines: [String] = []
            while try run.step() { lines.append(try run.text(3)) }
            return lines
        }
        #expect(lines.contains { $0.contains("SEARCH a USING INTEGER PRIMARY KEY") }, "\(lines)")
        #expect(
            lines.filter {
                $0.contains("SEARCH") && $0.contains("audit_address") || $0.contains("SEARCH x")
            }
            .count == 2, "\(lines)")
        #expect(
            !lines.contains { $0.hasPrefix("SCAN a") || $0.contains("SCAN x") }, "\(lines)")
    }

    // MARK: Behind an entry

    @Test func newEntriesComeOldestFirst() throws {
        for number in 0..<20 {
            // A clock that goes backwards: numbers count, not times.
            try store.appendAudit(.sample(time: Int64(100 - number), uid: UInt32(number % 2)))
        }
        #expect(try store.audit(after: 0, limit: 5).map(\.seq) == [1, 2, 3, 4, 5])
        #expect(try store.audit(after: 17, limit: 100).map(\.seq) == [18, 19, 20])
        #expect(
            try store.audit(AuditFilter(uid: 1), after: 15, limit: 9).map(\.seq) == [16, 18, 20])
        #expect(try store.audit(after: 20, limit: 5).isEmpty)
        #expect(try store.audit(after: .max, limit: 5).isEmpty)
        let plan = try store.read { database in
            let sql = AuditQuery(
                AuditFilter(uid: 1, action: "x"), after: 5, limit: 10
            ).sql
            let run = try SQLRun(database, "EXPLAIN QUERY PLAN " + sql, table: "the plan")
            return try run.step() ? try run.text(3) : ""
        }
        #expect(plan.contains("SEARCH a USING INTEGER PRIMARY KEY (rowid>?)"), "\(plan)")
    }

    @Test func anObserverHearsOfEachEntry() throws {
        let count = Counter()
        store.observe { count.add() }
        try store.appendAudit(.sample())
        try store.commitNext([.add(.table(1))])
        #expect(count.value == 2)
    }

    /// What reads the observer may not wrap it: the calls would become slower each time, and overflow the stack in the end.
    @Test func anObserverIsCalledDirectlyEachTime() throws {
        let depths = Mutex<[Int]>([])
        store.observe { depths.withLock { $0.append(Thread.callStackReturnAddresses.count) } }
        for _ in 0..<20 { try store.appendAudit(.sample()) }
        #expect(Set(depths.withLock { $0.dropFirst() }).count == 1)
    }
}

/// Counts calls.
private final class Counter: Sendable {
    private let number = Mutex(0)
    var value: Int { number.withLock { $0 } }
    func add() { number.withLock { $0 += 1 } }
}
