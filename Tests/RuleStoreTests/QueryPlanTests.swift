import GRDB
import TestSupport
import Testing

@testable import RuleStore

/// What SQLite says it will do: the cost of a query must not grow with the history, only with its result.
@Suite struct QueryPlanTests {
    private let directory: TemporaryDirectory
    private let store: RuleStore

    init() throws {
        directory = try TemporaryDirectory()
        store = try RuleStore(path: directory.file())
    }

    private func plan(_ sql: String) throws -> [String] {
        try store.read { database in
            let run = try SQLRun(database, "EXPLAIN QUERY PLAN " + sql, table: "the plan")
            var lines: [String] = []
            while try run.step() { lines.append(try run.text(3)) }
            return lines
        }
    }

    private func expectSearches(_ sql: String, _ table: String, _ indexes: [String]) throws {
        let lines = try plan(sql)
        #expect(
            !lines.contains { $0.hasPrefix("SCAN") && !$0.contains("CONSTANT ROW") }, "\(lines)")
        #expect(!lines.contains { $0.contains("TEMP B-TREE") }, "\(lines)")
        for index in indexes {
            #expect(
                lines.contains { $0.hasPrefix("SEARCH \(table)") && $0.contains(index) }, "\(lines)"
            )
        }
    }

    @Test func rulesetAndDiffAreRangesOfIndexes() throws {
        try expectSearches(RuleStore.rulesetSQL, "object", ["object_live", "object_died (died>?"])
        try expectSearches(ObjectRow.liveAtSQL, "object", ["INDEX object_live (id>?)"])
        try expectSearches(RuleStore.lostSQL, "object", ["object_died (died>? AND died<?)"])
        try expectSearches(RuleStore.gainedSQL, "object", ["object_born (born>? AND born<?)"])
        try expectSearches(RuleStore.historySQL, "object", ["object_history (id=?)"])
    }

    private func auditPlan(_ filter: AuditFilter, before: AuditPosition? = nil) throws -> [String] {
        try plan(AuditQuery(filter, before: before, limit: 10).sql)
    }

    @Test func eachFilterWalksAnIndexWithoutSorting() throws {
        let position = AuditPosition(time: Timestamp(rawValue: 1), seq: 1)
        let moment = Timestamp(rawValue: 1)
        let filters: [(AuditFilter, String)] = [
            (
                AuditFilter(since: moment, until: moment),
                "a USING INDEX audit_time (time>? AND time<?)"
            ),
            (AuditFilter(uid: 1), "a USING INDEX audit_uid (uid=?"),
            (AuditFilter(uid: 1, since: moment), "a USING INDEX audit_uid (uid=? AND time>?"),
            (AuditFilter(action: "x"), "a USING INDEX audit_action (action=?"),
            (AuditFilter(outcome: .refused), "a USING INDEX audit_outcome (outcome=?"),
            (
                AuditFilter(scope: AuditScope(family: 1)),
                "s USING PRIMARY KEY (family=? AND table_name=? AND chain_name=?"
            ),
            (
                AuditFilter(
                    uid: 1, since: moment, scope: AuditScope(family: 1, table: "t", chain: "c"),
                    action: "x"),
                "s USING PRIMARY KEY (family=? AND table_name=? AND chain_name=? AND time>?"
            ),
        ]
        for (filter, words) in filters {
            for before in [nil, position] {
                let lines = try auditPlan(filter, before: before)
                #expect(lines.contains { $0.contains("SEARCH " + words) }, "\(lines)")
                #expect(
                    !lines.contains { $0.contains("TEMP B-TREE") || $0.hasPrefix("SCAN") },
                    "\(lines)")
            }
        }
    }

    @Test func noFilterWalksAnIndexFromItsEnd() throws {
        let lines = try auditPlan(AuditFilter())
        #expect(lines.contains("SCAN a USING INDEX audit_time"), "\(lines)")
        #expect(!lines.contains { $0.contains("TEMP B-TREE") }, "\(lines)")
    }

    @Test func aVersionOrARuleLeadsToItsEntries() throws {
        for filter in [
            AuditFilter(version: VersionID(rawValue: 1)), AuditFilter(rule: ObjectID(rawValue: 1)),
        ] {
            let lines = try auditPlan(filter)
            #expect(
                lines.contains { $0.contains("SEARCH a USING INDEX audit_version (version=?)") },
                "\(lines)")
            // Sorted are only the few entries of one version or rule.
            #expect(
                !lines.contains { $0.hasPrefix("SCAN a") || $0.hasPrefix("SCAN object") },
                "\(lines)")
        }
    }
}
