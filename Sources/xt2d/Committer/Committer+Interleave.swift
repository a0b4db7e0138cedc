import Logging
import NetlinkProto
import RuleStore

/// What others did while a client's version was under way, as if they had done it afterwards.
struct Interleaving {
    var intake: ForeignIntake
    /// What the kernel has: the head with what others did.
    var there: Ruleset
    /// The generation that the client's batch is planned on with that.
    var generation: GenerationID

    /// Takes in one more commit; one that is in already is passed over.
    mutating func take(_ commit: KernelCommit) throws {
        let touched = try intake.take(commit)
        let after = intake.intrusion?.there ?? intake.head.ruleset
        // They may have touched what the client's version makes, which is not there.
        try there.apply(touched.compactMap { Change($0.id, from: there, to: after) })
    }

    /// What the kernel has to do for a client's changes and what others did to enforced tables to be as they should.
    func kernelChanges(_ proposal: Proposal) -> [Change]? {
        guard var intrusion = intake.intrusion else { return proposal.changes }
        if intrusion.failure != nil {
            return intrusion.isTouched(by: proposal, head: intake.head.ruleset)
                ? nil : proposal.changes
        }
        intrusion.there = there
        return intrusion.changes(to: intake.head.ruleset, with: proposal.changes)
    }
}

// A client's version and those of others that come at the same time, where neither touches what the other does.
extension Committer {
    /// Plans a batch anew on top of what others did since its version was written, if that has nothing to do with it.
    ///
    /// The version stays as it is on disk, and theirs follow it in the history: the order makes no difference to what comes of
    /// both. Why it is not written again behind theirs: they would be faster again while the disk flushes, time after time.
    /// Of versions that were sent together each is tried alone first.
    /// - Returns: false if what they did has to be taken in first.
    func interleave(_ run: inout CommitRun, upTo generation: GenerationID) -> Bool {
        let proposal = run.last.proposal
        guard !run.isShared, !foreign.mustRead, proposal.there == nil, proposal.adopting.isEmpty
        else { return false }
        do {
            var theirs = try run.interleaved ?? interleaving(behind: run)
            // Else each change to it would copy it.
            run.interleaved = nil
            for commit in foreign.backlog.commits { try theirs.take(commit) }
            guard proposal.changes.allSatisfy({ theirs.intake.overtaken?[$0.id] == nil }),
                let changes = theirs.kernelChanges(proposal)
            else { return false }
            run.batch = try Layout.batch(
                from: theirs.there, to: theirs.intake.head.ruleset, changes: changes,
                handles: theirs.intake.head.handles, graph: proposal.graph,
                counters: proposal.counters,
                plan: batchPlan(run.last.version.id))
            theirs.generation =
                theirs.intake.generation.isAfter(generation)
                ? theirs.intake.generation : generation
            run.interleaved = theirs
            return true
        } catch {
            log.debug("a change is planned again from the start", metadata: ["why": "\(error)"])
            return false
        }
    }

    /// Whether a batch has nothing to do with whatever others can do.
    ///
    /// It is sent on the latest generation, and only afterwards is heard what they did. Who commits without a pause would be
    /// faster than the hearing, time after time.
    func concernsNobody(_ run: CommitRun) -> Bool {
        if run.regardless != nil { return true }
        return foreign.isListening && !ownership.isEmpty && foreign.intrusion == nil
            && !foreign.mustRead && run.interleaved == nil
            && run.parts.allSatisfy(\.proposal.isOwn)
    }

    /// Takes in what others did before the kernel took a batch that was sent regardless.
    ///
    /// Their versions follow; if these are many, the client gets its answer first.
    func catchUp(_ run: inout CommitRun) {
        let limit = run.batch.generation
        if !hear(upTo: limit) { foreign.noteLoss() }
        collect()
        guard !foreign.mustRead else { return }
        let commits = foreign.backlog.commits.prefix { !$0.generation.isAfter(limit) }
        run.hasMoreBefore = commits.count > Committer.commitsAtOnce
        guard !run.hasMoreBefore else { return }
        do {
            var theirs = try interleaving(behind: run)
            for commit in commits { try theirs.intake.take(commit) }
            run.interleaved = theirs
        } catch {
            log.notice("the watched tables are read again", metadata: ["why": "\(error)"])
            foreign.noteLoss()
        }
    }

    private func interleaving(behind run: CommitRun) throws(RulesetError) -> Interleaving {
        var behind = head
        behind.version = run.last.version.id
        behind.ruleset = run.last.proposal.ruleset
        var state = foreign
        state.overtaken = [:]
        let there = state.intrusion?.there ?? head.ruleset
        // As if they did more behind the version.
        try state.intrusion?.there.apply(run.last.proposal.changes)
        return Interleaving(
            intake: ForeignIntake(
                behind, graph: run.last.proposal.graph, nextID: nextID, state, bootID: bootID,
                lacksHandles: lacksHandles),
            there: there, generation: GenerationID(rawValue: head.generation))
    }

    /// Goes on from a version that has just become the head to those of others that came with it.
    func keep(interleaved intake: ForeignIntake, behind run: CommitRun) {
        let generation = run.generation
        nextID = max(nextID, intake.nextID)
        foreign.backlog.removeAll(upTo: generation)
        var versions = intake.versions
        guard let last = versions.indices.last else { return }
        versions[last].kernel = kernelState(run)
        do throws(StoreError) {
            try store.record(versions)
        } catch {
            log.error(
                "what other programs did is not written down yet",
                metadata: ["error": "\(error.message)"])
            return foreign.noteLoss()
        }
        head.version = intake.head.version
        head.ruleset = intake.head.ruleset
        head.handles.take(versions.flatMap(\.handles))
        graph = intake.graph
        foreign.lapsed = intake.lapsed
        for version in versions { texts.follow(version.changes, texts: [:], uid: 0) }
        publish()
        noteMemory(leftBy: versions.lazy.map(\.changes))
        for version in versions { tell(version) }
    }
}
