import NetlinkProto

/// Tells what has come of versions that have to be confirmed.
enum ConfirmText {
    /// What whoever made a version must do now; nil if it is final.
    static func notice(_ version: VersionMessage) -> String? {
        guard let deadline = version.deadline, state(version) == .open else { return nil }
        let wait = deadline > version.time ? deadline - version.time : 0
        return
            "it is taken back in \(seconds(wait)) unless it is confirmed: xt2 confirm \(version.version)"
    }

    /// A few words for a list.
    static func mark(_ version: VersionMessage, now: Moment) -> String? {
        switch state(version) {
        case .confirmed: return "confirmed"
        case .reverted: return version.settledBy.map { "reverted by \($0)" } ?? "reverted"
        case .open:
            let deadline = version.deadline ?? 0
            guard deadline > now.microseconds else { return "unconfirmed, time is over" }
            return "unconfirmed, \(seconds(deadline - now.microseconds)) left"
        default: return nil
        }
    }

    static func state(_ version: VersionMessage) -> ConfirmationState? {
        version.confirmation.map { ConfirmationState(rawValue: $0) }
    }

    private static func seconds(_ microseconds: UInt64) -> String {
        StatusText.duration(Int(clamping: (microseconds + 500_000) / 1_000_000))
    }
}
