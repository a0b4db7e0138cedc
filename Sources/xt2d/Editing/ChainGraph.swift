import HashTreeCollections
import NetlinkProto
import RuleStore

/// Who jumps where, and what rules demand of the hooks that they are reached from: kept beside the ruleset, rule by rule.
///
/// Why: the kernel finds a loop or a misplaced rule too, but it walks every rule to do so, and when it finds one it walks them
/// again for each message of the batch. This finds it in the chains alone.
/// A copy shares its contents.
struct ChainGraph: Sendable {
    /// A chain by what rules call it.
    struct Target: Hashable, Sendable {
        let table: ObjectID
        let name: String
    }

    /// What the rules of one chain come to.
    struct Facts: Sendable {
        /// How many rules jump to each chain.
        var targets: TreeDictionary<String, Int> = [:]
        /// How many rules demand each thing.
        var demands: TreeDictionary<HookDemand, Int> = [:]

        var isEmpty: Bool { targets.isEmpty && demands.isEmpty }
    }

    private var facts: TreeDictionary<ObjectID, Facts> = [:]
    private var sources: TreeDictionary<Target, TreeDictionary<ObjectID, Int>> = [:]

    init() {}

    /// The graph of a whole ruleset.
    init(_ ruleset: Ruleset) { self.init(ruleset.allObjects) }

    /// The graph of the objects of a whole ruleset, in any order.
    init(_ objects: some Sequence<StoredObject>) {
        self.init(chains: objects, rules: objects)
    }

    /// The graph of the objects of a large ruleset, in any order, half of them looked at by another thread.
    ///
    /// Why: to find the few rules that matter is nearly all of the work.
    init(halving objects: [StoredObject]) throws {
        let middle = objects.count / 2
        let upper = SideTask { objects[middle...].filter(ChainGraph.mayMatter) }
        let lower = objects[..<middle].filter(ChainGraph.mayMatter)
        self.init(chains: objects, rules: lower + (try upper.value()))
    }

    private init(chains: some Sequence<StoredObject>, rules: some Sequence<StoredObject>) {
        var tables: [ObjectID: ObjectID] = [:]
        for chain in chains where chain.kind == .chain { tables[chain.id] = chain.parent }
        for rule in rules where rule.kind == .rule {
            count(rule, by: 1) { tables[$0] }
        }
    }

    /// What the rules of a chain come to.
    func facts(of chain: ObjectID) -> Facts {
        facts[chain] ?? Facts()
    }

    /// The chains that have a rule that jumps to this one, by its present name; the oldest first.
    func sources(ofTarget chain: StoredObject) -> [ObjectID] {
        guard let table = chain.parent else { return [] }
        return sources[Target(table: table, name: chain.name)]?.keys.sorted() ?? []
    }

    /// Takes a change in.
    ///
    /// - Parameters: `old` has the chain of the rule as it was, `new` that of the rule as it becomes.
    mutating func apply(_ change: Change, from old: Ruleset, to new: Ruleset) {
        guard change.object.kind == .rule else { return }
        if let before = change.before { count(before, by: -1) { old.object($0)?.parent } }
        if let after = change.after { count(after, by: 1) { new.object($0)?.parent } }
    }

    private mutating func count(
        _ rule: StoredObject, by step: Int, tableOf: (ObjectID) -> ObjectID?
    ) {
        guard ChainGraph.mayMatter(rule.body), let chain = rule.parent,
            let table = tableOf(chain),
            let body = try? RuleBody(encoded: rule.body)
        else { return }
        var all = facts[chain] ?? Facts()
        for name in body.targets {
            all.targets.count(name, by: step)
            sources[Target(table: table, name: name), default: [:]].count(chain, by: step)
        }
        for demand in body.expressions.compactMap({ HookDemand($0) }) {
            all.demands.count(demand, by: step)
        }
        facts[chain] = all.isEmpty ? nil : all
    }

    private static func mayMatter(_ object: StoredObject) -> Bool {
        object.kind == .rule && mayMatter(object.body)
    }

    /// Whether a body can hold a jump or a demand: a quick look for the names of the expressions that can.
    ///
    /// Why: most rules are a match and a verdict; reading 100,000 of them in full would slow down every start.
    static func mayMatter(_ body: [UInt8]) -> Bool {
        var attributes = AttributeReader(body.span.bytes)
        while let attribute = try? attributes.next() {
            if attribute.type == ExtensionAttribute.sets { return true }
            guard attribute.type == 4, var list = try? attribute.nested() else { continue }
            while let element = try? list.next() {
                guard var parts = try? element.nested(), let name = try? parts.next() else {
                    return true
                }
                if name.type != 1 || matters(name, parts) { return true }
            }
        }
        return false
    }

    private static func matters(_ name: borrowing Attribute, _ rest: consuming AttributeReader)
        -> Bool
    {
        // Nearly all expressions are of these.
        if name.hasText(CompareExpression.name) || name.hasText(PayloadExpression.name)
            || name.hasText(CounterExpression.name)
        {
            return false
        }
        if name.hasText(ImmediateExpression.name) {
            // Register and verdict code are 24 bytes of attributes; a chain's name takes 8 more.
            guard let data = try? rest.next() else { return false }
            return data.payload.byteCount > 28
        }
        if name.hasText(MetaExpression.name) { return metaMatters(rest) }
        guard let text = try? name.string() else { return true }
        return HookDemand.names.contains(text)
    }

    /// Whether a `meta` has a key that only some hooks have: most that are met ask for a protocol or an interface.
    private static func metaMatters(_ parts: consuming AttributeReader) -> Bool {
        guard let data = try? parts.next(), let reader = try? data.nested(),
            let meta = try? MetaExpression(reader)
        else { return false }
        return HookDemand(.meta(meta)) != nil
    }
}

extension TreeDictionary where Value == Int {
    /// Counts up or down; what reaches zero is gone.
    fileprivate mutating func count(_ key: Key, by step: Int) {
        let value = (self[key] ?? 0) + step
        self[key] = value == 0 ? nil : value
    }
}
