import Glibc
import NetlinkProto
import RuleStore

// Whether the kernel runs what the store says.
extension Committer {
    /// What a check found.
    struct CheckOutcome: Sendable {
        /// From the store to the kernel.
        let drift: RulesetDiff
        /// The version that what others did has become, if it was put right so.
        var version: VersionMessage?
    }

    /// Compares store and kernel rule by rule.
    ///
    /// With `fix`, what differs is put right as the table's policy says: in observed tables the kernel is right, in others the
    /// store.
    func check(_ request: CheckRequest, peer: Peer) throws(Refusal) -> CheckOutcome {
        let scope = AuditScope(family: request.family ?? 0, table: request.table)
        let audited = AuditedRequest(
            peer: peer, action: "check --fix", scopes: request.table == nil ? [] : [scope],
            message: "")
        do {
            if request.fix { try authorise(peer, .edit) }
            try settle()
            try takeInForeign()
            let tables = try tables(of: request)
            let found = try image(of: tables)
            let drift = drift(found.image, in: tables)
            var outcome = CheckOutcome(
                drift: RulesetDiff(
                    changes: drift, old: head.ruleset, new: found.image.ruleset))
            if drift.isEmpty { try found.image.refuseUnreadable() }
            guard request.fix, !drift.isEmpty else { return outcome }
            let before = head.version
            try fix(drift, found, audited)
            if head.version != before {
                let version = try store.version(head.version)
                outcome.version = VersionMessage(
                    version.description, changeCount: version.changeCount)
            }
            return outcome
        } catch {
            let refusal = Refusal(any: error)
            if request.fix { audit(refusal, audited) }
            throw refusal
        }
    }

    private func tables(of request: CheckRequest) throws(Refusal) -> [StoredObject] {
        let tables = head.ruleset.tables.filter { table in
            (request.family == nil || request.family == table.family)
                && (request.table == nil || request.table == table.name)
        }
        if let name = request.table, tables.isEmpty {
            guard let family = request.family else {
                throw Refusal(ENOENT, "There is no table \(name).")
            }
            throw Refusal.noTable(TableName(family: family, name: name), in: head.ruleset)
        }
        return tables
    }

    private typealias Found = (image: KernelImage, generation: GenerationID)

    private func image(of tables: [StoredObject]) throws -> Found {
        let dump = try settledDump(of: tables)
        let image = try KernelImage(
            dump, tables: tables, wanted: head.ruleset, known: head.handles, nextID: nextID)
        return (image, dump.generation)
    }

    private func drift(_ image: KernelImage, in tables: [StoredObject]) -> [Change] {
        KernelImage.changes(
            from: head.ruleset, to: image.ruleset, onlyIn: Set(tables.map(\.id)))
    }

    private func fix(_ drift: [Change], _ found: Found, _ audited: AuditedRequest) throws {
        let rulesets = [head.ruleset, found.image.ruleset]
        let observed = drift.within(.observed, rulesets)
        var there = head.ruleset
        try there.apply(drift)
        if !observed.isEmpty { try readWatched() }
        let rest = drift.filter { change in !observed.contains { $0.id == change.id } }
            .compactMap { Change($0.id, from: there, to: head.ruleset) }
        guard !rest.isEmpty else { return note(audited, .committed) }
        nextID = max(nextID, found.image.nextID)
        for change in rest { head.handles[change.id] = found.image.handles[change.id] }
        head.generation = found.generation.rawValue
        guard try put(rest.inApplicationOrder(), from: there) else {
            throw Refusal(
                EAGAIN, "Another program changed the kernel's rules meanwhile; try again.",
                outcome: .failed)
        }
        var noted = audited
        noted.scopes = rest.scopes(in: rulesets)
        noted.message = "put right: \(ChangeSummary.text(rest, from: there, to: head.ruleset))"
        note(noted, .committed)
    }
}
