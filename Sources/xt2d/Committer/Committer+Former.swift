import Glibc
import NetlinkProto
import RuleStore

// Tables that were part of the ruleset once.
extension Committer {
    /// A table that is not in the ruleset any more, with the last ruleset that had it: taken over again, it and what is in it are the
    /// same objects to the history, so that a rollback to before leaves them as they are in the kernel.
    ///
    /// - Returns: nil if there was none of that name, or that is too long ago.
    func former(
        _ name: TableName
    ) throws(StoreError) -> (table: StoredObject, ruleset: Ruleset)? {
        let entries = try store.audit(
            AuditFilter(
                scope: AuditScope(family: name.family, table: name.name), outcome: .committed),
            limit: Committer.formerEntries)
        for record in entries where record.withdrawnBy == nil {
            guard let version = record.entry.version, version > .empty else { continue }
            let before = VersionID(rawValue: version.rawValue - 1)
            // What was pruned cannot be gone back to either.
            guard let ruleset = try? store.loadRuleset(at: before) else { return nil }
            if let table = ruleset.table(family: name.family, name: name.name),
                head.ruleset.object(table.id) == nil
            {
                return (table, ruleset)
            }
        }
        return nil
    }

    /// How many entries of the audit log about a table are looked at; the last of them is as good as always that of its end.
    private static let formerEntries = 4

    /// Lets go of a table that another program deleted: should one of its name be made again, it is not watched.
    func forget(
        _ name: TableName, _ audited: AuditedRequest
    ) throws(Refusal) -> TableOutcome {
        do {
            // At the next start, this entry says that it is not waited for.
            _ = try store.appendAudit(
                audited.entry(outcome: .committed, generation: head.generation))
        } catch {
            throw Refusal(error)
        }
        foreign.lapsed[name] = nil
        watchHead()
        return TableOutcome(
            note:
                "Another program has deleted table \(name.title); should it be made again, it is not watched any more."
        )
    }

    static func cannotBeTakenOver(_ name: TableName, _ reason: String) -> Refusal {
        Refusal(
            EOPNOTSUPP,
            "The table \(name.title) cannot be taken over: it holds something that cannot be read (\(reason))."
        )
    }

    /// The kernel's tables of a name, in all families.
    func kernelTables(called name: String) throws(KernelError) -> [TableName] {
        var names: [TableName] = []
        try kernel.stable { () throws(KernelError) in
            names = []
            try kernel.dump(.getTable, family: .unspecified, { _ in }) { view throws(WireError) in
                if let found = try TableName(of: view), found.name == name { names.append(found) }
            }
        }
        return names
    }
}

extension Refusal {
    /// There is no such table; what there is instead, is said.
    static func noTable(_ name: TableName, in ruleset: Ruleset) -> Refusal {
        let refusal = Refusal(ENOENT, "There is no table \(name.title).")
        let tables = ruleset.tables
        let namesakes = tables.filter { $0.name == name.name }
        guard namesakes.isEmpty else {
            return refusal.adding(namesakes: namesakes.map { TableName($0) })
        }
        guard !tables.isEmpty else {
            return refusal.adding("'xt2 add table \(name.title)' makes one.")
        }
        let names = tables.lazy.map { TableName($0) }
        return refusal.adding("The ruleset has \(names.listed(atMost: namedTables)).")
    }

    private static let namedTables = 8

    /// The same refusal with the tables of other families that may have been meant.
    func adding(namesakes tables: [TableName]) -> Refusal {
        guard let first = tables.first else { return self }
        let titles = tables.map { "'\($0.title)'" }.joined(separator: " and ")
        return adding(
            "There is \(titles); name the family: \(Family(rawValue: first.family).name).")
    }
}
