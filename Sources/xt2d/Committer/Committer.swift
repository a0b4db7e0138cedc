import Glibc
import Logging
import NIOCore
import NetlinkProto
import RuleStore

/// The single writer: turns requests into versions, one after the other.
///
/// It runs on a thread of its own, because it waits for the disk and for the kernel.
/// Invariants: those of ``CommitMachine``, which says what to do next; this carries it out.
actor Committer {
    nonisolated let unownedExecutor: UnownedSerialExecutor
    private let executor: any SerialExecutor
    nonisolated let eventLoop: any EventLoop

    let store: RuleStore
    let kernel: any Kernel
    let log: Logger
    nonisolated let published: PublishedHead
    /// Edits that wait to be committed, so that those that come together are committed together.
    nonisolated let queue = EditQueue()
    /// What tables get that the daemon owns: OWNER and PERSIST, or nothing on a kernel before 6.9.
    let ownership: TableBody.Flags
    let uuid: [UInt8]
    let bootID: String
    /// Which text each rule was made of.
    nonisolated let texts = RuleTexts()
    /// Who may do what.
    let configuration: LiveConfiguration

    var head: Head
    var graph: ChainGraph
    var nextID: ObjectID
    /// What an earlier commit left open; it is settled before the next.
    var unsettled: Unsettled?
    /// Whether the kernel may hold rules whose handles are not known here.
    var lacksHandles = false
    /// Which denied attempts get an audit entry of their own.
    var denials = RefusalLedger()
    /// The version that the kernel's marker names: the head, or one that only foreign versions follow.
    var marked: VersionID
    /// What other programs did to tables that they may change.
    var foreign = ForeignState()
    /// Hears what other programs do; nil where nobody listens.
    nonisolated let monitor: Monitor?
    /// Who is told of versions.
    nonisolated let feed = VersionFeed()
    nonisolated let status: DaemonStatus
    /// The wait for a confirmation.
    var confirming = ConfirmMachine()
    /// When to look at ``confirming`` again.
    var timer: Scheduled<Void>?
    /// When the store is to write down what it was left.
    var owedTimer: Scheduled<Void>?
    /// Whether more was left to the store since that was set.
    var isInRow = false
    /// Whether a version left much memory free between what stays.
    var hasLeftMemory = false
    /// When to undo again what could not be undone.
    var undoTimer: Scheduled<Void>?

    /// What a commit can leave open.
    enum Unsettled {
        /// The version was refused; it is not removed from the store.
        case remove(CommitRun, Refusal)
        /// Whether the kernel took the version is not known.
        case undecided(CommitRun)
    }

    /// A committer on top of what recovery found.
    init(
        _ start: Recovered, configuration: LiveConfiguration, monitor: Monitor?,
        status: DaemonStatus, eventLoop: any EventLoop, log: Logger
    ) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        executor = eventLoop.executor
        unownedExecutor = executor.asUnownedSerialExecutor()
        store = start.store
        kernel = start.kernel
        self.log = log
        ownership = start.ownership
        uuid = start.store.uuid
        bootID = start.bootID
        head = start.head
        graph = start.graph
        nextID = start.nextID
        published = PublishedHead(start.head, graph: graph, nextID: start.nextID)
        marked = start.marked
        self.monitor = monitor
        self.status = status
        for table in start.lapsed where start.head.ruleset.object(table.id) == nil {
            guard let watch = table.watch else { continue }
            foreign.lapsed[TableName(table)] = LapsedTable(id: table.id, watch: watch)
        }
    }

    /// Begins to listen to other programs, if there are tables that they may change.
    func startListening() throws(Refusal) {
        try listen(to: head.ruleset)
        monitor?.inbox.onArrival { [weak self] in
            guard let self else { return }
            Task { await self.foreignHasCome() }
        }
        monitor?.start()
        foreignHasCome()
    }

    /// Shows the head to everyone.
    func publish() { published.publish(head, graph: graph, nextID: nextID) }

    /// An editor on top of the head.
    func editor() -> RulesetEditor {
        RulesetEditor(head.ruleset, graph: graph, nextID: nextID)
    }

    /// Writes an attempt that came to nothing to the audit log.
    ///
    /// A log that cannot be written does not change the answer.
    func audit(_ refusal: Refusal, _ request: AuditedRequest) {
        if refusal.isDenial && !admitDenial(request) { return }
        let entry = request.entry(
            outcome: AuditOutcome(rawValue: refusal.outcome.rawValue), reason: refusal.message,
            generation: head.generation)
        do {
            _ = try store.appendAudit(entry)
        } catch {
            log.error("the audit log cannot be written", metadata: ["error": "\(error.message)"])
        }
    }
}

/// What the audit log says about a request.
struct AuditedRequest: Sendable {
    var peer: Peer
    var action: String
    var scopes: [AuditScope]
    /// What the author says.
    var message: String
    /// The request itself, kept for attempts that came to nothing.
    var request: [UInt8] = []
    /// The edits that were asked for; their addresses are what an attempt without a version is found by.
    var edits = EditList()
    /// What its author was warned of and wanted all the same.
    var warnings: [String] = []
    var time = Timestamp.now

    /// The entry, with what came of the request.
    func entry(
        outcome: AuditOutcome, version: VersionID? = nil, reason: String = "", generation: UInt32
    ) -> AuditEntry {
        var entry = AuditEntry(
            time: time, author: peer.author, loginUID: peer.loginUID,
            peer: peer.session.origin?.text, action: action,
            outcome: outcome, version: version, generation: generation,
            reason: reason.isEmpty && outcome == .committed
                ? warnings.joined(separator: " ") : reason,
            message: message,
            request: [.refused, .failed].contains(outcome) && !request.isEmpty ? request : nil,
            scopes: scopes)
        if outcome != .committed { entry.addresses = edits.addresses }
        return entry
    }

    /// How much of a request that came to nothing is kept.
    static let requestBytes = 16 << 10
}

extension Refusal {
    /// What a failure of the store means for a client.
    init(_ error: StoreError) {
        let number: Int32 =
            switch error.code {
            case .full: ENOSPC
            case .readOnly: EROFS
            case .noSuchVersion, .noSuchCandidate, .noSuchTag, .pruned: ENOENT
            case .exists: EEXIST
            case .malformed: EINVAL
            case .conflict: ERESTART
            case .limit: E2BIG
            case .closed: ESHUTDOWN
            default: EIO
            }
        let refused = [ENOENT, EEXIST, EINVAL, ERESTART, E2BIG].contains(number)
        self.init(number, error.message.asSentence, outcome: refused ? .refused : .failed)
    }
}

extension String {
    /// The text with a capital and a full stop: layers below name a fault, clients get a sentence.
    var asSentence: String {
        guard let first, let last else { return self }
        return first.uppercased() + dropFirst() + (".!?".contains(last) ? "" : ".")
    }
}
