import GRDB
import RuleStore
import TestSupport
import Testing

@Suite struct VerificationTests {
    private let directory: TemporaryDirectory
    private let head: AuditHead

    /// Six entries: versions 1 and 2, a refusal, version 3 that came to nothing, why, and version 3 again.
    init() throws {
        directory = try TemporaryDirectory()
        let store = try RuleStore(path: directory.file())
        let rule = StoredObject.rule(3, of: 2, .at(100))
        let scopes = [AuditScope(family: 1, table: "filter", chain: "input")]
        try store.commitNext([
            .add(.table(1)), .add(.chain(2, of: 1, "input")), .add(.set(5, of: 1, "hosts")),
            .add(.element(6, of: 5, [1])), .add(rule),
        ])
        try store.commitNext(
            [.modify(from: rule, to: rule.with(body: [9]))], audit: .sample(scopes: scopes))
        try store.appendAudit(.sample("insert", .refused, scopes: scopes))
        let id = try store.prepareNext([.delete(rule.with(body: [9]))])
        try store.abandon(id, audit: .sample("delete", .failed))
        try store.commitNext([.add(.rule(4, of: 2, .at(200)))])
        head = try store.auditHead()
        try store.close()
    }

    private func verification(
        after sql: String = "", against known: AuditHead? = nil
    ) throws -> AuditVerification {
        if !sql.isEmpty { try editRaw(directory.file(), sql) }
        return try RuleStore(path: directory.file()).verifyAudit(against: known)
    }

    @Test func whatWasNotTouchedIsSound() throws {
        let result = try verification(against: head)
        #expect(result.faults == [])
        #expect(result.entryCount == 6)
        #expect(result.head == head)
        #expect(head.seq == 6)
    }

    /// Every column of every row that the log vouches for; a new column is tested the day it is made.
    @Test(arguments: [
        ("audit", "seq", [String]()),
        // What is alive or not, and in which row it stands, is no content.
        ("version", "id", ["state"]),
        ("object", "row", ["row"]),
        ("audit_scope", "rowid", []),
    ])
    func eachEditedValueIsFound(_ table: String, _ key: String, _ excluded: [String]) throws {
        let pristine = try readFile(directory.file())
        let queue = try DatabaseQueue(path: directory.file())
        let columns = try queue.read { try $0.columns(in: table) }.filter {
            !excluded.contains($0.name)
        }
        let count =
            try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") } ?? 0
        try queue.close()
        #expect(columns.count >= 5 && count >= 3)
        for column in columns {
            for row in 0..<count {
                try writeDatabase(directory.file(), pristine)
                let keys =
                    table == "audit_scope" ? "family, table_name, chain_name, time, seq" : key
                let sql = """
                    UPDATE \(table) SET \(column.name) = \(Self.otherValue(column))
                    WHERE (\(keys)) = (SELECT \(keys) FROM \(table) LIMIT 1 OFFSET \(row))
                    """
                let result = try verification(after: sql)
                #expect(!result.isSound, "\(column.name) of row \(row) in \(table)")
            }
        }
    }

    private static func otherValue(_ column: ColumnInfo) -> String {
        switch column.type {
        case "INTEGER": "ifnull(\(column.name), 0) + 100"
        case "TEXT": "ifnull(\(column.name), '') || 'x'"
        default: "CAST(ifnull(\(column.name), x'') || x'07' AS BLOB)"
        }
    }

    @Test(arguments: [
        ("DELETE FROM audit WHERE seq = 3", AuditFault.Code.missing, 4),
        ("DELETE FROM audit WHERE seq = 1", .missing, 2),
        ("DELETE FROM audit WHERE seq IN (4, 5)", .missing, 6),
        ("UPDATE audit SET reason = 'none' WHERE seq = 3", .edited, 3),
        ("UPDATE audit SET hash = zeroblob(32) WHERE seq = 3", .edited, 3),
        ("DELETE FROM audit_scope WHERE seq = 2 AND chain_name = 'input'", .edited, 2),
        ("INSERT INTO audit_scope VALUES (1, 'filter', 'x', 1000, 3)", .edited, 3),
        ("INSERT INTO audit_scope VALUES (1, 'filter', 'x', 1000, 77)", .missing, 77),
        ("DELETE FROM version WHERE id = 2", .version, 2),
        ("DELETE FROM object WHERE born = 2", .version, 2),
        (
            "DELETE FROM object WHERE born = 2; UPDATE object SET died = NULL WHERE died = 2",
            .version, 2
        ),
        ("UPDATE audit SET withdraws = 1 WHERE seq = 5", .edited, 5),
        (
            """
            INSERT INTO audit SELECT 7, time, uid, gid, pid, process, login_uid, peer, action, outcome, NULL,
            generation, reason, message, request, 0, NULL, NULL, hash FROM audit WHERE seq = 3
            """, .edited, 7
        ),
    ])
    func theBadEntryIsNamed(_ sql: String, _ code: AuditFault.Code, _ seq: UInt64) throws {
        let result = try verification(after: sql)
        #expect(result.faults.first { $0.code == code && $0.seq == seq } != nil, "\(result.faults)")
    }

    @Test func oneEditIsOneFault() throws {
        let result = try verification(after: "UPDATE audit SET uid = 5 WHERE seq = 3")
        #expect(result.faults.count == 1)
        #expect(result.faults.first?.message.contains("entry 3") == true)
    }

    @Test func aVersionThatNobodyMadeIsFound() throws {
        let result = try verification(
            after: """
                INSERT INTO version SELECT 4, state, time, uid, gid, pid, process, message, kind, rolled_back_to,
                reverts, change_count, summary FROM version WHERE id = 3
                """)
        #expect(result.faults.map(\.version?.rawValue) == [4])
        #expect(result.faults.map(\.code) == [.version])
    }

    @Test func aCutOffEndIsFoundWithAHeadThatWasKept() throws {
        let sql = """
            DELETE FROM audit WHERE seq = 6; DELETE FROM audit_scope WHERE seq = 6;
            DELETE FROM object WHERE born = 3; DELETE FROM version WHERE id = 3
            """
        // Alone the file is a shorter history without a flaw.
        #expect(try verification(after: sql).isSound)
        let result = try verification(against: head)
        #expect(result.faults.map(\.code) == [.missing])
        #expect(result.faults.first?.message.contains("entries 6 to 6") == true)
    }

    @Test func aLogThatWasWrittenAnewIsFoundWithAHeadThatWasKept() throws {
        let other = AuditHead(seq: 3, hash: [UInt8](repeating: 1, count: 32))
        let result = try verification(against: other)
        #expect(result.faults.map(\.code) == [.rewritten])
    }

    @Test func aLogOfAnotherStoreDoesNotFit() throws {
        let result = try verification(after: "UPDATE meta SET uuid = zeroblob(16)")
        #expect(result.faults.map(\.seq) == [1])
    }
}
