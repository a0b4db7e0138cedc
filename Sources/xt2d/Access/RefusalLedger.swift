import RuleStore

/// Decides which refused attempts get an audit entry of their own, so that a client that is always refused cannot fill the disk.
///
/// Each user has a token bucket: ``burst`` entries at once, then one in ``secondsPerEntry``. Attempts beyond that are counted, by what was
/// tried, and become one entry that says how many there were. A value without I/O: the caller says what time it is.
struct RefusalLedger {
    /// Entries that a user may cause at once.
    static let burst = 20
    /// How long it takes until a user may cause one more.
    static let secondsPerEntry: Int64 = 10
    /// Users that are told apart; all others share one bucket.
    static let userLimit = 256
    /// Who the shared bucket belongs to: no user has this number.
    static let others = UInt32.max

    fileprivate struct Bucket {
        var tokens: Int
        var filledAt: Timestamp
        var untold: Untold?
    }

    /// Attempts that have no entry of their own.
    struct Untold: Equatable {
        /// Whose attempts.
        var uid: UInt32
        /// When the first was.
        var since: Timestamp
        /// When the last was.
        var until: Timestamp
        /// How many there were, by action.
        var counts: [String: Int] = [:]

        /// How many there were.
        var count: Int { counts.values.reduce(0, +) }

        /// What the entry says about them.
        var sentence: String {
            let parts = counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
            let who = uid == RefusalLedger.others ? "other users" : "user \(uid)"
            let attempts = count == 1 ? "1 more attempt" : "\(count) more attempts"
            let seconds = (until.rawValue - since.rawValue) / 1_000_000
            return
                "\(attempts) of \(who) within \(seconds) s had no right either: \(parts.joined(separator: ", "))."
        }
    }

    private var buckets: [UInt32: Bucket] = [:]

    /// Takes note of an attempt.
    ///
    /// - Returns: whether it gets an entry of its own.
    mutating func admit(_ uid: UInt32, _ action: String, at now: Timestamp) -> Bool {
        let key = key(for: uid, at: now)
        var bucket = buckets[key] ?? Bucket(tokens: RefusalLedger.burst, filledAt: now)
        bucket.fill(at: now)
        defer { buckets[key] = bucket }
        if bucket.tokens > 0 {
            bucket.tokens -= 1
            return true
        }
        var untold = bucket.untold ?? Untold(uid: key, since: now, until: now)
        untold.until = max(untold.until, now)
        untold.counts[action, default: 0] += 1
        bucket.untold = untold
        return false
    }

    /// The attempts that are to be told now: those of users whose bucket has room again; all of them at the `end`.
    mutating func takeUntold(at now: Timestamp, end: Bool = false) -> [Untold] {
        var taken: [Untold] = []
        for key in buckets.keys.sorted() {
            guard var bucket = buckets[key], let untold = bucket.untold else { continue }
            bucket.fill(at: now)
            guard end || bucket.tokens > 0 else { continue }
            bucket.tokens = max(bucket.tokens - 1, 0)
            bucket.untold = nil
            buckets[key] = bucket
            taken.append(untold)
        }
        return taken
    }

    private mutating func key(for uid: UInt32, at now: Timestamp) -> UInt32 {
        if buckets[uid] != nil || buckets.count < RefusalLedger.userLimit { return uid }
        for (key, var bucket) in buckets {
            bucket.fill(at: now)
            if bucket.untold == nil && bucket.tokens == RefusalLedger.burst { buckets[key] = nil }
        }
        return buckets.count < RefusalLedger.userLimit ? uid : RefusalLedger.others
    }
}

extension RefusalLedger.Bucket {
    /// Adds what has accrued; a clock that was set back adds nothing.
    fileprivate mutating func fill(at now: Timestamp) {
        let step = RefusalLedger.secondsPerEntry * 1_000_000
        if now.rawValue < filledAt.rawValue { filledAt = now }
        let accrued = (now.rawValue - filledAt.rawValue) / step
        guard accrued > 0 else { return }
        tokens = Int(min(Int64(RefusalLedger.burst), Int64(tokens) + accrued))
        filledAt = Timestamp(rawValue: filledAt.rawValue + accrued * step)
    }
}
