import NetlinkProto
import RuleStore

/// What the kernel has, as a ruleset that can be compared with a version: same ids where it is the same thing.
///
/// What xt2 does not know (a rule without our id, a chain with another hook) gets an id that no version uses, so that the
/// comparison finds it to be deleted.
struct KernelSnapshot {
    private(set) var ruleset = Ruleset()
    private(set) var handles = RuleHandles()
    private let wanted: Ruleset
    private var strangerID: ObjectID

    /// Compares a dump with the version that the kernel should run.
    ///
    /// - Parameters:
    ///   - tables: the tables that were asked for: those of the version, and others that are to go.
    ///   - strangerID: the first of the ids that are not in use.
    init(
        _ dump: KernelDump, tables: [StoredObject], wanted: Ruleset, strangerID: ObjectID
    ) throws(RulesetError) {
        self.wanted = wanted
        self.strangerID = strangerID
        for stored in tables {
            if let table = dump.tables[stored.id] { try addTable(table, stored) }
        }
    }

    private mutating func addTable(
        _ table: KernelDump.Table, _ stored: StoredObject
    ) throws(RulesetError) {
        // Ownership is taken over by a message of its own, whatever the flags are now.
        try ruleset.apply(.add(stored))
        for (name, chain) in table.chains.sorted(by: { $0.key < $1.key }) {
            try addChain(chain, name, table, stored)
        }
    }

    private mutating func addChain(
        _ chain: KernelDump.Chain, _ name: String, _ table: KernelDump.Table, _ parent: StoredObject
    ) throws(RulesetError) {
        let stored = wanted.child(of: parent.id, kind: .chain, name: name)
        let object = chainObject(chain.message.body, name, parent.id, stored)
        try ruleset.apply(.add(object))
        if let handle = chain.message.handle { handles[object.id] = handle }
        var last: OrderKey?
        var strangers: [(RuleMessage, [UInt8])] = []
        for rule in chain.rules {
            // A body that cannot be stored is not one that xt2 made.
            let body = (try? table.canonicalBody(rule)) ?? []
            guard let id = rule.identity, let known = wanted.object(id), known.kind == .rule,
                known.parent == object.id, ruleset.object(id) == nil, let key = known.orderKey,
                last.map({ $0 < key }) ?? true
            else {
                strangers.append((rule, body))
                continue
            }
            last = key
            try add(
                StoredObject(id: id, kind: .rule, parent: object.id, orderKey: key, body: body),
                rule.handle)
        }
        for (rule, body) in strangers { try addStranger(rule, body, object.id) }
    }

    /// The chain under its own id if only its policy differs, else as a stranger.
    private mutating func chainObject(
        _ body: ChainBody, _ name: String, _ table: ObjectID, _ stored: StoredObject?
    ) -> StoredObject {
        if let stored, let wantedBody = try? ChainBody(encoded: stored.body) {
            var same = wantedBody
            same.policy = body.policy
            if same == body, let bytes = try? body.encoded() {
                return StoredObject(
                    id: stored.id, kind: .chain, parent: table, name: name, body: bytes)
            }
        }
        return StoredObject(
            id: takeStrangerID(), kind: .chain, parent: table, name: name,
            body: (try? body.encoded()) ?? [])
    }

    /// Adds a rule that is to go; where it stands does not matter.
    private mutating func addStranger(
        _ rule: RuleMessage, _ body: [UInt8], _ chain: ObjectID
    ) throws(RulesetError) {
        let end = ruleset.ruleCount(of: chain)
        guard let key = ruleset.orderKey(forRuleAt: end, of: chain) else { return }
        try add(
            StoredObject(
                id: takeStrangerID(), kind: .rule, parent: chain, orderKey: key, body: body),
            rule.handle)
    }

    private mutating func add(_ rule: StoredObject, _ handle: Handle?) throws(RulesetError) {
        try ruleset.apply(.add(rule))
        handles[rule.id] = handle
    }

    private mutating func takeStrangerID() -> ObjectID {
        defer { strangerID = strangerID.next }
        return strangerID
    }

    /// What has to change in the kernel for it to run the wanted version.
    var changes: [Change] {
        var changes: [Change] = []
        for object in wanted.allObjects {
            guard let there = ruleset.object(object.id) else {
                changes.append(.add(object))
                continue
            }
            if there != object { changes.append(.modify(from: there, to: object)) }
        }
        for object in ruleset.allObjects where wanted.object(object.id) == nil {
            changes.append(.delete(object))
        }
        return changes.inApplicationOrder()
    }
}
