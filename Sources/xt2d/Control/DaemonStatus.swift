import NetlinkProto
import RuleStore
import Synchronization

/// What the daemon can tell about itself.
final class DaemonStatus: Sendable {
    /// The release; also what `xt2d --version` prints.
    static let release = "0.1.0"

    private let started = Timestamp.now
    private let notices: Mutex<[String]>
    private let places: ClientPlaces
    private let configuration: LiveConfiguration
    private let historicListings = Atomic<Int>(0)

    /// Listings of older versions at a time: each holds a whole ruleset.
    private static let historicListingLimit = 8

    init(notices: [String], places: ClientPlaces, configuration: LiveConfiguration) {
        self.notices = Mutex(notices)
        self.places = places
        self.configuration = configuration
    }

    /// Notices that are kept at most; the oldest go first.
    private static let noticeLimit = 32

    /// Adds something that an administrator should know.
    func add(notice: String) {
        notices.withLock { notices in
            if notices.contains(notice) { return }
            if notices.count == DaemonStatus.noticeLimit { notices.removeFirst() }
            notices.append(notice)
        }
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

    /// Whole seconds, rounded up, until a version is taken back.
    private static func secondsLeft(_ confirmation: Confirmation) -> UInt32 {
        let bootID = SmallFile.read("/proc/sys/kernel/random/boot_id") ?? "unknown"
        let left = confirmation.remainingMicroseconds(at: ClockReading(now: bootID))
        return UInt32(clamping: (left + 999_999) / 1_000_000)
    }

    private static func overdue(_ head: Head) -> [String] {
        guard let waiting = head.unconfirmed, let reason = head.overdueReason else { return [] }
        return [
            "Version \(waiting.version) was not confirmed in time and cannot be taken back, which is tried again at least every \(ConfirmMachine.longestPauseSeconds) s: \(reason)"
        ]
    }

    /// The answer to `get-status`.
    func message(_ head: Head, store: RuleStore, candidates: Int) -> StatusMessage {
        let tables = Array(head.ruleset.tables)
        let chains = tables.flatMap { head.ruleset.children(of: $0.id, kind: .chain) }
        let rules = chains.reduce(0) { $0 + head.ruleset.ruleCount(of: $1.id) }
        return StatusMessage(
            daemonVersion: DaemonStatus.release, uuid: store.uuid, head: head.version.rawValue,
            generation: head.generation, database: store.path,
            started: UInt64(clamping: started.rawValue), tables: UInt32(clamping: tables.count),
            chains: UInt32(clamping: chains.count),
            rules: UInt64(clamping: rules),
            candidates: UInt32(clamping: candidates),
            clients: UInt32(clamping: places.count),
            notice: notices.withLock { $0 } + configuration.notices + DaemonStatus.overdue(head)
                + [head.notUndone].compactMap { $0 },
            unconfirmed: head.unconfirmed?.version.rawValue,
            remaining: head.unconfirmed.map { DaemonStatus.secondsLeft($0) },
            fallback: head.unconfirmed?.fallback.rawValue)
    }
}
