import NetlinkProto
import RuleStore

/// What the committer knows about other programs' changes.
struct ForeignState {
    /// Commits that were heard of and are not taken in, in order.
    var backlog: [KernelCommit] = []
    /// Whether something was missed, so that the watched tables have to be read.
    var mustRead = false
    /// Whether it is not known who did what was missed.
    var hasLost = false
    /// What others did to enforced tables and is not undone yet.
    var intrusion: Intrusion?
    /// Tables that others deleted, and that are watched again when they come back.
    var lapsed: [TableName: LapsedTable] = [:]
    /// Objects that others changed since a client's change was planned first, and the version that has it.
    var overtaken: [ObjectID: NewVersion] = [:]
    /// Whether the kernel tells of commits.
    var isListening = false

    /// A commit that is to be undone in enforced tables.
    struct Attempt {
        let origin: ForeignProcess
        let time: Timestamp
        let generation: GenerationID
        let changes: [Change]
        let scopes: [AuditScope]
        /// What the kernel told, kept with the attempt.
        let request: [UInt8]
    }

    /// What the kernel has beyond the head.
    struct Intrusion {
        /// The kernel's ruleset.
        var there: Ruleset
        var attempts: [Attempt] = []
    }

    /// Whether nothing is left to be taken in, of what was done up to a generation.
    func isSettled(upTo limit: GenerationID? = nil) -> Bool {
        !hasCommits(upTo: limit) && !mustRead && intrusion == nil
    }

    /// Whether there are commits to be taken in.
    func hasCommits(upTo limit: GenerationID?) -> Bool {
        backlog.first.map { !$0.isAfter(limit) } ?? false
    }

    /// Notes that commits were missed.
    mutating func noteLoss() {
        mustRead = true
        hasLost = true
    }
}

extension [Change] {
    /// The changes in tables of one policy, by what the tables are in one of the rulesets.
    func within(_ policy: TableWatch.Policy, _ rulesets: [Ruleset]) -> [Change] {
        filter { change in
            let table = rulesets.lazy.compactMap { $0.table(of: change.object) }.first
            return table?.watch?.policy == policy
        }
    }
}
