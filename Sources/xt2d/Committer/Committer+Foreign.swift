import Glibc
import Logging
import NetlinkProto
import RuleStore

// What other programs do to tables that they may change: recorded as versions of their own, or undone.
extension Committer {
    // MARK: Listening

    /// Sees to it that the kernel tells of what others do to the watched tables of the head and of a ruleset that is to follow.
    ///
    /// Called before such a table becomes part of the head, so that nothing is missed in between.
    func listen(to ruleset: Ruleset) throws(Refusal) {
        guard let monitor else { return }
        let tables = head.ruleset.watchedTables + ruleset.watchedTables
        monitor.inbox.watched = Set(tables.map { TableName($0) } + foreign.lapsed.keys)
        if !tables.isEmpty || !foreign.lapsed.isEmpty { try beginListening() }
    }

    /// Has the kernel tell of commits from now on.
    func beginListening() throws(Refusal) {
        guard let monitor, !foreign.isListening else { return }
        do {
            try monitor.join()
            foreign.isListening = true
            // Whatever came before this is not told any more.
            let generation = try kernel.generation()
            monitor.inbox.begin(
                at: generation, isComplete: generation.rawValue == head.generation)
        } catch {
            throw Refusal(
                error.errno, "The kernel's events cannot be listened to: \(error.description).",
                outcome: .failed)
        }
    }

    /// Limits what is kept of the kernel's events to the tables of the head, and those that may come back.
    func watchHead() {
        let tables = head.ruleset.watchedTables
        for table in tables { foreign.lapsed[TableName(table)] = nil }
        monitor?.inbox.watched = Set(tables.map { TableName($0) } + foreign.lapsed.keys)
    }

    /// The inbox calls: something has come.
    func foreignHasCome() {
        do {
            try settle()
            try takeInForeign(atMost: Committer.commitsAtOnce)
            // Clients come in between.
            if !foreign.backlog.isEmpty { Task { foreignHasCome() } }
        } catch {
            log.error(
                "what other programs did is not taken in yet", metadata: ["why": "\(error.message)"]
            )
        }
    }

    // MARK: Before and after a client's change

    /// Plans and commits a client's change on top of all that others have done; again, if they do more meanwhile.
    ///
    /// - Throws: ``Refusal``: ERESTART if others touched what the change is about.
    func onTopOfForeign<Result>(_ body: () throws -> Result) throws(Refusal) -> Result {
        try settle()
        // What is behind that is in nobody's way who changes xt2's own tables.
        try takeInForeign(atMost: Committer.commitsAtOnce)
        foreign.overtaken = [:]
        defer { foreign.overtaken = nil }
        for _ in 0..<CommitMachine.replanLimit {
            do {
                return try body()
            } catch {
                let refusal = Refusal(any: error)
                guard refusal.isOvertaken else { throw explained(refusal) }
                try takeInForeign()
            }
        }
        throw Refusal(
            EAGAIN, "Other programs change the watched tables without a pause; try again.",
            outcome: .failed)
    }

    /// A change that was in order before others did something: what they did is in its way.
    private func explained(_ refusal: Refusal) -> Refusal {
        guard !refusal.isConflict, refusal.outcome == .refused,
            let other = foreign.overtaken?.values.max(by: { $0.id < $1.id })
        else { return refusal }
        var conflict = refusal.adding(
            "Meanwhile \(ForeignProcess(other.author).title) changed the ruleset: version \(other.id)."
        )
        conflict.errno = ERESTART
        return conflict
    }

    /// Refuses a change of what others have changed since it was planned first.
    func refuseConflicts(_ proposal: Proposal) throws(Refusal) {
        guard let overtaken = foreign.overtaken, !overtaken.isEmpty else { return }
        let conflicts = proposal.changes.compactMap { change -> String? in
            guard let version = overtaken[change.id] else { return nil }
            let title = change.object.title(among: [proposal.ruleset, head.ruleset])
            return
                "\(title) was changed by \(ForeignProcess(version.author).title) in version \(version.id)"
        }
        guard !conflicts.isEmpty else { return }
        var refusal = Refusal(
            ERESTART,
            "A conflict with what another program did meanwhile: "
                + conflicts.prefix(Committer.namedConflicts).joined(separator: "; ")
                + ". Look at the difference and try again.")
        refusal.isConflict = true
        throw refusal
    }

    private static let namedConflicts = 16

    /// Whether others did something to watched tables up to a generation; nothing is taken in.
    func isOvertaken(upTo generation: GenerationID) -> Bool {
        guard foreign.isListening else { return false }
        if !hear(upTo: generation) { foreign.noteLoss() }
        collect()
        return foreign.mustRead || !foreign.backlog.isEmpty
    }

    // MARK: Taking in

    /// Waits until the kernel has told of everything up to a generation.
    ///
    /// - Returns: false if it has not; it is not waited for again.
    func hear(upTo generation: GenerationID) -> Bool {
        guard let inbox = monitor?.inbox, !inbox.wait(for: generation) else { return true }
        log.warning(
            "the kernel has not told of a commit in time",
            metadata: ["generation": "\(generation.rawValue)"])
        inbox.begin(at: generation, isComplete: true)
        return false
    }

    /// Moves what has come to the backlog.
    func collect() {
        guard let content = monitor?.inbox.take() else { return }
        if content.isIncomplete { foreign.noteLoss() }
        let seen = GenerationID(rawValue: head.generation)
        foreign.backlog.append(content.commits.lazy.filter { $0.generation.isAfter(seen) })
        // They cannot be written down; what they come to can still be read.
        guard foreign.backlog.isTooLarge else { return }
        foreign.backlog = Backlog()
        foreign.noteLoss()
    }

    /// Takes in what others have done until now, or the first commits of that, and undoes what is to be undone.
    ///
    /// What they do meanwhile is left for the next time: who calls this gets on, however busy they are.
    /// - Throws: ``Refusal`` if it cannot be written down or read now; it is tried again later.
    func takeInForeign(atMost count: Int = .max) throws(Refusal) {
        guard foreign.isListening, unsettled == nil else { return }
        collect()
        try takeInHeard(upTo: foreign.backlog.commits.prefix(count).last?.generation)
        try undoIntrusion()
    }

    /// Takes in what was heard of, up to a generation; where that is not enough, the watched tables are read.
    func takeInHeard(upTo limit: GenerationID?) throws(Refusal) {
        for _ in 0..<Committer.readingLimit {
            while !foreign.mustRead, foreign.hasCommits(upTo: limit) { try takeInBacklog(limit) }
            guard foreign.mustRead else { return }
            try readWatched()
        }
        guard foreign.mustRead || foreign.hasCommits(upTo: limit) else { return }
        throw Refusal(
            EAGAIN,
            "Other programs change the watched tables faster than xt2d can read them; try again.",
            outcome: .failed)
    }

    /// How often the watched tables are read because more was missed while they were read.
    private static let readingLimit = 16

    /// Takes in commits that were heard of, many at a time.
    private func takeInBacklog(_ limit: GenerationID?) throws(Refusal) {
        var intake = ForeignIntake(
            head, graph: graph, nextID: nextID, foreign, bootID: bootID, lacksHandles: lacksHandles)
        var count = 0
        let commits = foreign.backlog.commits.prefix { !($0.isAfter(limit)) }
        for commit in commits.prefix(Committer.commitsAtOnce) {
            do {
                try intake.take(commit)
            } catch {
                log.notice(
                    "the watched tables are read again", metadata: ["why": "\(error.message)"])
                foreign.mustRead = true
                break
            }
            count += 1
        }
        try keep(intake)
        foreign.backlog.removeFirst(count)
    }

    /// Commits of others that are written to the store in one transaction.
    static let commitsAtOnce = 256

    /// Writes down what was taken in, and goes over to it.
    func keep(_ intake: ForeignIntake) throws(Refusal) {
        do {
            if !intake.versions.isEmpty { try store.record(intake.versions) }
        } catch {
            throw Refusal(error)
        }
        head = intake.head
        graph = intake.graph
        nextID = intake.nextID
        foreign.lapsed = intake.lapsed
        foreign.overtaken = intake.overtaken
        foreign.intrusion = intake.intrusion
        for version in intake.versions { texts.follow(version.changes, texts: [:], uid: 0) }
        publish()
        noteMemory(leftBy: intake.versions.lazy.map(\.changes))
        for version in intake.versions { tell(version) }
    }

    /// Says that there is a version of somebody else's.
    func tell(_ version: LiveVersion) {
        feed.publish(VersionMessage(version.description, changeCount: version.changes.count))
        log.info(
            "another program changed observed tables",
            metadata: [
                "version": "\(version.description.id)",
                "process": "\(version.description.author.process.plain)",
                "pid": "\(version.description.author.pid)",
            ])
    }
}

extension ForeignProcess {
    /// The process behind a foreign version.
    init(_ author: Author) {
        self.init(
            pid: author.pid, name: author.process,
            uid: author.uid == ForeignProcess.unknownID ? nil : author.uid,
            gid: author.gid == ForeignProcess.unknownID ? nil : author.gid)
    }
}
