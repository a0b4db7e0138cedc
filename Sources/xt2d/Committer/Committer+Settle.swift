import RuleStore

extension Committer {
    /// Ends what an earlier commit left open.
    ///
    /// - Throws: ``Refusal`` if it still cannot be ended; nothing may be committed then.
    func settle() throws(Refusal) {
        if lacksHandles { try readAllHandles() }
        do {
            switch unsettled {
            case nil: return
            case .mark(let run): try markAsHead(run)
            case .remove(let run, let refusal): try remove(run, refusal)
            case .undecided(let run): try decide(run)
            }
            unsettled = nil
        } catch {
            throw Refusal(any: error)
        }
    }

    private func readAllHandles() throws(Refusal) {
        do {
            let dump = try KernelDump.read(kernel, tables: Array(head.ruleset.tables))
            for (id, handle) in dump.handles(in: head.ruleset) { head.handles[id] = handle }
            lacksHandles = false
        } catch {
            throw Refusal(
                error.errno, "The kernel's handles cannot be read: \(error.description).",
                outcome: .failed)
        }
    }

    private func markAsHead(_ run: CommitRun) throws(StoreError) {
        try store.commit(
            run.last.version.id, handles: run.handleChanges, kernel: kernelState(run))
    }

    private func remove(_ run: CommitRun, _ refusal: Refusal) throws(StoreError) {
        try store.abandon(abandonEntries(run, refusal))
    }

    /// Finds out by the marker what became of a batch whose answer was lost.
    private func decide(_ lost: CommitRun) throws {
        var run = lost
        switch readMarker(&run) {
        case .markerIsNew:
            try markAsHead(run)
            adopt(run)
        case .markerIsOld, .overtaken: try remove(run, CommitMachine.lost)
        case .markerIsForeign(let refusal), .markerUnreadable(let refusal): throw refusal
        default: throw CommitMachine.foreignMarker
        }
    }
}
