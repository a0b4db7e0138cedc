import NetlinkProto
import RuleStore

/// What the kernel has, as a ruleset that can be compared with a version: under the same ids where it is the same thing.
///
/// A rule is the same by its handle, where that is known and the rule names no other id; else by the rule id in its userdata;
/// else by what it says. What is in no version gets an id that no version uses, and stands where the kernel has it.
struct KernelImage {
    private(set) var ruleset = Ruleset()
    private(set) var handles = RuleHandles()
    /// The first of the ids that are not in use.
    private(set) var nextID: ObjectID
    /// Tables that the kernel has and that cannot be read, and why.
    private(set) var unreadable: [(table: StoredObject, reason: String)] = []
    private let wanted: Ruleset
    private let known: RuleHandles
    private let isTakeover: Bool

    /// Compares a dump with the version that the kernel should run.
    ///
    /// - Parameters:
    ///   - tables: the tables that were asked for: those of the version, and others.
    ///   - known: where the version's rules and chains are in the kernel, as far as that is known.
    ///   - isTakeover: nobody has watched the tables: all that is in them counts, whoever put it there.
    init(
        _ dump: KernelDump, tables: [StoredObject], wanted: Ruleset, known: RuleHandles,
        nextID: ObjectID, isTakeover: Bool = false
    ) throws {
        self.isTakeover = isTakeover
        self.wanted = wanted
        self.known = known
        self.nextID = nextID
        for stored in tables {
            if let reason = dump.unreadable[stored.id] {
                try addUnreadable(stored, reason)
                continue
            }
            guard let table = dump.tables[stored.id] else { continue }
            let before = (self.ruleset, self.handles, self.nextID)
            do {
                try addTable(table, stored)
            } catch {
                (self.ruleset, self.handles, self.nextID) = before
                try addUnreadable(stored, KernelImage.reason(error))
            }
        }
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as RulesetError: error.message
        case let error as KernelError: error.description
        default: "\(error)"
        }
    }

    /// Puts something in the place of a table that cannot be read, so that others can be compared.
    ///
    /// An observed table counts as it was last known. In the place of another there is an empty one that is not the version's, so
    /// that it is made again.
    private mutating func addUnreadable(_ stored: StoredObject, _ reason: String) throws {
        unreadable.append((stored, reason))
        guard stored.watch?.policy == .observed, wanted.object(stored.id) != nil else {
            return try ruleset.apply(
                .add(
                    StoredObject(
                        id: takeID(), kind: .table, family: stored.family, name: stored.name,
                        body: stored.body)))
        }
        let all = wanted.deletion(of: stored).compactMap(\.before)
        try ruleset.apply(all.map(Change.add))
        for id in all.map(\.id) + known.jumps(in: stored.id) { handles[id] = known[id] }
    }

    private mutating func addTable(_ table: KernelDump.Table, _ stored: StoredObject) throws {
        var object = stored
        // Of a table that xt2 owns, ownership is taken over by a message of its own, whatever the flags are now.
        if stored.watch != nil, var body = try? TableBody(encoded: stored.body) {
            body.flags = table.message.body.flags
            object.body = try body.encoded()
        }
        try ruleset.apply(.add(object))
        for object in table.objects {
            try add(
                .object, object.name, try ObjectBody(object).encoded(), to: stored.id,
                wanted.statefulObject(of: stored.id, type: object.type, name: object.name))
        }
        for flowtable in table.flowtables {
            try add(
                .flowtable, flowtable.name, try flowtable.body.encoded(), to: stored.id,
                wanted.child(of: stored.id, kind: .flowtable, name: flowtable.name))
        }
        for set in table.namedSets { try addSet(set, to: stored.id) }
        let ids = chainIDs(table, stored.id)
        // In the order in which they were made, so that they are made again in it.
        let chains = table.chains.sorted { left, right in
            (left.value.message.handle?.rawValue ?? 0) < (right.value.message.handle?.rawValue ?? 0)
        }
        for (name, chain) in chains {
            try addChain(chain, name, ids[name], table, stored.id)
        }
    }

    private mutating func takeID() -> ObjectID {
        defer { nextID = nextID.next }
        return nextID
    }

    // MARK: Sets and objects

    @discardableResult
    private mutating func add(
        _ kind: ObjectKind, _ name: String, _ body: [UInt8], to table: ObjectID,
        _ same: StoredObject?
    ) throws -> ObjectID {
        let id = same?.id ?? takeID()
        try ruleset.apply(
            .add(StoredObject(id: id, kind: kind, parent: table, name: name, body: body)))
        return id
    }

    private mutating func addSet(_ set: KernelDump.NamedSet, to table: ObjectID) throws {
        let name = set.message.name
        let known = wanted.child(of: table, kind: .set, name: name)
        let id = try add(.set, name, try set.message.body.encoded(), to: table, known)
        for element in set.elements {
            let key = element.identity
            let same = wanted.element(of: id, key: key)?.id
            if same == nil, isPacketsWork(element, in: set.message.body, isNew: known == nil) {
                continue
            }
            let elementID = same ?? takeID()
            try ruleset.apply(
                .add(
                    StoredObject(
                        id: elementID, kind: .element, parent: id, elementKey: key,
                        body: try element.withoutState.encoded())))
        }
    }

    /// Whether packets have put an element there, as far as that can be told.
    ///
    /// What people put into a set that packets write to, the kernel tells; so in one that is known, the rest is the packets'.
    private func isPacketsWork(_ element: SetElement, in set: SetBody, isNew: Bool) -> Bool {
        set.flags.contains(.dynamic)
            && (!isNew && !isTakeover || ForeignBody.countsConnections(element))
    }

    // MARK: Chains

    /// Which stored chain each of the kernel's is: the one of its name, else the one of its handle.
    private func chainIDs(_ table: KernelDump.Table, _ id: ObjectID) -> [String: ObjectID] {
        var ids: [String: ObjectID] = [:]
        for name in table.chains.keys {
            ids[name] = wanted.child(of: id, kind: .chain, name: name)?.id
        }
        for chain in wanted.children(of: id, kind: .chain) where table.chains[chain.name] == nil {
            let renamed = table.chains.first { name, found in
                ids[name] == nil && found.message.handle != nil
                    && found.message.handle == known[chain.id]?.handle
            }
            if let renamed { ids[renamed.key] = chain.id }
        }
        return ids
    }

    private mutating func addChain(
        _ chain: KernelDump.Chain, _ name: String, _ storedID: ObjectID?,
        _ table: KernelDump.Table, _ parent: ObjectID
    ) throws {
        let body = chain.message.body
        let same = storedID.flatMap { wanted.object($0) }.flatMap { isSame(body, $0) ? $0.id : nil }
        let object = StoredObject(
            id: same ?? takeID(), kind: .chain, parent: parent, name: name,
            body: try body.encoded())
        try ruleset.apply(.add(object))
        handles[object.id] = chain.message.handle.map { KernelPlace($0) }
        for (part, handle) in chain.jumps {
            if let jump = part.jump(in: parent) { handles[jump] = KernelPlace(handle) }
        }
        let rules = try chain.rules.map {
            (message: $0, body: try Self.body($0, table), place: chain.place(of: $0))
        }
        try addRules(rules, to: object.id)
    }

    /// Whether a chain can become the stored one: only its policy can be changed.
    private func isSame(_ body: ChainBody, _ stored: StoredObject) -> Bool {
        guard var wantedBody = try? ChainBody(encoded: stored.body) else { return false }
        wantedBody.policy = body.policy
        return wantedBody == body
    }

    // MARK: Rules

    private static func body(
        _ rule: RuleMessage, _ table: KernelDump.Table
    ) throws(WireError) -> [UInt8] {
        try ForeignBody.rule(rule.body, sets: table.sets)
    }

    private typealias FoundRule = (message: RuleMessage, body: [UInt8], place: KernelPlace?)

    private mutating func addRules(_ rules: [FoundRule], to chain: ObjectID) throws {
        let matched = Self.inOrder(match(rules, in: chain), wanted)
        // Where strangers do not fit between two stored rules any more, all get keys that are further apart.
        let keys = keys(of: matched) ?? OrderKey.evenly(rules.count)
        for (index, rule) in rules.enumerated() {
            let object = StoredObject(
                id: matched[index] ?? takeID(), kind: .rule, parent: chain, orderKey: keys[index],
                body: rule.body)
            try ruleset.apply(.add(object))
            handles[object.id] = rule.place
        }
    }

    /// The keys of rules in order: those that stored ones have, and others between them; nil if there is no room.
    private func keys(of matched: [ObjectID?]) -> [OrderKey]? {
        let following = keys(behind: matched)
        var keys: [OrderKey] = []
        for (index, id) in matched.enumerated() {
            let stored = id.flatMap { wanted.object($0)?.orderKey }
            guard
                let key = stored
                    ?? OrderKey.between(keys.last, following[index], newer: .lower)
            else { return nil }
            keys.append(key)
        }
        return keys
    }

    /// For each rule, the key of the first stored one that comes after it.
    private func keys(behind matched: [ObjectID?]) -> [OrderKey?] {
        var keys = [OrderKey?](repeating: nil, count: matched.count)
        var next: OrderKey?
        for index in matched.indices.reversed() {
            keys[index] = next
            next = matched[index].flatMap { wanted.object($0)?.orderKey } ?? next
        }
        return keys
    }

    /// Which stored rule each of the kernel's is.
    private func match(_ rules: [FoundRule], in chain: ObjectID) -> [ObjectID?] {
        var byHandle: [Handle: ObjectID] = [:]
        for id in wanted.ruleIDs(of: chain) {
            if let place = known[id] { byHandle[place.handle] = id }
        }
        var free = Set(wanted.ruleIDs(of: chain))
        var matched = rules.map { rule -> ObjectID? in
            // A rule that names another id has the handle by chance: it is in another kernel than the one whose handles are known.
            guard let id = rule.message.handle.flatMap({ byHandle[$0] }),
                rule.message.identity.map({ $0 == id }) ?? true
            else { return nil }
            return free.remove(id)
        }
        for (index, rule) in rules.enumerated() where matched[index] == nil {
            matched[index] = rule.message.identity.flatMap { free.remove($0) }
        }
        // Of rules that say the same, each stored one is looked at once, however many the kernel has.
        var same: [[UInt8]: AnyIterator<ObjectID>] = [:]
        for (index, rule) in rules.enumerated() where matched[index] == nil {
            let ids =
                same[rule.body]
                ?? AnyIterator(wanted.ruleIDs(of: chain, body: rule.body).makeIterator())
            same[rule.body] = ids
            while matched[index] == nil, let id = ids.next() { matched[index] = free.remove(id) }
        }
        return matched
    }

    /// Keeps the longest run of matches that stand in the stored order; the others have been moved.
    private static func inOrder(_ matched: [ObjectID?], _ wanted: Ruleset) -> [ObjectID?] {
        // The last of the best run of each length, and for each match the one before it in its run.
        var ends: [(index: Int, key: OrderKey)] = []
        var previous = [Int?](repeating: nil, count: matched.count)
        for (index, id) in matched.enumerated() {
            guard let key = id.flatMap({ wanted.object($0)?.orderKey }) else { continue }
            var low = 0
            var high = ends.count
            while low < high {
                let middle = (low + high) / 2
                if ends[middle].key < key { low = middle + 1 } else { high = middle }
            }
            previous[index] = low > 0 ? ends[low - 1].index : nil
            if low == ends.count { ends.append((index, key)) } else { ends[low] = (index, key) }
        }
        var result = [ObjectID?](repeating: nil, count: matched.count)
        var current = ends.last?.index
        while let index = current {
            result[index] = matched[index]
            current = previous[index]
        }
        return result
    }

    // MARK: Comparing

    /// What has to change in the kernel for it to run the wanted version.
    var changes: [Change] {
        KernelImage.changes(from: ruleset, to: wanted)
    }

    /// What differs between two rulesets; `onlyIn` limits it to some tables.
    static func changes(
        from old: Ruleset, to new: Ruleset, onlyIn tables: Set<ObjectID>? = nil
    ) -> [Change] {
        var changes: [Change] = []
        // What stands in the place of one of them has another id.
        let names = Set(
            (tables ?? []).compactMap { old.object($0) ?? new.object($0) }.map { TableName($0) })
        func isMeant(_ object: StoredObject, _ ruleset: Ruleset) -> Bool {
            guard let tables else { return true }
            return ruleset.table(of: object).map {
                tables.contains($0.id) || names.contains(TableName($0))
            } ?? false
        }
        for object in new.allObjects where isMeant(object, new) {
            guard let there = old.object(object.id) else {
                changes.append(.add(object))
                continue
            }
            if there != object { changes.append(.modify(from: there, to: object)) }
        }
        for object in old.allObjects
        where new.object(object.id) == nil && isMeant(object, old) {
            changes.append(.delete(object))
        }
        return changes.inApplicationOrder()
    }
}
