import Logging
import NetlinkProto
import RuleStore

/// Tables in the kernel that an xt2d made and that no version of this database has: what is left when the database was put back
/// from an older copy.
///
/// A table that was let go (`xt2 release`) is none: its rules are in the history.
enum StrayTables {
    /// Finds them.
    ///
    /// - Parameter isCertain: whether each persistent table that nobody owns counts, as long as no other program's rule is in it:
    ///   the kernel ran a version that the database does not have.
    /// - Parameter isMeant: which tables are asked about.
    static func find(
        _ kernel: any Kernel, _ store: RuleStore, besides ruleset: Ruleset, isCertain: Bool = false,
        where isMeant: (TableName) -> Bool = { _ in true }
    ) throws -> [TableName] {
        var strays: [TableName] = []
        for message in try tables(kernel, besides: ruleset) {
            let name = TableName(family: message.family.rawValue, name: message.name)
            // Before their rules are read, which may be many.
            guard isMeant(name) else { continue }
            let ids = try ruleIDs(kernel, message)
            let isPersistent = message.body.flags.contains(.persist)
            if ids.isEmpty {
                if isCertain && isPersistent { strays.append(name) }
            } else if let id = ids.lazy.compactMap(\.self).first {
                if try !isKnown(id, in: name, store) { strays.append(name) }
            }
        }
        return strays
    }

    /// Those that a check is about, as tables to be compared; their ids are at the far end, where no object's is.
    static func objects(
        _ kernel: any Kernel, _ store: RuleStore, besides ruleset: Ruleset,
        of request: CheckRequest, _ ownership: TableBody.Flags
    ) throws -> [StoredObject] {
        let body = try TableBody(flags: ownership).encoded()
        let names = try find(kernel, store, besides: ruleset) { request.isAbout($0) }
        return names.enumerated().map { index, name in
            StoredObject(
                id: ObjectID(rawValue: UInt64(Int64.max) - UInt64(index)), kind: .table,
                family: name.family, name: name.name, body: body)
        }
    }

    private static func tables(
        _ kernel: any Kernel, besides ruleset: Ruleset
    ) throws(KernelError) -> [TableMessage] {
        var tables: [TableMessage] = []
        try kernel.stable { () throws(KernelError) in
            tables = []
            try kernel.dump(.getTable, family: .unspecified, { _ in }) { view throws(WireError) in
                // What cannot be read is another program's.
                guard let table = try? TableMessage(view) else { return }
                let isMarker = table.family == Marker.family && table.name == Marker.table
                let known = ruleset.table(family: table.family.rawValue, name: table.name)
                if !isMarker && known == nil { tables.append(table) }
            }
        }
        return tables
    }

    /// The ids of a table's rules; nil for each that has none.
    ///
    /// Jumps to parts of long chains are left out, which no history has.
    private static func ruleIDs(
        _ kernel: any Kernel, _ table: TableMessage
    ) throws(KernelError) -> [ObjectID?] {
        var ids: [ObjectID?] = []
        try kernel.stable { () throws(KernelError) in
            ids = []
            let named: (inout MessageWriter) -> Void = { $0.attribute(1, string: table.name) }
            try kernel.dump(.getRule, family: table.family, named) { view throws(WireError) in
                guard try view.isAbout(table: table.name) else { return }
                let id = (try? RuleMessage(view))?.identity
                if id.map({ $0 < ChainPart.firstJump }) ?? true { ids.append(id) }
            }
        }
        return ids
    }

    /// Whether the history has the rule in a table of this name.
    private static func isKnown(
        _ rule: ObjectID, in table: TableName, _ store: RuleStore
    ) throws(StoreError) -> Bool {
        let history = try store.history(of: rule)
        // What was pruned away may have been let go before: in doubt it is not xt2's to delete.
        if history.isEmpty, try rule < store.nextObjectID(), try store.horizon().version > .empty {
            return true
        }
        for record in history where record.object.kind == .rule {
            guard let chain = record.object.parent,
                let owner = try store.history(of: chain).first?.object.parent
            else { continue }
            let records = try store.history(of: owner)
            if records.contains(where: { TableName($0.object) == table }) { return true }
        }
        return false
    }
}

extension Recovery {
    /// Tells of the tables that a version has left behind which the database does not have.
    mutating func noteStrays(besides ruleset: Ruleset, of version: VersionID) throws {
        let strays = try StrayTables.find(kernel, store, besides: ruleset, isCertain: true)
        var text =
            "The kernel ran version \(version), which this database does not have; was it put back from an older copy?"
        if !strays.isEmpty {
            let names = strays.map(\.title).sorted().joined(separator: ", ")
            let them = strays.count == 1 ? "it" : "them"
            text +=
                " Still in the kernel, and in no version: \(strays.count == 1 ? "table" : "tables") \(names). 'xt2 check --fix' deletes \(them), 'xt2 adopt' takes \(them) over."
        }
        // Each attempt to start looks anew.
        guard !notices.contains(text) else { return }
        notices.append(text)
        log.warning("\(text)")
    }
}
