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

    /// What the kernel calls a chain and its parts.
    ///
    /// - Cost: linear in the chain's rules, if any chain has parts.
    func kernelChains(of chain: StoredObject) -> [String] {
        guard handles.hasParts else { return [chain.name] }
        let parts = Set(ruleset.ruleIDs(of: chain.id).compactMap { handles[$0]?.part })
        return [chain.name] + parts.subtracting([.chain]).map(\.name)
    }

    /// The same for the chain with a name in a table; nil, for all chains, if there is no name.
    func kernelChains(_ name: String?, of table: StoredObject) -> [String?] {
        let chain = name.flatMap { ruleset.child(of: table.id, kind: .chain, name: $0) }
        return chain.map { kernelChains(of: $0) } ?? [name]
    }
}

/// What edits are worked out on.
struct EditingBase: Sendable {
    /// The head's number.
    var version: VersionID
    /// Its content.
    var ruleset: Ruleset
    /// Who jumps where in it.
    var graph: ChainGraph
    /// The next id to give away.
    var nextID: ObjectID
}

/// The head, for everyone: the committer writes it, readers take a copy without waiting for a commit that is under way.
final class PublishedHead: Sendable {
    private let content: Mutex<(head: Head, base: EditingBase)>

    init(_ head: Head, graph: ChainGraph, nextID: ObjectID) {
        content = Mutex((head, PublishedHead.base(head, graph, nextID)))
    }

    /// What is live now.
    var current: Head { content.withLock { $0.head } }

    /// What edits can be worked out on; ids may have been given away since.
    var base: EditingBase { content.withLock { $0.base } }

    /// Goes over to another head.
    func publish(_ head: Head, graph: ChainGraph, nextID: ObjectID) {
        let base = PublishedHead.base(head, graph, nextID)
        content.withLock { $0 = (head, base) }
    }

    private static func base(
        _ head: Head, _ graph: ChainGraph, _ nextID: ObjectID
    ) -> EditingBase {
        EditingBase(
            version: head.version, ruleset: head.ruleset, graph: graph, nextID: nextID)
    }
}
