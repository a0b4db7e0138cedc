import CMalloc
import Logging
import NIOCore
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
            let places = dump.places(in: head.ruleset)
            // The next commit's state of the kernel says that all of them are known.
            try store.recordKernel(
                handles: places.map { (id: $0.0, handle: $0.1.rawValue) },
                kernel: KernelState(bootID: bootID, generation: .none))
            for (id, place) in places { head.handles[id] = place }
            lacksHandles = false
        } catch let error as KernelError {
            throw Refusal(
                error.errno, "The kernel's handles cannot be read: \(error.description).",
                outcome: .failed)
        } catch {
            throw Refusal(any: error)
        }
    }

    private func remove(_ run: CommitRun, _ refusal: Refusal) throws(StoreError) {
        try store.abandon(abandonEntries(run, refusal))
    }

    /// Finds out by the marker what became of a batch whose answer was lost.
    private func decide(_ lost: CommitRun) throws {
        var run = lost
        switch readMarker(&run) {
        case .markerIsNew:
            mark(run)
            adopt(run)
        case .markerIsOld, .overtaken: try remove(run, CommitMachine.lost)
        case .markerIsForeign(let refusal), .markerUnreadable(let refusal): throw refusal
        default: throw CommitMachine.foreignMarker
        }
    }

    // MARK: What nobody waits for

    /// Has the store write down what it was left, once the clients have their answers.
    ///
    /// In a row of edits each does that for the one before on its way, and it is put off until the row ends.
    func writeOwedSoon() {
        guard owedTimer == nil else {
            isInRow = true
            return
        }
        owedTimer = eventLoop.scheduleTask(in: Committer.owedPause) { [weak self] in
            guard let self else { return }
            Task(executorPreference: LoopExecutor(eventLoop)) { await self.writeOwed() }
        }
    }

    /// Long enough for an answer to be written, and for the next edit of a row to come.
    private static let owedPause = TimeAmount.milliseconds(5)

    private func writeOwed() {
        owedTimer = nil
        if isInRow {
            isInRow = false
            store.tidy()
            return writeOwedSoon()
        }
        do {
            try store.writeOwed()
        } catch {
            log.error(
                "a version is live but cannot be marked in the database",
                metadata: ["error": "\(error.message)"])
        }
        giveMemoryBack()
    }

    // MARK: Memory

    /// Has memory given back soon, if versions of so many changes leave much of it free.
    func noteMemory(leftBy versions: some Sequence<[Change]>) {
        let changes = versions.reduce(0) { $0 + $1.count }
        guard changes > Committer.changesOfMuchMemory else { return }
        hasLeftMemory = true
        if owedTimer == nil { writeOwedSoon() }
    }

    private static let changesOfMuchMemory = 10_000

    /// Gives the kernel what is free between what stays, which the allocator keeps; beside the next edit, should there be one.
    ///
    /// - Source: malloc_trim(3).
    private func giveMemoryBack() {
        guard hasLeftMemory else { return }
        hasLeftMemory = false
        _ = SideTask { malloc_trim(0) }
    }
}
