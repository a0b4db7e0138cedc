import Glibc
import NetlinkProto
import RuleStore

// How a table that another program made becomes xt2's to answer for, and how it is let go.
extension Committer {
    /// What came of taking over or letting go: the version, and what there is to say about it.
    struct TableOutcome: Sendable {
        var version: VersionMessage?
        var note = ""
    }

    // MARK: Adopting

    /// Takes over a table as it is in the kernel, or gives a table that is there already another policy.
    ///
    /// No packet and no counter is touched: the kernel gets nothing but the marker, and the owner where it allows one.
    func adopt(_ request: TableRequest, peer: Peer) throws(Refusal) -> TableOutcome {
        try changeTable("adopt", request, peer) { audited throws(Refusal) in
            let policy = try Committer.policy(request)
            let name = TableName(family: request.family, name: request.table)
            if let table = head.ruleset.table(family: name.family, name: name.name) {
                return try change(table, to: policy, audited)
            }
            return try adopt(name, policy, audited)
        }
    }

    /// nil for owned.
    private static func policy(_ request: TableRequest) throws(Refusal) -> TableWatch.Policy? {
        guard let number = request.policy else { return .observed }
        if number == 0 { return nil }
        guard let policy = TableWatch.Policy(rawValue: number) else {
            throw Refusal(EINVAL, "There is no policy number \(number) of a table.")
        }
        return policy
    }

    private func adopt(
        _ name: TableName, _ policy: TableWatch.Policy?, _ audited: AuditedRequest
    ) throws(Refusal) -> TableOutcome {
        try refuseMarkerTable(name)
        do {
            let former = try former(name)
            var table = StoredObject(
                id: former?.table.id ?? nextID, kind: .table, family: name.family, name: name.name,
                body: [])
            let dump = try KernelDump.read(kernel, tables: [table])
            if let reason = dump.unreadable[table.id] {
                throw Committer.cannotBeTakenOver(name, reason)
            }
            guard let found = dump.tables[table.id] else {
                throw Refusal(
                    ENOENT,
                    "The kernel has no table \(name.title) to take over; 'xt2 add table' makes one."
                ).adding(namesakes: try kernelTables(called: name.name))
            }
            let (body, note) = try Committer.body(found, policy, name, ownership)
            table.body = try body.encoded()
            let image = try KernelImage(
                dump, tables: [table], wanted: former?.ruleset ?? Ruleset(), known: RuleHandles(),
                nextID: former == nil ? nextID.next : nextID, isTakeover: true)
            if let (_, reason) = image.unreadable.first {
                throw Committer.cannotBeTakenOver(name, reason)
            }
            let version = try commitAudited(
                try proposal(taking: [table], image, audited))
            return TableOutcome(version: version, note: note)
        } catch {
            throw Refusal(any: error)
        }
    }

    func refuseMarkerTable(_ name: TableName) throws(Refusal) {
        guard name.family == Marker.family.rawValue, name.name == Marker.table else { return }
        throw Refusal(EPERM, "The table inet xt2 is the daemon's own.")
    }

    static func ownedByAnother(_ name: TableName, _ owner: TableOwner?) -> Refusal {
        Refusal(
            EPERM,
            "The table \(name.title) is owned by \(owner?.title ?? "another process"), which alone may change it; it can be taken over when that process has ended."
        )
    }

    /// The table's body under its policy; where the kernel cannot make it owned, it is enforced.
    private static func body(
        _ found: KernelDump.Table, _ policy: TableWatch.Policy?, _ name: TableName,
        _ ownership: TableBody.Flags
    ) throws(Refusal) -> (TableBody, String) {
        var body = found.message.body
        if body.flags.contains(.owner) { throw ownedByAnother(name, found.owner) }
        if let policy {
            body.watch = TableWatch(policy, isAdopted: true)
            return (body, "")
        }
        if body.flags.contains(.persist), !ownership.isEmpty {
            body.flags.insert(.owner)
            return (body, "")
        }
        body.watch = TableWatch(.enforced, isAdopted: true)
        return (
            body,
            "The kernel can make a table owned only when it is made, so \(name.title) is enforced instead: what others do to it is undone at once."
        )
    }

    /// What takes tables over as they are: the kernel gets nothing but the marker.
    func proposal(
        taking tables: [StoredObject], _ image: KernelImage, _ audited: AuditedRequest
    ) throws(Refusal) -> Proposal {
        var editor = RulesetEditor(head.ruleset, graph: graph, nextID: image.nextID)
        let changes = Array(image.ruleset.allObjects.map(Change.add)).inApplicationOrder()
        do {
            try editor.apply(changes)
        } catch {
            throw Refusal(
                EIO, "The table cannot be taken over: \(error.message).", outcome: .failed)
        }
        var proposal = Proposal(editor, changes, audited: audited)
        proposal.kernelChanges = []
        proposal.there = editor.ruleset
        proposal.adopting = tables.filter { $0.watch == nil }
        for id in image.ruleset.allObjects.map(\.id) + image.handles.jumps {
            proposal.places[id] = image.handles[id]
        }
        return proposal
    }

    // MARK: Another policy

    private func change(
        _ table: StoredObject, to policy: TableWatch.Policy?, _ audited: AuditedRequest
    ) throws(Refusal) -> TableOutcome {
        var changed = table
        do {
            var body = try TableBody(encoded: table.body)
            guard (body.watch == nil) == (policy == nil) else {
                throw Refusal(
                    EOPNOTSUPP,
                    body.watch == nil
                        ? "The table \(table.title) is owned, and the kernel lets go of an owned table only when xt2d stops: release it, restart xt2d, then adopt it as observed or enforced."
                        : "The kernel can make a table owned only when it is made, so \(table.title) stays \(body.policyName)."
                )
            }
            if let policy { body.watch?.policy = policy }
            changed.body = try body.encoded()
        } catch {
            throw Refusal(any: error)
        }
        if changed == table { return TableOutcome() }
        var proposal = try self.proposal([.modify(from: table, to: changed)], audited)
        proposal.kernelChanges = []
        proposal.there = proposal.ruleset
        return TableOutcome(version: try commitAudited(proposal))
    }

    private func proposal(
        _ changes: [Change], _ audited: AuditedRequest
    ) throws(Refusal) -> Proposal {
        var editor = editor()
        do {
            try editor.apply(changes)
        } catch {
            throw Refusal(EIO, "\(error.message).", outcome: .failed)
        }
        return Proposal(editor, changes, audited: audited)
    }

    // MARK: Letting go

    /// Takes a table out of the ruleset and leaves it in the kernel as it is.
    func release(_ request: TableRequest, peer: Peer) throws(Refusal) -> TableOutcome {
        try changeTable("release", request, peer) { audited throws(Refusal) in
            let name = TableName(family: request.family, name: request.table)
            guard let table = head.ruleset.table(family: name.family, name: name.name) else {
                if foreign.lapsed[name] != nil { return try forget(name, audited) }
                throw Refusal.noTable(name, in: head.ruleset)
            }
            var proposal = try self.proposal(head.ruleset.deletion(of: table), audited)
            proposal.kernelChanges = []
            proposal.there = proposal.ruleset
            let isOwned = table.watch == nil && !ownership.isEmpty
            return TableOutcome(
                version: try commitAudited(proposal),
                note: isOwned
                    ? "Other programs can change \(table.title) when xt2d has been restarted: the kernel keeps its owner until then."
                    : "")
        }
    }

    private func changeTable(
        _ action: String, _ request: TableRequest, _ peer: Peer,
        _ body: (AuditedRequest) throws(Refusal) -> TableOutcome
    ) throws(Refusal) -> TableOutcome {
        let audited = AuditedRequest(
            peer: peer, action: action,
            scopes: [AuditScope(family: request.family, table: request.table)],
            message: request.reason ?? "")
        let name = TableName(family: request.family, name: request.table)
        return try changeTables(audited, named: { () throws(Refusal) in [name] }) {
            _ throws(Refusal) in try body(audited)
        }
    }

    /// Does something about tables that others may change, and lets none of what they do meanwhile go unseen.
    ///
    /// - Parameter named: which tables; asked when it is known that the client may do this at all.
    func changeTables<Result>(
        _ audited: AuditedRequest, named: () throws(Refusal) -> [TableName],
        _ body: ([TableName]) throws(Refusal) -> Result
    ) throws(Refusal) -> Result {
        do {
            try authorise(audited.peer, .edit)
            // From here on every commit is heard of, so that the tables cannot change unseen.
            try beginListening()
            let names = try named()
            monitor?.inbox.watched.formUnion(names)
            return try onTopOfForeign { try body(names) }
        } catch {
            watchHead()
            if !error.isAudited { audit(error, audited) }
            throw error
        }
    }
}

extension Ruleset {
    /// The changes that take an object out with all that is in it.
    func deletion(of object: StoredObject) -> [Change] {
        var changes: [Change] = [.delete(object)]
        switch object.kind {
        case .table:
            for kind in [ObjectKind.chain, .set, .object, .flowtable] {
                changes += children(of: object.id, kind: kind).flatMap { deletion(of: $0) }
            }
        case .chain: changes += rules(of: object.id).map(Change.delete)
        case .set: changes += elements(of: object.id).map(Change.delete)
        default: break
        }
        return changes.inApplicationOrder()
    }
}
