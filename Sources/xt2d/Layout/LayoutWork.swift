import NetlinkProto
import RuleStore

/// A diff, sorted by what has to be done in the kernel, and rid of what needs no message.
struct LayoutWork {
    private(set) var deletedTables: [StoredObject] = []
    private(set) var addedTables: [StoredObject] = []
    private(set) var modifiedTables: [StoredObject] = []
    private(set) var deletedChains: [StoredObject] = []
    private(set) var addedChains: [StoredObject] = []
    /// Chains with another policy; renames are ``ChainNames``' matter.
    private(set) var modifiedChains: [StoredObject] = []
    /// Chains of which no rule stays: one message takes them all.
    private(set) var flushedChains: [ObjectID] = []
    /// Parts of chains of which no rule stays.
    private(set) var emptiedParts: [EmptiedPart] = []
    private(set) var deletedRules: [StoredObject] = []
    private(set) var replacedRules: [StoredObject] = []
    /// New rules of each chain, in order, with their indices in the new ruleset.
    private(set) var addedRules: [(chain: ObjectID, rules: [(index: Int, rule: StoredObject)])] = []

    /// Rules that do not change and leave the part of their chain that they stand in.
    private(set) var cutOff: [StoredObject] = []

    /// Sets, elements and objects.
    private(set) var objects: ObjectWork

    /// A part of which no rule stays.
    struct EmptiedPart {
        let chain: ObjectID
        let part: ChainPart
        /// Whether the jump to it goes with all rules of its chain.
        let isFlushed: Bool
    }

    private let parts: ChainParts
    private let names: ChainNames
    private var old: Ruleset { parts.old }
    private let moves: RuleMoves
    private var added: [ObjectID: [StoredObject]] = [:]
    private var deleted: [ObjectID: [StoredObject]] = [:]
    /// Chains that the kernel takes away with the rules that they belong to.
    private var lostBound: Set<ObjectID> = []
    /// Chains that come and belong to rules, with their rules.
    private var newBound: [HeldName: ObjectID] = [:]

    init(_ changes: [Change], parts: ChainParts, names: ChainNames) throws(LayoutError) {
        let (old, new) = (parts.old, parts.new)
        self.parts = parts
        self.names = names
        moves = RuleMoves(changes, from: old, to: new)
        objects = try ObjectWork(changes, old: old, new: new)
        // Tables first: what is in a table that goes needs no message of its own.
        for change in changes where change.object.kind == .table { sortTable(change) }
        for change in changes where change.object.kind == .chain { sortChain(change) }
        let lostNames = objects.lostNames.union(deletedChains.map { HeldName(chain: $0) })
        for change in changes where change.object.kind == .rule {
            try sortRule(change, lostNames: lostNames)
        }
        try remake(lostNames, changes, in: new)
        cutParts()
        collectDeletions()
        collectAdditions(in: new)
    }

    private mutating func sortTable(_ change: Change) {
        switch change {
        case .delete(let table): deletedTables.append(table)
        case .add(let table): addedTables.append(table)
        case .modify(_, let table): modifiedTables.append(table)
        }
    }

    private mutating func sortChain(_ change: Change) {
        switch change {
        case .delete(let chain):
            if isGone(chain.parent) { return }
            if chain.isBoundChain {
                lostBound.insert(chain.id)
            } else {
                deletedChains.append(chain)
            }
        case .add(let chain):
            addedChains.append(chain)
            if chain.isBoundChain {
                newBound[HeldName(table: chain.parent, kind: .chain, name: chain.name)] = chain.id
            }
        case .modify(let before, let chain):
            if isRemade(chain.id) {
                deletedChains.append(before)
                addedChains.append(chain)
            } else if before.body != chain.body {
                modifiedChains.append(chain)
            }
        }
    }

    private func isRemade(_ chain: ObjectID?) -> Bool {
        names.remade.contains { $0.after.id == chain }
    }

    /// Puts the rules of chains that are made anew into them, those too that do not change.
    private mutating func remakeRules(in new: Ruleset, _ known: inout Set<ObjectID>) {
        for (before, after) in names.remade {
            for rule in old.rules(of: before.id) where !known.contains(rule.id) { delete(rule) }
            for rule in new.rules(of: after.id) where known.insert(rule.id).inserted { add(rule) }
        }
    }

    private func isGone(_ table: ObjectID?) -> Bool {
        deletedTables.contains { $0.id == table }
    }

    private mutating func sortRule(
        _ change: Change, lostNames: Set<HeldName>
    ) throws(LayoutError) {
        switch change {
        case .add(let rule): add(rule)
        case .delete(let rule): delete(rule)
        case .modify(let before, let after):
            if moves.hasMoved(after.id) || isRemade(after.parent) {
                delete(before)
                add(after)
                return
            }
            if before.body == after.body {
                // Only its key is another, by which nobody but the store knows it.
                if try holds(before, lostNames) {
                    delete(before)
                    add(after)
                }
                return
            }
            if try needsNoMessage(before, after) { return }
            let lets = try holds(before, lostNames)
            let binds = try holds(after, Set(newBound.keys))
            if lets || binds || mustLeavePart(after) {
                // A replacement comes after the deletion of chains and sets, so this rule has to let go first; and before the rules
                // of new chains, after which one must come that such a chain belongs to. One that says now what no rule in
                // a part may say leaves it.
                delete(before)
                add(after)
            } else {
                replacedRules.append(after)
            }
        }
    }

    /// Makes anew what holds something whose name another takes in the same version.
    private mutating func remake(
        _ lostNames: Set<HeldName>, _ changes: [Change], in new: Ruleset
    ) throws(LayoutError) {
        let remade = remade(lostNames)
        guard !remade.isEmpty || !names.remade.isEmpty else { return }
        var known = Set(changes.map(\.id))
        remakeRules(in: new, &known)
        try releaseHolders(of: remade, changed: known)
        try objects.releaseElements(of: remade, changed: known, old: old)
    }

    /// Of what is deleted, that whose names others take.
    private func remade(_ lostNames: Set<HeldName>) -> Set<HeldName> {
        let taken = addedChains + names.renamed.map(\.after)
        return lostNames.intersection(objects.newNames.union(taken.map { HeldName(chain: $0) }))
    }

    /// Makes rules anew that name a deleted chain or set and do not change, because another takes its name.
    ///
    /// Such a rule says the same as before, but in the kernel it holds the old one.
    private mutating func releaseHolders(
        of remade: Set<HeldName>, changed: Set<ObjectID>
    ) throws(LayoutError) {
        let onlyJumps = remade.allSatisfy { $0.kind == .chain }
        for table in Set(remade.compactMap(\.table)) {
            for chain in old.children(of: table, kind: .chain) {
                for rule in old.rules(of: chain.id) where !changed.contains(rule.id) {
                    guard !onlyJumps || ChainGraph.mayMatter(rule.body), try holds(rule, remade)
                    else { continue }
                    delete(rule)
                    add(rule)
                }
            }
        }
    }

    private mutating func add(_ rule: StoredObject) {
        if let chain = rule.parent { added[chain, default: []].append(rule) }
    }

    private mutating func delete(_ rule: StoredObject) {
        if let chain = rule.parent { deleted[chain, default: []].append(rule) }
    }

    /// Whether two bodies differ only by the name of a chain that is renamed: the kernel does that by itself.
    private func needsNoMessage(
        _ before: StoredObject, _ after: StoredObject
    ) throws(LayoutError) -> Bool {
        guard let table = table(of: before), !names.renamed.isEmpty else { return false }
        return try body(after).renamingChains(names.before(in: table)) == body(before)
    }

    private func holds(_ rule: StoredObject, _ lost: Set<HeldName>) throws(LayoutError) -> Bool {
        guard !lost.isEmpty else { return false }
        return try body(rule).heldNames(in: table(of: rule)).contains { lost.contains($0) }
    }

    private func table(of rule: StoredObject) -> ObjectID? {
        rule.parent.flatMap { old.object($0)?.parent }
    }

    private func body(_ rule: StoredObject) throws(LayoutError) -> RuleBody {
        do {
            return try RuleBody(encoded: rule.body)
        } catch {
            throw .damaged(rule.id, error)
        }
    }

    private mutating func collectDeletions() {
        for (chain, rules) in deleted.sorted(by: { $0.key < $1.key }) {
            if isGone(old.object(chain)?.parent) || lostBound.contains(chain) { continue }
            let isFlushed = rules.count > 1 && rules.count == old.ruleCount(of: chain)
            if isFlushed { flushedChains.append(chain) }
            let emptied = parts.emptied(by: rules, in: chain, isFlushed: isFlushed)
            emptiedParts += emptied.sorted { $0.number < $1.number }
                .map { EmptiedPart(chain: chain, part: $0, isFlushed: isFlushed) }
            if !isFlushed {
                deletedRules += rules.filter { !emptied.contains(parts.part(of: $0.id)) }
            }
        }
        deleted = [:]
    }

    // MARK: Parts of chains

    /// Whether a rule stands in a part that can stand in none.
    private func mustLeavePart(_ rule: StoredObject) -> Bool {
        parts.part(of: rule.id) != .chain && parts.isOwn(rule)
    }

    /// Takes rules out of their parts that cannot stay there, since one that can stand in none comes between them and others.
    private mutating func cutParts() {
        guard parts.handles.hasParts else { return }
        for (chain, rules) in added {
            let cut = parts.rulesCutOff(
                by: LayoutWork.placed(rules, in: chain, of: parts.new), in: chain)
            guard !cut.isEmpty else { continue }
            cutOff += cut
            for rule in cut {
                guard let before = old.object(rule.id) else { continue }
                delete(before)
                add(rule)
            }
            let gone = Set(cut.map(\.id))
            replacedRules.removeAll { gone.contains($0.id) }
        }
    }

    private mutating func collectAdditions(in new: Ruleset) {
        for (chain, rules) in boundFirst(added.sorted { $0.key < $1.key }) {
            addedRules.append((chain, LayoutWork.placed(rules, in: chain, of: new)))
        }
        added = [:]
    }

    /// Puts the rules of chains that belong to rules in front: when such a rule comes, its chain is closed.
    private func boundFirst(
        _ chains: [(key: ObjectID, value: [StoredObject])]
    ) -> [(key: ObjectID, value: [StoredObject])] {
        guard !newBound.isEmpty else { return chains }
        let bound = Set(newBound.values)
        return chains.filter { bound.contains($0.key) } + chains.filter { !bound.contains($0.key) }
    }

    /// Rules with their indices in their chain, in order.
    private static func placed(
        _ rules: [StoredObject], in chain: ObjectID, of ruleset: Ruleset
    ) -> [(index: Int, rule: StoredObject)] {
        var placed: [(index: Int, rule: StoredObject)] = []
        placed.reserveCapacity(rules.count)
        var isSorted = true
        var last = -1
        for rule in rules {
            // New rules mostly come one behind the other; asking for the next one is quicker than looking for it.
            let isNext = last >= 0 && ruleset.ruleID(at: last + 1, of: chain) == rule.id
            guard let index = isNext ? last + 1 : ruleset.ruleIndex(of: rule.id) else { continue }
            if index < last { isSorted = false }
            last = index
            placed.append((index, rule))
        }
        return isSorted ? placed : placed.sorted { $0.index < $1.index }
    }
}
