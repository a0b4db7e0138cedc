import Glibc
import NetlinkProto
import RuleStore

// Tables that a rollback brings back and that are in the kernel: they were let go, or never were xt2's alone.
extension Committer {
    /// Makes such tables part of the ruleset as they are, by a version of its own, so that the change that brings them back
    /// begins with what is there and nothing of it is lost unseen.
    ///
    /// - Parameter changes: what is to be done to the head.
    /// - Returns: those of the tables that are to be owned and have no owner, or nil if there is nothing in the kernel.
    /// - Throws: ``Refusal`` if a table is to be owned and another program's is in its place, or a process owns it.
    func takeInFound(_ changes: [Change]) throws(Refusal) -> [StoredObject]? {
        let tables = changes.compactMap { change -> StoredObject? in
            // Where the head has a table of that name, that is what the kernel has.
            guard case .add(let table) = change, table.kind == .table,
                head.ruleset.table(family: table.family, name: table.name) == nil
            else { return nil }
            return table
        }
        guard !tables.isEmpty else { return nil }
        do {
            try watch(tables)
            let dump = try settledDump(of: tables)
            let found = tables.filter {
                dump.tables[$0.id] != nil || dump.unreadable[$0.id] != nil
            }
            guard !found.isEmpty else { return nil }
            try refuseStrangers(found, dump)
            var target = head.ruleset
            try target.apply(changes)
            let image = try KernelImage(
                dump, tables: found, wanted: target, known: RuleHandles(), nextID: nextID)
            try image.refuseUnreadable()
            try record(image, dump.generation)
            return found.filter {
                $0.watch == nil && dump.tables[$0.id]?.message.body.flags.contains(.owner) == false
            }
        } catch {
            throw Refusal(any: error)
        }
    }

    private func refuseStrangers(_ found: [StoredObject], _ dump: KernelDump) throws(Refusal) {
        for table in found {
            // In the ruleset it would be in the way of everything that follows, the next start too.
            guard let owner = dump.tables[table.id]?.owner else { continue }
            throw Refusal(
                EPERM,
                "The kernel has a table \(table.title) that is owned by \(owner.title), which alone may change it, and xt2's own cannot be brought back beside it; end that process first."
            )
        }
        for table in found where table.watch == nil && !ownership.isEmpty {
            let flags = dump.tables[table.id]?.message.body.flags ?? []
            guard flags.isDisjoint(with: [.owner, .persist]) else { continue }
            throw Refusal(
                EEXIST,
                "The kernel has a table \(table.title) that another program made, and xt2's own cannot be brought back beside it; delete it first: 'nft delete table \(table.title)'."
            )
        }
    }

    /// Sees to it that from here on every commit in them is heard of.
    private func watch(_ tables: [StoredObject]) throws(Refusal) {
        let watched = tables.filter { $0.watch != nil }.map { TableName($0) }
        guard !watched.isEmpty else { return }
        monitor?.inbox.watched.formUnion(watched)
        try beginListening()
    }

    private func record(_ image: KernelImage, _ generation: GenerationID) throws {
        let changes = Array(image.ruleset.allObjects.map(Change.add)).inApplicationOrder()
        var after = head.ruleset
        try after.apply(changes)
        var handles = head.handles
        handles.take(image.handles, of: image.ruleset.allObjects)
        var intake = ForeignIntake(
            head, graph: graph, nextID: nextID, foreign, bootID: bootID, lacksHandles: lacksHandles)
        try intake.takeAll(
            ForeignAccount(
                changes: changes, before: head.ruleset, after: after, handles: handles,
                nextID: image.nextID, origin: .unknown, time: .now, generation: generation,
                message: ForeignRecord.unwatched))
        // What was found is what the change is planned on, not what came in between.
        let overtaken = foreign.overtaken
        try keep(intake)
        foreign.overtaken = overtaken
    }
}
