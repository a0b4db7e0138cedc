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
    private let readsCounters: Bool
    private let candidate: UInt64?

    /// Compares the tables that the statements are about with what there is.
    ///
    /// - Parameters:
    ///   - flushes: whether the tables are emptied first, as they are without `--noflush`.
    ///   - hasCounters: whether rules that stay get the counters that the statements say.
    ///   - candidate: the candidate whose tables are compared.
    ///   - output: takes what is to be printed, also of a text that fails.
    /// - Throws: the first statement that cannot be carried out.
    init(
        _ statements: [RestoreFile.Statement], _ family: Family, flushes: Bool,
        hasCounters: Bool = false, candidate: UInt64? = nil, output: inout RestoreOutput,
        _ client: inout CompatClient
    ) throws(CompatError) {
        (self.family, self.flushes, self.hasCounters) = (family, flushes, hasCounters)
        readsCounters = hasCounters || statements.contains(where: \.showsCounters)
        self.candidate = candidate
        var tables: [String: RestoreTable] = [:]
        var current = ""
        for statement in statements {
            do {
                switch statement.content {
                case .table(let name):
                    current = name
                    try open(name, &tables, &output, &client)
                case .comment(let text): output.tell(comment: text)
                default: try apply(statement, to: &tables[current], &output)
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
        _ table: String, _ tables: inout [String: RestoreTable], _ output: inout RestoreOutput,
        _ client: inout CompatClient
    ) throws(CompatError) {
        if tables[table] == nil, let builtin = BuiltinTable(table, family) {
            tables[table] = RestoreTable(
                builtin,
                base: try client.table(
                    table, family, counters: readsCounters, candidate: candidate),
                hasCounters: hasCounters)
        }
        guard flushes else { return }
        if let table = tables[table] { output.tellEmptying(table) }
        tables[table]?.clear()
    }

    private func apply(
        _ statement: RestoreFile.Statement, to table: inout RestoreTable?,
        _ output: inout RestoreOutput
    ) throws(CompatError) {
        switch statement.content {
        case .chain(let name, let policy, let counters):
            try table?.declare(name, policy: policy, counters: counters, line: statement.line)
        case .command(let command):
            if let table { try output.tell(command, table) }
            try table?.apply(command, line: statement.line)
        case .table, .commit, .comment: break
        }
    }
}
