import NetlinkProto
import RuleStore

/// What the committer knows about other programs' changes.
struct ForeignState {
    /// Commits that were heard of and are not taken in.
    var backlog = Backlog()
    /// Whether something was missed, so that the watched tables have to be read.
    var mustRead = false
    /// Whether it is not known who did what was missed.
    var hasLost = false
    /// What others did to enforced tables and is not undone yet.
    var intrusion: Intrusion?
    /// Tables that others deleted, and that are watched again when they come back.
    var lapsed: [TableName: LapsedTable] = [:]
    /// Objects that others changed since a client's change was planned first, and the version that has it; nil while no client's
    /// change is under way.
    var overtaken: [ObjectID: NewVersion]?
    /// Whether the kernel tells of commits.
    var isListening = false

    /// Whether there are commits to be taken in.
    func hasCommits(upTo limit: GenerationID?) -> Bool {
        backlog.commits.first.map { !$0.isAfter(limit) } ?? false
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
