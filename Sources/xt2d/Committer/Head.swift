import RuleStore
import Synchronization

/// What is live: one version, whole.
///
/// A value that readers can keep while the committer goes on.
struct Head: Sendable {
    /// The version's number.
    var version: VersionID
    /// Its content.
    var ruleset: Ruleset
    /// Where its rules live in the kernel.
    var handles: RuleHandles
    /// The kernel generation that carries it.
    var generation: UInt32
    /// The version that waits for its confirmation.
    var unconfirmed: Confirmation?
    /// Why that cannot be taken back, although its time is over.
    var overdueReason: String?
    /// What others did to enforced tables and cannot be undone, in words.
    var notUndone: String?
}

/// The head, for everyone: the committer writes it, readers take a copy without waiting for a commit that is under way.
final class PublishedHead: Sendable {
    private let head: Mutex<Head>

    init(_ head: Head) {
        self.head = Mutex(head)
    }

    /// What is live now.
    var current: Head {
        get { head.withLock { $0 } }
        set { head.withLock { $0 = newValue } }
    }
}
