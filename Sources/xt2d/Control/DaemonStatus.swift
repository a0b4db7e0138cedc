import NetlinkProto
import RuleStore
import Synchronization

/// What the daemon can tell about itself.
final class DaemonStatus: Sendable {
    /// The release; also what `xt2d --version` prints.
    static let release = "0.1.0"

    private let started = Timestamp.now
    private let notices: [String]
    private let clients = Atomic<Int>(0)

    init(notices: [String]) {
        self.notices = notices
    }

    /// Counts a client in; false, and not counted, if there are as many as allowed.
    func admitClient(limit: Int) -> Bool {
        let count = clients.add(1, ordering: .relaxed).newValue
        if count <= limit { return true }
        releaseClient()
        return false
    }

    /// Counts a client out.
    func releaseClient() {
        clients.subtract(1, ordering: .relaxed)
    }

    /// The answer to `get-status`.
    func message(_ head: Head, store: RuleStore, candidates: Int) -> StatusMessage {
        let tables = Array(head.ruleset.tables)
        let chains = tables.map { head.ruleset.children(of: $0.id, kind: .chain).count }.reduce(
            0, +)
        return StatusMessage(
            daemonVersion: DaemonStatus.release, uuid: store.uuid, head: head.version.rawValue,
            generation: head.generation, database: store.path,
            started: UInt64(clamping: started.rawValue), tables: UInt32(clamping: tables.count),
            chains: UInt32(clamping: chains),
            rules: UInt64(clamping: head.ruleset.count - tables.count - chains),
            candidates: UInt32(clamping: candidates),
            clients: UInt32(clamping: clients.load(ordering: .relaxed)), notice: notices)
    }
}
