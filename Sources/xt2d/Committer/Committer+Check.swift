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

    // MARK: Comparing

    /// Ends what is open, and takes in what others have done.
    func catchUp() throws(Refusal) {
        try settle()
        try takeInForeign()
    }

    /// The head of the moment of a dump, and the first id that is not in use; nil if it has gone on since.
    func head(
        at generation: GenerationID
    ) throws(Refusal) -> (head: Head, nextID: ObjectID)? {
        try settle()
        if foreign.isListening {
            if !hear(upTo: generation) { foreign.noteLoss() }
            collect()
            try takeInHeard(upTo: generation)
            try undoIntrusion()
        }
        if GenerationID(rawValue: head.generation).isAfter(generation) { return nil }
        return (head: head, nextID: nextID)
    }

    /// Head and kernel at one moment.
    func picture(_ request: CheckRequest) throws(Refusal) -> KernelPicture {
        try catchUp()
        do {
            let strays = try StrayTables.objects(
                kernel, store, besides: head.ruleset, of: request, ownership)
            let tables = try head.ruleset.tables(of: request, strays)
            let dump = try settledDump(of: tables + strays)
            return KernelPicture(
                head: head, nextID: nextID, tables: tables, strays: strays, dump: dump)
        } catch {
            throw Refusal(any: error)
        }
    }

    // MARK: Putting right

    /// Compares store and kernel rule by rule, and puts right what differs as the table's policy says: in observed tables the
    /// kernel is right, in others the store.
    func fix(_ request: CheckRequest, peer: Peer) throws(Refusal) -> CheckOutcome {
        let scope = AuditScope(family: request.family ?? 0, table: request.table)
        let audited = AuditedRequest(
            peer: peer, action: "check --fix", scopes: request.table == nil ? [] : [scope],
            message: "")
        do {
            try authorise(peer, .edit)
            makeUndoDue()
            let before = head.version
            let drift = try picture(request).drift()
            var outcome = CheckOutcome(drift: drift)
            guard !drift.changes.isEmpty else { return outcome }
            try fix(drift.changes, request, audited)
            if head.version != before {
                let version = try store.version(head.version)
                outcome.version = VersionMessage(
                    version.description, changeCount: version.changeCount)
            }
            return outcome
        } catch {
            let refusal = Refusal(any: error)
            audit(refusal, audited)
            throw refusal
        }
    }

    private func fix(
        _ drift: [Change], _ request: CheckRequest, _ audited: AuditedRequest
    ) throws {
        if !drift.within(.observed, [head.ruleset]).isEmpty { try readWatched() }
        // With that taken in, what differs still is what the store has to put right.
        let picture = try picture(request)
        let image = try picture.image()
        let rulesets = [head.ruleset, image.ruleset]
        let rest = picture.drift(image)
        let left = rest.filter { change in
            !rest.within(.observed, rulesets).contains { $0.id == change.id }
        }
        guard !left.isEmpty else { return note(audited, .committed) }
        var there = head.ruleset
        try there.apply(rest)
        nextID = max(nextID, image.nextID)
        head.handles.take(image.handles, of: [])
        for change in left { head.handles[change.id] = image.handles[change.id] }
        head.generation = picture.dump.generation.rawValue
        let changes = left.compactMap { Change($0.id, from: there, to: head.ruleset) }
            .inApplicationOrder()
        guard try put(changes, from: there) else {
            throw Refusal(
                EAGAIN, "Another program changed the kernel's rules meanwhile; try again.",
                outcome: .failed)
        }
        // What readers found to be undone is undone by this.
        forgetIntrusion()
        var noted = audited
        noted.scopes = left.scopes(in: rulesets)
        noted.message = "put right: \(ChangeSummary.text(changes, from: there, to: head.ruleset))"
        note(noted, .committed)
    }
}

/// The head and what the kernel has, both of one moment.
struct KernelPicture: Sendable {
    let head: Head
    /// The first of the ids that are not in use.
    let nextID: ObjectID
    /// The tables that are compared.
    let tables: [StoredObject]
    /// Tables of xt2's that no version has.
    let strays: [StoredObject]
    let dump: KernelDump

    init(
        head: Head, nextID: ObjectID, tables: [StoredObject], strays: [StoredObject],
        dump: KernelDump
    ) {
        self.head = head
        self.nextID = nextID
        self.dump = dump
        // A version of the meantime may have taken them away, or over.
        self.tables = tables.filter { head.ruleset.object($0.id) != nil }
        self.strays = strays.filter { head.ruleset.table(family: $0.family, name: $0.name) == nil }
    }

    /// What differs, from the store to the kernel.
    ///
    /// - Throws: ``Refusal`` if nothing does as far as can be told, but a table cannot be read.
    func drift() throws(Refusal) -> RulesetDiff {
        let image = try image()
        let changes = drift(image)
        if changes.isEmpty { try image.refuseUnreadable() }
        return RulesetDiff(changes: changes, old: head.ruleset, new: image.ruleset)
    }

    /// The kernel's side as a ruleset.
    func image() throws(Refusal) -> KernelImage {
        do {
            return try KernelImage(
                dump, tables: tables + strays, wanted: head.ruleset, known: head.handles,
                nextID: nextID)
        } catch {
            throw Refusal(any: error)
        }
    }

    /// What leads from the head to an image.
    func drift(_ image: KernelImage) -> [Change] {
        KernelImage.changes(
            from: head.ruleset, to: image.ruleset, onlyIn: Set((tables + strays).map(\.id)))
    }
}

extension Ruleset {
    /// The tables that a check is about.
    ///
    /// - Throws: ``Refusal`` `ENOENT` if a name was given and neither they nor the strays have it.
    func tables(
        of request: CheckRequest, _ strays: [StoredObject]
    ) throws(Refusal) -> [StoredObject] {
        let tables = tables.filter { request.isAbout(TableName($0)) }
        if let name = request.table, tables.isEmpty, strays.isEmpty {
            guard let family = request.family else {
                throw Refusal(ENOENT, "There is no table \(name).")
            }
            throw Refusal.noTable(TableName(family: family, name: name), in: self)
        }
        return tables
    }
}

extension CheckRequest {
    /// Whether a table is one of those that are asked about.
    func isAbout(_ name: TableName) -> Bool {
        (family == nil || family == name.family) && (table == nil || table == name.name)
    }
}
