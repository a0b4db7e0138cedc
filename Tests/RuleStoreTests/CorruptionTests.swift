import GRDB
import RuleStore
import TestSupport
import Testing

@Suite struct CorruptionTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        let store = try RuleStore(path: directory.file())
        try store.commitNext([
            .add(.table(1)), .add(.chain(2, of: 1, "input")), .add(.set(3, of: 1, "hosts")),
            .add(.rule(4, of: 2, .at(100))), .add(.rule(5, of: 2, .at(200))),
            .add(.element(6, of: 3, [10, 0, 0, 1])),
        ])
        let candidate = try store.createCandidate(
            base: try store.head(), created: Timestamp(rawValue: 5), uid: 0, gid: 0, message: "m")
        try store.append([[1, 2, 3]], to: candidate.id, nextObjectID: ObjectID(rawValue: 7))
        var entry = AuditEntry.sample(
            scopes: [AuditScope(family: 1, table: "filter", chain: "input")])
        entry.addresses = Set(
            (0..<200).compactMap { AddressPrefix([10, 0, 0, UInt8($0)], length: 32) })
        try store.commitNext(
            [.modify(from: .rule(4, of: 2, .at(100)), to: .rule(4, of: 2, .at(100), [9]))],
            audit: entry)
        try store.addTag(
            Tag(
                name: "good", version: VersionID(rawValue: 1), time: Timestamp(rawValue: 1), uid: 0),
            audit: .sample("tag"))
        try store.close()
    }

    /// Everything that reads rows.
    private static let readers: [@Sendable (RuleStore) throws -> Void] = [
        { _ = try $0.loadRuleset(at: VersionID(rawValue: 2)) },
        { _ = try $0.loadRuleset(at: VersionID(rawValue: 1)) },
        { _ = try $0.diff(from: VersionID(rawValue: 0), to: VersionID(rawValue: 2)) },
        { _ = try $0.diff(from: VersionID(rawValue: 2), to: VersionID(rawValue: 1)) },
        { store in for id in 1...6 { _ = try store.history(of: ObjectID(rawValue: UInt64(id))) } },
        { _ = try $0.versions(limit: 10) },
        { _ = try $0.head() },
        { _ = try $0.pending() },
        { _ = try $0.kernelState() },
        { _ = try $0.kernelHandles() },
        { _ = try $0.nextObjectID() },
        { _ = try $0.candidates() },
        { _ = try $0.operations(of: CandidateID(rawValue: 1)) },
        { _ = try $0.audit(limit: 10) },
        { _ = try $0.audit(AuditFilter(rule: ObjectID(rawValue: 4)), limit: 10) },
        { _ = try $0.audit(AuditFilter(address: AddressPrefix([10, 0, 0, 1])), limit: 10) },
        { _ = try $0.auditHead() },
        { _ = try $0.verifyAudit() },
        { store in
            let faults = try store.integrityFaults()
            if !faults.isEmpty { throw StoreError(.corrupt, "\(faults)") }
        },
        { _ = try $0.tags() },
        { _ = try $0.openConfirmation() },
        { _ = try $0.blame([ObjectID(rawValue: 4)], at: VersionID(rawValue: 2)) },
        { _ = try $0.planPrune(.keep(1)) },
        { _ = try $0.commitNext([.add(.table(90, "nat"))]) },
    ]

    /// All errors that reading everything gives, the one from opening among them.
    private func errors(_ path: String) -> [StoreError] {
        do {
            let store = try RuleStore(path: path)
            return Self.readers.compactMap { reader in
                do {
                    try reader(store)
                    return nil
                } catch let error as StoreError {
                    return error
                } catch {
                    Issue.record("not a StoreError: \(error)")
                    return nil
                }
            }
        } catch {
            return [error]
        }
    }

    @Test(arguments: [
        ("UPDATE object SET kind = 9 WHERE id = 4", "table object, row 4: kind 9"),
        ("UPDATE object SET kind = -1 WHERE id = 4", "table object, row 4: kind"),
        (
            "UPDATE object SET kind = 1 WHERE id = 2",
            "table object, row 2: a table with the wrong parent"
        ),
        ("UPDATE object SET parent = 0 WHERE id = 2", "table object, row 2: parent is 0"),
        (
            "UPDATE object SET parent = NULL WHERE id = 2",
            "table object, row 2: a chain with the wrong parent"
        ),
        ("UPDATE object SET parent = 77 WHERE id = 2", "its parent, id 77, is not there"),
        ("UPDATE object SET id = -5 WHERE id = 3", "table object, row 3"),
        (
            "UPDATE object SET family = 999 WHERE id = 1",
            "table object, row 1: family is out of range"
        ),
        (
            "UPDATE object SET family = 3 WHERE id = 2",
            "table object, row 2: only a table has a family"
        ),
        ("UPDATE object SET name = '' WHERE id = 2", "table object, row 2: it has no name"),
        ("UPDATE object SET name = 'x' WHERE id = 5", "table object, row 5: a rule has no name"),
        (
            "UPDATE object SET name = CAST(x'c328' AS TEXT) WHERE id = 2",
            "table object, row 2: name is not UTF-8"
        ),
        (
            "UPDATE object SET name = CAST(x'6100' AS TEXT) WHERE id = 2",
            "row 2: its name contains a zero byte"
        ),
        (
            "UPDATE object SET name = hex(zeroblob(200)) WHERE id = 2",
            "row 2: name is longer than 255"
        ),
        ("UPDATE object SET order_key = x'00' WHERE id = 5", "row 5: order_key is not well formed"),
        (
            "UPDATE object SET order_key = zeroblob(8) WHERE id = 5",
            "row 5: order_key is not well formed"
        ),
        ("UPDATE object SET order_key = zeroblob(4096) WHERE id = 5", "row 5: order_key is longer"),
        ("UPDATE object SET order_key = NULL WHERE id = 5", "row 5: a rule has an order key"),
        (
            "UPDATE object SET order_key = x'0000000000000064' WHERE id = 5",
            "its place is that of rule"
        ),
        ("UPDATE object SET element_key = NULL WHERE id = 6", "row 6: an element has a key"),
        (
            "UPDATE object SET element_key = zeroblob(2000) WHERE id = 6",
            "row 6: element_key is longer"
        ),
        ("UPDATE object SET body = zeroblob(33554433) WHERE id = 6", "row 6: body is longer"),
        ("UPDATE object SET died = 2 WHERE id = 2", "its parent, id 2, is not there"),
        (
            "UPDATE version SET state = 'lost' WHERE id = 2",
            "table version, row 2: state is not known"
        ),
        ("UPDATE version SET kind = 'x' WHERE id = 1", "table version, row 1: kind is not known"),
        ("UPDATE version SET uid = -1 WHERE id = 1", "table version, row 1: uid is out of range"),
        (
            "UPDATE version SET pid = 99999999999 WHERE id = 1",
            "table version, row 1: pid is out of range"
        ),
        (
            "UPDATE version SET message = hex(zeroblob(9999)) WHERE id = 1",
            "row 1: message is longer"
        ),
        (
            "UPDATE version SET rolled_back_to = -1 WHERE id = 1",
            "row 1: rolled_back_to is out of range"
        ),
        ("UPDATE meta SET uuid = x'00'", "table meta, row 1: uuid is not 16 bytes"),
        (
            "UPDATE meta SET next_object_id = -3",
            "table meta, row 1: next_object_id is out of range"
        ),
        (
            "UPDATE meta SET generation = 5000000000",
            "table meta, row 1: generation is out of range"
        ),
        ("DELETE FROM meta", "table meta has no row"),
        ("INSERT INTO kernel_handle VALUES (-1, 5)", "table kernel_handle"),
        ("UPDATE candidate SET uid = -1", "table candidate, row 1: uid is out of range"),
        ("UPDATE candidate SET base = -1", "table candidate, row 1: base is out of range"),
        ("UPDATE candidate SET operation_count = -1", "row 1: operation_count is out of range"),
        ("UPDATE audit SET gid = -1 WHERE seq = 1", "table audit, row 1: gid is out of range"),
        (
            "UPDATE audit SET version = -1 WHERE seq = 1",
            "table audit, row 1: version is out of range"
        ),
        ("UPDATE audit SET request = zeroblob(70000) WHERE seq = 1", "row 1: request is longer"),
        (
            "UPDATE audit SET hash = zeroblob(33) WHERE seq = 2",
            "table audit, row 2: hash is longer"
        ),
        (
            "UPDATE audit_scope SET family = 256 WHERE chain_name = 'input'",
            "table audit_scope, row 2: family"
        ),
        (
            "UPDATE audit_scope SET time = 3 WHERE chain_name = 'input'",
            "table audit_scope, row 2: time"
        ),
        (
            "UPDATE audit_scope SET table_name = '' WHERE chain_name = 'input'",
            "row 2: a chain without a table"
        ),
        (
            "UPDATE audit_address SET seq = -1 WHERE address = x'0a000005'",
            "table audit_address, row -1: seq is out of range"
        ),
    ])
    func aBadRowIsNamed(_ sql: String, _ words: String) throws {
        try editRaw(
            directory.file(), sql.replacing("generation = 5", with: "boot_id = 'b', generation = 5")
        )
        let errors = errors(directory.file())
        let match = errors.first { $0.code == .corrupt && $0.message.contains(words) }
        #expect(match != nil, "\(errors.map(\.message))")
        #expect(match?.path?.hasSuffix("rules.db") == true)
    }

    /// Of a large ruleset two halves are read: a bad row is named in either, and whichever is at fault, nothing is read on.
    @Test(arguments: [5, 11_000]) func aBadRowOfALargeRulesetIsNamed(_ row: Int) throws {
        let path = directory.file("large.db")
        let store = try RuleStore(path: path)
        let rules = (3..<12_000).map { StoredObject.rule($0, of: 2, .at($0)) }
        try store.commitNext(
            [.add(.table(1)), .add(.chain(2, of: 1, "input"))] + rules.map { .add($0) })
        try store.close()
        try editRaw(path, "UPDATE object SET order_key = x'00' WHERE row = \(row)")
        let damaged = try RuleStore(path: path)
        let error = #expect(throws: StoreError.self) {
            try damaged.loadRuleset(at: VersionID(rawValue: 1))
        }
        #expect(error?.code == .corrupt)
        #expect(error?.message.contains("table object, row \(row): order_key") == true)
        try damaged.close()
    }

    /// A row's number is its place in the table's tree, where no query looks for another.
    @Test func versionsOutOfOrderAreNamed() throws {
        let queue = try DatabaseQueue(path: directory.file())
        let root = try queue.read {
            try Int.fetchOne($0, sql: "SELECT rootpage FROM sqlite_master WHERE name = 'version'")
        }
        try queue.close()
        var bytes = try readFile(directory.file())
        let page = (try #require(root) - 1) * 4_096
        // A leaf with its first cell's place behind eight bytes; a cell begins with its size, in one or two bytes, and the number.
        #expect(bytes[page] == 13 && bytes[page + 4] >= 2)
        let cell = page + Int(bytes[page + 8]) << 8 + Int(bytes[page + 9])
        let number = bytes[cell] < 128 ? cell + 1 : cell + 2
        #expect(bytes[number] == 1)
        bytes[number] = 100
        let copy = directory.path + "/copy.db"
        try writeDatabase(copy, bytes)
        let words = "table version, row 100: it stands behind version 2"
        let errors = errors(copy)
        #expect(
            errors.contains { $0.code == .corrupt && $0.message.contains(words) },
            "\(errors.map(\.message))")
    }

    /// Bytes of any kind: all that may happen is a `StoreError`, and a verification that finds
    /// something.
    @Test func flippedBytesNeverTrap() throws {
        var generator = SeededGenerator()
        let bytes = try readFile(directory.file())
        let copy = directory.path + "/copy.db"
        for _ in 0..<250 {
            var damaged = bytes
            for _ in 0...generator.below(4) {
                damaged[generator.below(bytes.count)] = UInt8(truncatingIfNeeded: generator.next())
            }
            try writeDatabase(copy, damaged)
            _ = errors(copy)
        }
    }

    @Test func aTruncatedFileNeverTraps() throws {
        let bytes = try readFile(directory.file())
        let copy = directory.path + "/copy.db"
        // SQLite fills a page that is cut short with zeros, so zeros that are cut off are not missed.
        let end = bytes.lastIndex { $0 != 0 } ?? 0
        for length in stride(from: 1, through: end, by: 1_531) {
            try writeDatabase(copy, Array(bytes[..<length]))
            #expect(!errors(copy).isEmpty)
        }
    }
}
