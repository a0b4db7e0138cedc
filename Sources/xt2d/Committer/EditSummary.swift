import NetlinkProto
import RuleStore

/// What the audit log says of edits: what they do, and where.
struct EditSummary: Sendable {
    private var actions: Set<String> = []
    private var scopes: Set<AuditScope> = []
    private var last: (action: String, family: Family, table: String, chain: String)?

    /// Takes in one more.
    mutating func add(_ edit: Edit) {
        let (action, scope) = (edit.action, edit.scope)
        let place = (action: action, family: scope.family, table: scope.table, chain: scope.chain)
        // Most edits do the same in the same chain as the one before.
        if let last, last == place { return }
        last = place
        actions.insert(action)
        scopes.insert(
            AuditScope(
                family: scope.family.rawValue, table: scope.table,
                chain: scope.chain.isEmpty ? nil : scope.chain))
    }

    /// The word for all of them.
    var action: String { actions.count == 1 ? actions.first ?? "batch" : "batch" }

    /// The tables and chains that they are about.
    var places: [AuditScope] { Array(scopes) }
}
