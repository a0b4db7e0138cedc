import Glibc
import NetlinkProto
import RuleStore

// Where events were lost or do not fit, the watched tables are read.
extension Committer {
    /// Reads the watched tables, and takes in what differs from what is known.
    func readWatched() throws(Refusal) {
        // What is missed from here on sets it again.
        foreign.mustRead = false
        do {
            let tables = watchedAndLapsed()
            let dump = try KernelDump.read(kernel, tables: tables)
            let image = try KernelImage(
                dump, tables: tables, wanted: foreign.intrusion?.there ?? head.ruleset,
                known: head.handles, nextID: nextID)
            note(unreadable: image)
            if foreign.hasLost {
                // What was lost is not told any more.
                monitor?.inbox.begin(at: dump.generation, isComplete: true)
            } else if !hear(upTo: dump.generation) {
                foreign.hasLost = true
            }
            collect()
            try takeIn(image, of: tables, dump.generation)
            foreign.backlog.removeAll(upTo: dump.generation)
            foreign.hasLost = foreign.mustRead
        } catch {
            foreign.mustRead = true
            throw Refusal(any: error)
        }
    }

    private func takeIn(
        _ image: KernelImage, of tables: [StoredObject], _ generation: GenerationID
    ) throws {
        // What is known to be different already, and not undone yet, is not news.
        let before = foreign.intrusion?.there ?? head.ruleset
        let changes = KernelImage.changes(
            from: before, to: image.ruleset, onlyIn: Set(tables.map(\.id)))
        var after = before
        try after.apply(changes)
        var handles = head.handles
        handles.take(image.handles, of: after.allObjects)
        let (origin, message) = blame(upTo: generation)
        var intake = ForeignIntake(
            head, graph: graph, nextID: nextID, foreign, bootID: bootID, lacksHandles: lacksHandles)
        try intake.take(
            ForeignAccount(
                changes: changes, before: before, after: after, handles: handles,
                nextID: image.nextID, origin: origin, time: .now, generation: generation,
                message: message))
        try keep(intake)
    }

    /// Reads tables, and takes in what others did up to then and nothing more: head and dump are of the same moment.
    func settledDump(of tables: [StoredObject]) throws -> KernelDump {
        for attempt in 0..<CommitMachine.replanLimit {
            let dump = try KernelDump.read(kernel, tables: tables)
            guard foreign.isListening else { return dump }
            if !hear(upTo: dump.generation) { foreign.noteLoss() }
            collect()
            try takeInHeard(upTo: dump.generation)
            // Who comes again each time is seen in the dump.
            if attempt < Committer.undoLimit { try undoIntrusion() }
            // What was put back since, or read anew, is not in the dump.
            if !GenerationID(rawValue: head.generation).isAfter(dump.generation) { return dump }
        }
        throw Refusal(
            EAGAIN, "Other programs change the kernel's rules without a pause; try again.",
            outcome: .failed)
    }

    /// The tables of the head that are watched, and those that others have deleted.
    private func watchedAndLapsed() -> [StoredObject] {
        head.ruleset.watchedTables
            + foreign.lapsed.compactMap { name, table -> StoredObject? in
                guard head.ruleset.object(table.id) == nil,
                    head.ruleset.table(family: name.family, name: name.name) == nil
                else { return nil }
                let body = try? TableBody(watch: table.watch).encoded()
                return body.map {
                    StoredObject(
                        id: table.id, kind: .table, family: name.family, name: name.name, body: $0)
                }
            }
    }

    /// Who is behind a difference, as far as it is known: everyone who committed since, if nothing was missed.
    private func blame(upTo generation: GenerationID) -> (ForeignProcess, String) {
        var origins: [ForeignProcess] = []
        for commit in foreign.backlog.commits where !commit.generation.isAfter(generation) {
            if !origins.contains(commit.origin) { origins.append(commit.origin) }
        }
        guard let last = origins.last else { return (.unknown, ForeignRecord.unwatched) }
        if origins.count == 1 && !foreign.hasLost { return (last, "") }
        let names = origins.map(\.title).joined(separator: ", ")
        return (.unknown, "\(ForeignRecord.unwatched); seen: \(names)")
    }
}
