import Glibc
import NetlinkProto
import RuleStore

// The kernel's tables become part of the ruleset all at once: ``adopt(_:peer:)`` for many, in one version.
extension Committer {
    /// What came of an import.
    struct ImportOutcome: Sendable {
        /// What was made, or would be.
        let reply: EditReply
        /// Which tables were passed over, and why.
        var note = ""
    }

    /// Takes the table that is named, or all that are in no version and belong to nobody, as they are in the kernel.
    ///
    /// No packet and no counter is touched: the kernel gets nothing but the marker.
    /// - Throws: ``Refusal``; nothing has changed then.
    func importTables(_ request: ImportRequest, peer: Peer) throws(Refusal) -> ImportOutcome {
        let named = request.table.map { TableName(family: request.family ?? 0, name: $0) }
        let audited = AuditedRequest(
            peer: peer, action: "import",
            scopes: named.map { [AuditScope(family: $0.family, table: $0.name)] } ?? [],
            message: request.reason ?? "")
        let outcome = try changeTables(
            audited,
            named: { () throws(Refusal) in
                if let named { return [named] }
                return try kernelTables()
            }
        ) { names throws(Refusal) in
            try importTables(names, isNamed: named != nil, request, audited)
        }
        // What was passed over, or only asked about, is not listened to any more.
        watchHead()
        return outcome
    }

    /// All tables of the kernel.
    private func kernelTables() throws(Refusal) -> [TableName] {
        var names: [TableName] = []
        do {
            try kernel.stable { () throws(KernelError) in
                names = []
                try kernel.dump(.getTable, family: .unspecified, { _ in }) {
                    view throws(WireError) in
                    if let name = try TableName(of: view) { names.append(name) }
                }
            }
        } catch {
            throw Refusal(any: error)
        }
        return names.filter { $0.family != Marker.family.rawValue || $0.name != Marker.table }
    }

    private func importTables(
        _ names: [TableName], isNamed: Bool, _ request: ImportRequest, _ audited: AuditedRequest
    ) throws(Refusal) -> ImportOutcome {
        let policy = try Committer.policy(ofImport: request)
        for name in names { try refuseMarkerTable(name) }
        let known = names.filter { head.ruleset.table(family: $0.family, name: $0.name) != nil }
        var note = Committer.list(known, "in the ruleset already")
        let new = names.filter { !known.contains($0) }
        var tables: [StoredObject] = []
        var next = nextID
        do {
            var wanted = Ruleset()
            for name in new {
                let former = try former(name)
                if let former {
                    let objects = former.ruleset.deletion(of: former.table).compactMap(\.before)
                    try wanted.apply(objects.map(Change.add))
                }
                tables.append(
                    StoredObject(
                        id: former?.table.id ?? next, kind: .table, family: name.family,
                        name: name.name, body: []))
                next = next.next
            }
            let dump = try KernelDump.read(kernel, tables: tables)
            if isNamed {
                if let reason = dump.unreadable.values.first, let name = new.first {
                    throw Committer.cannotBeTakenOver(name, reason)
                }
                try Committer.refuseAbsent(tables, dump)
            } else {
                let owned = tables.filter { dump.isOwned($0) }
                note += Committer.list(owned.map { TableName($0) }, "owned by another process")
                let unreadable = tables.filter { dump.unreadable[$0.id] != nil }
                note += Committer.list(
                    unreadable.map { TableName($0) }, "holding what cannot be read")
                // What nobody else may change is not taken, nor what is gone by now.
                tables.removeAll { owned.contains($0) || dump.tables[$0.id] == nil }
            }
            if note.last == " " { note.removeLast() }
            guard !tables.isEmpty else {
                return ImportOutcome(reply: .unchanged(head.version), note: note)
            }
            for index in tables.indices {
                tables[index].body = try Committer.importedBody(tables[index], policy, dump)
            }
            let image = try KernelImage(
                dump, tables: tables, wanted: wanted, known: RuleHandles(), nextID: next,
                isTakeover: true)
            if let (table, reason) = image.unreadable.first {
                throw Committer.cannotBeTakenOver(TableName(table), reason)
            }
            var audited = audited
            audited.scopes = tables.map { AuditScope(family: $0.family, table: $0.name) }
            let proposal = try proposal(taking: tables, image, audited)
            return ImportOutcome(reply: try carryOut(proposal, request), note: note)
        } catch {
            throw Refusal(any: error)
        }
    }

    private static func importedBody(
        _ table: StoredObject, _ policy: TableWatch.Policy, _ dump: KernelDump
    ) throws -> [UInt8] {
        guard let found = dump.tables[table.id] else { return table.body }
        var body = found.message.body
        if body.flags.contains(.owner) { throw ownedByAnother(TableName(table), found.owner) }
        body.watch = TableWatch(policy, isAdopted: true)
        return try body.encoded()
    }

    private func carryOut(
        _ proposal: Proposal, _ request: ImportRequest
    ) throws(Refusal) -> EditReply {
        guard request.check else { return .version(try commitAudited(proposal), []) }
        let diff = RulesetDiff(
            changes: proposal.changes, old: head.ruleset, new: proposal.ruleset)
        return .checked(try check(proposal), diff)
    }

    private static func policy(
        ofImport request: ImportRequest
    ) throws(Refusal) -> TableWatch.Policy {
        guard let number = request.policy else { return .observed }
        guard let policy = TableWatch.Policy(rawValue: number) else {
            throw Refusal(
                EINVAL,
                number == 0
                    ? "The kernel makes a table owned only when it is made, so what is imported is observed or enforced."
                    : "There is no policy number \(number) of a table.")
        }
        return policy
    }

    private static func refuseAbsent(
        _ tables: [StoredObject], _ dump: KernelDump
    ) throws(Refusal) {
        for table in tables where dump.tables[table.id] == nil {
            throw Refusal(ENOENT, "The kernel has no table \(TableName(table).title) to import.")
        }
    }

    private static func list(_ names: [TableName], _ what: String) -> String {
        names.isEmpty ? "" : "Passed over, \(what): \(names.listed(atMost: namedTables)). "
    }

    private static let namedTables = 16
}

extension KernelDump {
    /// Whether a process owns a table.
    fileprivate func isOwned(_ table: StoredObject) -> Bool {
        tables[table.id]?.message.body.flags.contains(.owner) == true
    }
}
