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
    private let historicListings = Atomic<Int>(0)

    /// Clients at a time; more are told to try again.
    static let clientLimit = 256
    /// Up to how many clients those who may only look are let in.
    static let readerLimit = 192
    /// Listings of older versions at a time: each holds a whole ruleset.
    private static let historicListingLimit = 8

    init(notices: [String]) {
        self.notices = notices
    }

    /// Counts a client in; false, and not counted, if there are as many as allowed.
    ///
    /// Clients who may only look leave places for those who may write, so that they cannot lock them out.
    func admit(_ peer: Peer) -> Bool {
        let limit = peer.mayWrite ? DaemonStatus.clientLimit : DaemonStatus.readerLimit
        return DaemonStatus.admit(clients, limit: limit)
    }

    /// Counts a client out.
    func releaseClient() {
        clients.subtract(1, ordering: .relaxed)
    }

    /// Counts a listing of an older version in; false, and not counted, if there are as many as allowed.
    func admitHistoricListing() -> Bool {
        DaemonStatus.admit(historicListings, limit: DaemonStatus.historicListingLimit)
    }

    /// Counts a listing of an older version out.
    func releaseHistoricListing() {
        historicListings.subtract(1, ordering: .relaxed)
    }

    private static func admit(_ counter: borrowing Atomic<Int>, limit: Int) -> Bool {
        if counter.add(1, ordering: .relaxed).newValue <= limit { return true }
        counter.subtract(1, ordering: .relaxed)
        return false
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
