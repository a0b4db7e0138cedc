import NetlinkProto
import RuleSyntax

/// What it takes to carry out the statements of a text for iptables-restore.
struct RestorePlan {
    /// The edits, in order.
    private(set) var edits: [LineEdit] = []
    /// What is to be set to zero behind them.
    private(set) var zeroed: [RuleMessage] = []

    private let family: Family
    private let flushes: Bool
    private let hasCounters: Bool
    private let candidate: UInt64?

    /// Compares the tables that the statements are about with what there is.
    ///
    /// - Parameters:
    ///   - flushes: whether the tables are emptied first, as they are without `--noflush`.
    ///   - hasCounters: whether rules that stay get the counters that the statements say.
    ///   - candidate: the candidate whose tables are compared.
    /// - Throws: the first statement that cannot be carried out.
    init(
        _ statements: [RestoreFile.Statement], _ family: Family, flushes: Bool,
        hasCounters: Bool = false, candidate: UInt64? = nil, _ client: inout CompatClient
    ) throws(CompatError) {
        (self.family, self.flushes, self.hasCounters) = (family, flushes, hasCounters)
        self.candidate = candidate
        var tables: [String: RestoreTable] = [:]
        var current = ""
        for statement in statements {
            do {
                if case .table(let name) = statement.content {
                    current = name
                    try open(name, &tables, &client)
                } else {
                    try apply(statement, to: &tables[current])
                }
            } catch {
                throw error.at(line: statement.line)
            }
        }
        for name in tables.keys.sorted() {
            edits += try tables[name]?.edits() ?? []
            zeroed += (tables[name]?.zeroed ?? []).map {
                RuleMessage(family: family, table: name, chain: $0)
            }
        }
    }

    private func open(
        _ table: String, _ tables: inout [String: RestoreTable], _ client: inout CompatClient
    ) throws(CompatError) {
        if tables[table] == nil, let builtin = BuiltinTable(table, family) {
            tables[table] = RestoreTable(
                builtin,
                base: try client.table(
                    table, family, counters: hasCounters, candidate: candidate),
                hasCounters: hasCounters)
        }
        if flushes { tables[table]?.clear() }
    }

    private func apply(
        _ statement: RestoreFile.Statement, to table: inout RestoreTable?
    ) throws(CompatError) {
        switch statement.content {
        case .chain(let name, let policy):
            try table?.declare(name, policy: policy, line: statement.line)
        case .command(let command): try table?.apply(command, line: statement.line)
        case .table, .commit, .comment: break
        }
    }
}
