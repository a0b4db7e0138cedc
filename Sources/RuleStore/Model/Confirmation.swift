/// A version that is undone unless somebody confirms it in time.
public struct Confirmation: Hashable, Sendable {
    /// What has come of it.
    public enum State: String, Hashable, Sendable {
        /// It waits.
        case open
        /// Somebody has confirmed it.
        case confirmed
        /// It was taken back.
        case reverted
    }

    /// The version.
    public var version: VersionID
    /// The version whose content is brought back if nobody confirms it.
    public var fallback: VersionID
    /// How long it may take.
    public var seconds: UInt32
    /// When the time is over, by the time of day.
    public var deadline: Timestamp
    /// The boot in which it was made.
    public var bootID: String
    /// When the time is over, by the clock of that boot; microseconds.
    public var bootDeadline: Int64
    /// What has come of it.
    public var state: State
    /// The version that undid it; `nil` if none did.
    public var settledBy: VersionID?

    /// Makes one that waits from `now` on.
    public init(
        of version: VersionID, fallback: VersionID, seconds: UInt32, from now: ClockReading
    ) {
        let duration = Int64(seconds) * 1_000_000
        self.version = version
        self.fallback = fallback
        self.seconds = seconds
        deadline = Timestamp(rawValue: now.time.rawValue + duration)
        bootID = now.bootID
        bootDeadline = now.bootTime + duration
        state = .open
    }

    /// Makes one from all its parts.
    init(
        version: VersionID, fallback: VersionID, seconds: UInt32, deadline: Timestamp,
        bootID: String, bootDeadline: Int64, state: State, settledBy: VersionID?
    ) {
        self.version = version
        self.fallback = fallback
        self.seconds = seconds
        self.deadline = deadline
        self.bootID = bootID
        self.bootDeadline = bootDeadline
        self.state = state
        self.settledBy = settledBy
    }

    /// How many microseconds are left; 0 when the time is over, and never more than were given.
    ///
    /// Why two clocks: within one boot the clock of the boot decides, which nobody can set, so a
    /// step of the time of day neither shortens nor lengthens the wait. After another boot there is
    /// only the time of day. Where that is behind (a machine without a clock starts in 1970), the
    /// wait begins anew and is not longer than it was to be; where it is ahead, the version is
    /// undone: that can be repeated, a lock-out cannot be repaired.
    public func remainingMicroseconds(at now: ClockReading) -> Int64 {
        let (left, isOverflow) =
            now.bootID == bootID
            ? bootDeadline.subtractingReportingOverflow(now.bootTime)
            : deadline.rawValue.subtractingReportingOverflow(now.time.rawValue)
        return min(max(isOverflow ? 0 : left, 0), Int64(seconds) * 1_000_000)
    }
}

/// What the clocks say at one moment.
public struct ClockReading: Hashable, Sendable {
    /// The time of day.
    public var time: Timestamp
    /// The boot (`/proc/sys/kernel/random/boot_id`).
    public var bootID: String
    /// Microseconds since that boot, sleep included (`CLOCK_BOOTTIME`).
    public var bootTime: Int64

    /// Makes a reading.
    public init(time: Timestamp, bootID: String, bootTime: Int64) {
        self.time = time
        self.bootID = bootID
        self.bootTime = bootTime
    }
}
