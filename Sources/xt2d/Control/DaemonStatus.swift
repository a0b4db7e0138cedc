import NetlinkProto
import RuleStore
import Synchronization

/// What the daemon can tell about itself.
final class DaemonStatus: Sendable {
    /// The release; also what `xt2d --version` prints.
    static let release = "0.1.0"

    private let started = Timestamp.now
    private let notices: [String]
    private let places: ClientPlaces
    private let configuration: LiveConfiguration
    private let historicListings = Atomic<Int>(0)

    /// Listings of older versions at a time: each holds a whole ruleset.
    private static let historicListingLimit = 8

    init(notices: [String], places: ClientPlaces, configuration: LiveConfiguration) {
        self.notices = notices
        self.places = places
        self.configuration = configuration
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
            clients: UInt32(clamping: places.count), notice: notices + configuration.notices)
    }
}
