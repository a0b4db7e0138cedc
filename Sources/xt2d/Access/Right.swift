import NetlinkProto

/// What a user may be allowed to do; each right stands for itself.
enum Right: String, CaseIterable, Hashable, Sendable {
    /// Look at the ruleset, its history, candidates and the daemon's state.
    case read
    /// Change the ruleset: edits, candidates, counters.
    case edit
    /// Bring back an older version.
    case rollback
    /// Confirm a version that would be undone otherwise.
    case confirm
    /// Look at the audit log, and check it.
    case audit

    /// What the right is for, behind "may not".
    var deed: String {
        switch self {
        case .read: "look at the ruleset"
        case .edit: "change the ruleset"
        case .rollback: "roll the ruleset back"
        case .confirm: "confirm a version"
        case .audit: "look at the audit log"
        }
    }

    /// The right that a request needs that only reads; nil for one that the committer decides on.
    ///
    /// A type that is not listed needs ``read`` at least.
    static func toRead(_ type: MessageType) -> Right? {
        switch type {
        case .rollback, .newCandidate, .deleteCandidate, .commit, .getRuleReset: nil
        case .confirm, .newTag, .deleteTag, .prune: nil
        case .adoptTable, .releaseTable, .importTables: nil
        // Says something and asks for nothing.
        case .newSession: nil
        case .getAudit, .verifyAudit, .getAuditHead: .audit
        // It changes nothing, but others rely on it.
        case .noteTexts: .edit
        default: .read
        }
    }
}
