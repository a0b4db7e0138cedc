import NetlinkProto
import RuleStore

/// What somebody else did, worked out.
struct ForeignAccount {
    let changes: [Change]
    /// What the kernel had.
    let before: Ruleset
    /// What the kernel has.
    let after: Ruleset
    /// Where rules and chains live now.
    let handles: RuleHandles
    /// Greater than all ids in use.
    let nextID: ObjectID
    let origin: ForeignProcess
    let time: Timestamp
    /// The kernel's generation with the changes in it.
    let generation: GenerationID
    /// What the kernel told; it is kept with an attempt that is undone.
    var request: [UInt8] = []
    /// Words on it for the history.
    var message = ""
}

/// Takes in what other programs did, commit by commit: in observed tables it becomes versions, in enforced ones an intrusion
/// that has to be undone.
///
/// Pure: no I/O. A value: what comes out counts once the versions are on disk; thrown away, nothing has happened.
struct ForeignIntake {
    private(set) var head: Head
    private(set) var graph: ChainGraph
    private(set) var nextID: ObjectID
    private(set) var lapsed: [TableName: LapsedTable]
    private(set) var overtaken: [ObjectID: NewVersion]?
    private(set) var intrusion: Intrusion?
    /// The versions that were made, the oldest first.
    private(set) var versions: [LiveVersion] = []
    private let bootID: String
    /// Whether the kernel has what the head does not say.
    private var isIntruded = false
    /// Whether the head's handles are not all known.
    private let lacksHandles: Bool

    /// The kernel's generation with all of it.
    var generation: GenerationID { GenerationID(rawValue: head.generation) }

    init(
        _ head: Head, graph: ChainGraph, nextID: ObjectID, _ foreign: ForeignState, bootID: String,
        lacksHandles: Bool
    ) {
        self.head = head
        self.graph = graph
        self.nextID = nextID
        lapsed = foreign.lapsed
        overtaken = foreign.overtaken
        intrusion = foreign.intrusion
        isIntruded = foreign.intrusion != nil
        self.bootID = bootID
        self.lacksHandles = lacksHandles
    }

    /// Takes in one commit; one that the head has already is passed over.
    ///
    /// - Returns: what was done to observed and enforced tables.
    /// - Throws: ``ForeignEditor/Mismatch`` if it does not fit: the tables have to be read. Nothing has changed then.
    @discardableResult
    mutating func take(_ commit: KernelCommit) throws(ForeignEditor.Mismatch) -> [Change] {
        guard commit.generation.isAfter(GenerationID(rawValue: head.generation)) else { return [] }
        let there = intrusion?.there ?? head.ruleset
        var editor = ForeignEditor(there, handles: head.handles, nextID: nextID, lapsed: lapsed)
        try editor.apply(commit.messages)
        let account = ForeignAccount(
            changes: editor.changes, before: there, after: editor.ruleset, handles: editor.handles,
            nextID: editor.nextID, origin: commit.origin, time: commit.time,
            generation: commit.generation,
            request: Array(commit.messages.joined().prefix(AuditedRequest.requestBytes)))
        do {
            try take(account)
        } catch {
            throw ForeignEditor.Mismatch(message: error.message)
        }
        return account.changes
    }

    /// Takes in what was worked out already.
    ///
    /// - Throws: ``RulesetError`` if it does not fit the head; nothing has changed then.
    mutating func take(_ account: ForeignAccount) throws(RulesetError) {
        let rulesets = [account.before, account.after]
        let enforced = account.changes.within(.enforced, rulesets)
        isIntruded = intrusion != nil || !enforced.isEmpty
        try record(account.changes.within(.observed, rulesets), account)
        note(enforced, account)
    }

    /// Takes in all of it as a version, whatever the tables' policies are.
    ///
    /// - Throws: ``RulesetError`` if it does not fit the head; nothing has changed then.
    mutating func takeAll(_ account: ForeignAccount) throws(RulesetError) {
        try record(account.changes, account)
    }

    private mutating func record(
        _ changes: [Change], _ account: ForeignAccount
    ) throws(RulesetError) {
        var ruleset = head.ruleset
        try ruleset.apply(changes)
        nextID = max(nextID, account.nextID)
        if !changes.isEmpty { goOver(to: ruleset, changes, account) }
        head.handles = account.handles
        head.generation = account.generation.rawValue
    }

    /// Makes what was done to observed tables a version.
    private mutating func goOver(
        to ruleset: Ruleset, _ changes: [Change], _ account: ForeignAccount
    ) {
        let version = NewVersion(
            id: head.version.next, time: account.time, author: account.origin.author,
            message: account.message, kind: .foreign,
            summary: ChangeSummary.text(changes, from: account.before, to: account.after))
        var audited = AuditedRequest(
            peer: .foreign(account.origin), action: ForeignRecord.action,
            scopes: changes.scopes(in: [account.before, account.after]), message: account.message)
        audited.time = account.time
        var entry = audited.entry(
            outcome: .committed, version: version.id, generation: account.generation.rawValue)
        entry.addresses = changes.addresses
        versions.append(
            LiveVersion(
                version, changes: changes, nextObjectID: nextID, audit: entry,
                handles: account.handles.rows(of: changes),
                kernel: kernelState(account.generation)))
        for change in changes {
            graph.apply(change, from: head.ruleset, to: ruleset)
            overtaken?[change.id] = version
            watch(change)
        }
        head.version = version.id
        head.ruleset = ruleset
    }

    /// What the store keeps of the kernel; while something is not undone, or not known, what makes the next start look at the tables.
    private func kernelState(_ generation: GenerationID) -> KernelState {
        KernelState(bootID: bootID, generation: isIntruded || lacksHandles ? .none : generation)
    }

    /// Keeps in mind how a table was watched that others have deleted.
    private mutating func watch(_ change: Change) {
        if case .delete(let table) = change, let watch = table.watch {
            lapsed[TableName(table)] = LapsedTable(id: table.id, watch: watch)
        } else if change.object.kind == .table {
            lapsed[TableName(change.object)] = nil
        }
    }

    /// Notes what was done to enforced tables, and what the kernel has until it is undone.
    private mutating func note(_ enforced: [Change], _ account: ForeignAccount) {
        guard !enforced.isEmpty || intrusion != nil else { return }
        var noted = intrusion ?? Intrusion(there: account.after)
        // Else each change to it would copy it.
        intrusion = nil
        noted.there = account.after
        if !enforced.isEmpty {
            noted.add(
                Intrusion.Attempt(
                    origin: account.origin, time: account.time, generation: account.generation,
                    changes: enforced,
                    scopes: enforced.scopes(in: [account.before, account.after]),
                    request: account.request))
        }
        intrusion = noted
    }
}
