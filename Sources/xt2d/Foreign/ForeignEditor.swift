import NetlinkProto
import RuleStore

/// Applies what another program did, as the kernel told it, to the ruleset that the kernel had before.
///
/// Pure: no I/O.
///
/// A value: throwing it away undoes everything. What it gives is the ruleset that the kernel has now, under the ids that its
/// objects had, and new ids for what is new.
struct ForeignEditor {
    /// The ruleset with the events so far.
    var ruleset: Ruleset
    /// Where its rules and chains live in the kernel.
    var handles: RuleHandles
    /// The next id to give away.
    var nextID: ObjectID
    /// What is to become of tables that others make under a name that is watched.
    let lapsed: [TableName: LapsedTable]

    private let base: Ruleset
    private var touched: Set<ObjectID> = []
    /// Anonymous sets of this commit, by table and the name that the kernel gave them.
    var anonymous: [ObjectID: [String: AnonymousSet]] = [:]
    /// Rules by handle, of chains that rules went from or came into.
    private var byHandle: [ObjectID: [Handle: ObjectID]] = [:]
    /// Chains of which a rule was looked for.
    private var asked: Set<ObjectID> = []
    /// Rules that were deleted in this commit: a replacement is a deletion and an addition under the same handle.
    private var gone: [ObjectID: [Handle: StoredObject]] = [:]
    /// Tables that were deleted in this commit.
    private var deleted: [TableName: LapsedTable] = [:]
    /// Rules whose neighbour has not been told of yet.
    private var waiting: [WaitingRule] = []

    private struct WaitingRule {
        let rule: RuleMessage
        let body: [UInt8]
        let chain: ObjectID
        let neighbour: Handle
    }

    /// Why events cannot be applied: the tables have to be read.
    struct Mismatch: Error {
        let message: String
    }

    /// The event is about a table that is not in the ruleset.
    struct NotWatched: Error {}

    init(
        _ ruleset: Ruleset, handles: RuleHandles, nextID: ObjectID,
        lapsed: [TableName: LapsedTable] = [:]
    ) {
        self.ruleset = ruleset
        base = ruleset
        self.handles = handles
        self.nextID = nextID
        self.lapsed = lapsed
    }

    /// Applies all events of one commit.
    ///
    /// - Throws: ``Mismatch`` if they do not fit the ruleset; the value must not be used after that.
    mutating func apply(_ messages: [[UInt8]]) throws(Mismatch) {
        do {
            for message in messages {
                guard let event = try KernelEvent(message) else { continue }
                do {
                    try apply(event)
                } catch is NotWatched {
                    continue
                }
            }
            try placeWaiting()
        } catch let error as Mismatch {
            throw error
        } catch let error as WireError {
            throw Mismatch(message: "an event cannot be read: \(error)")
        } catch let error as RulesetError {
            throw Mismatch(message: error.message)
        } catch {
            throw Mismatch(message: "\(error)")
        }
    }

    private mutating func apply(_ event: KernelEvent) throws {
        switch event {
        case .newTable(let table): try newTable(table)
        case .deleteTable(let table): try deleteTable(table)
        case .newChain(let chain): try newChain(chain)
        case .deleteChain(let chain): try deleteChain(chain)
        case .newRule(let rule, let appends): try newRule(rule, appends)
        case .deleteRule(let rule): try deleteRule(rule)
        case .newSet(let set): try newSet(set)
        case .deleteSet(let set): try deleteSet(set)
        case .newElements(let elements): try newElements(elements)
        case .deleteElements(let elements): try deleteElements(elements)
        case .newObject(let object): try newObject(object)
        case .deleteObject(let object): try deleteObject(object)
        case .newFlowtable(let flowtable): try newFlowtable(flowtable)
        case .deleteFlowtable(let flowtable): try deleteFlowtable(flowtable)
        }
    }

    /// What differs from the ruleset that this began with.
    var changes: [Change] {
        touched.sorted().compactMap { id -> Change? in
            switch (base.object(id), ruleset.object(id)) {
            case (nil, nil): nil
            case (nil, let after?): .add(after)
            case (let before?, nil): .delete(before)
            case (let before?, let after?):
                before == after ? nil : .modify(from: before, to: after)
            }
        }.inApplicationOrder()
    }

    // MARK: Changes

    mutating func apply(_ change: Change) throws(RulesetError) {
        try ruleset.apply(change)
        touched.insert(change.id)
        if change.after == nil { handles[change.id] = nil }
    }

    mutating func setBody(_ object: StoredObject, _ body: [UInt8]) throws(RulesetError) {
        guard object.body != body else { return }
        var changed = object
        changed.body = body
        try apply(.modify(from: object, to: changed))
    }

    mutating func takeID() -> ObjectID {
        defer { nextID = nextID.next }
        return nextID
    }

    func table(_ family: Family, _ name: String) throws(NotWatched) -> StoredObject {
        guard let table = ruleset.table(family: family.rawValue, name: name) else {
            throw NotWatched()
        }
        return table
    }

    // MARK: Tables

    private mutating func newTable(_ message: TableMessage) throws {
        let name = TableName(family: message.family.rawValue, name: message.name)
        if let table = ruleset.table(family: name.family, name: name.name) {
            var body = try TableBody(encoded: table.body)
            body.flags = message.body.flags
            return try setBody(table, try body.encoded())
        }
        // A table that was deleted and is made again is the same to its users.
        guard let old = lapsed[name] ?? deleted[name] else { throw NotWatched() }
        var body = message.body
        body.watch = old.watch
        let id = ruleset.object(old.id) == nil ? old.id : takeID()
        try apply(
            .add(
                StoredObject(
                    id: id, kind: .table, family: name.family, name: name.name,
                    body: try body.encoded())))
    }

    private mutating func deleteTable(_ message: TableMessage) throws {
        let table = try table(message.family, message.name)
        // The kernel told of all that was in it before.
        for set in Array(ruleset.children(of: table.id, kind: .set)) { try delete(set: set) }
        anonymous[table.id] = nil
        if let watch = table.watch {
            deleted[TableName(table)] = LapsedTable(id: table.id, watch: watch)
        }
        try apply(.delete(table))
    }

    // MARK: Chains

    private mutating func newChain(_ message: ChainMessage) throws {
        let table = try table(message.family, message.table)
        guard let name = message.name else { throw Mismatch(message: "a chain without a name") }
        if let chain = ruleset.child(of: table.id, kind: .chain, name: name) {
            return try update(chain, message)
        }
        if let chain = ruleset.children(of: table.id, kind: .chain).first(where: {
            handles[$0.id]?.handle == message.handle && message.handle != nil
        }) {
            return try rename(chain, to: name, in: table)
        }
        let id = takeID()
        handles[id] = message.handle.map { KernelPlace($0) }
        try apply(
            .add(
                StoredObject(
                    id: id, kind: .chain, parent: table.id, name: name,
                    body: try message.body.encoded())))
    }

    private mutating func update(_ chain: StoredObject, _ message: ChainMessage) throws {
        let stored = try ChainBody(encoded: chain.body)
        // Of a chain whose devices change, the kernel tells only those.
        guard stored.hook == message.body.hook else {
            throw Mismatch(message: "the devices of chain \(chain.name) have changed")
        }
        handles[chain.id] = message.handle.map { KernelPlace($0) }
        try setBody(chain, try message.body.encoded())
    }

    private mutating func rename(
        _ chain: StoredObject, to name: String, in table: StoredObject
    ) throws {
        let chains = ruleset.children(of: table.id, kind: .chain).map(\.id)
        for change in try ruleset.jumpChanges(
            in: table.id, [chain.name: name], chains: chains)
        {
            try apply(change)
        }
        var renamed = chain
        renamed.name = name
        try apply(.modify(from: chain, to: renamed))
    }

    private mutating func deleteChain(_ message: ChainMessage) throws {
        let table = try table(message.family, message.table)
        guard message.body.hook == nil, let name = message.name,
            let chain = ruleset.child(of: table.id, kind: .chain, name: name)
        else { throw Mismatch(message: "chain \(message.name ?? "") cannot be deleted") }
        byHandle[chain.id] = nil
        try apply(.delete(chain))
    }

    // MARK: Rules

    private func chain(of message: RuleMessage) throws -> StoredObject {
        let table = try table(message.family, message.table)
        guard let name = message.chain,
            let chain = ruleset.child(of: table.id, kind: .chain, name: name)
        else { throw Mismatch(message: "there is no chain \(message.chain ?? "")") }
        return chain
    }

    /// The rule with a handle; from the second question on, the rules of a chain are at hand by their handles.
    private mutating func rule(_ handle: Handle, in chain: ObjectID) -> ObjectID? {
        if asked.insert(chain).inserted {
            // What others do to a rule is most often done at the end.
            return ruleset.ruleIDs(of: chain).reversed().first { handles[$0]?.handle == handle }
        }
        if byHandle[chain] == nil {
            var rules: [Handle: ObjectID] = [:]
            for id in ruleset.ruleIDs(of: chain) {
                if let place = handles[id] { rules[place.handle] = id }
            }
            byHandle[chain] = rules
        }
        return byHandle[chain]?[handle]
    }

    private mutating func newRule(_ message: RuleMessage, _ appends: Bool) throws {
        let chain = try chain(of: message)
        guard let handle = message.handle, let table = chain.parent else {
            throw Mismatch(message: "a rule without a handle")
        }
        let body = try ForeignBody.rule(message.body, sets: anonymous[table] ?? [:])
        if let old = gone[chain.id]?.removeValue(forKey: handle) {
            var new = old
            new.body = body
            return try add(new, handle)
        }
        guard let neighbour = message.position else {
            // The kernel names no neighbour to the first and to the last rule. Which of them it is, is only sure while no rule that it
            // may have been placed by is gone.
            guard gone[chain.id]?.isEmpty ?? true || !hasRulesOfBefore(chain.id) else {
                throw Mismatch(
                    message: "a rule is the first or the last of chain \(chain.name)")
            }
            return try add(
                body, handle, at: appends ? ruleset.ruleCount(of: chain.id) : 0, of: chain.id)
        }
        guard let place = rule(neighbour, in: chain.id).flatMap({ ruleset.ruleIndex(of: $0) })
        else {
            waiting.append(
                WaitingRule(rule: message, body: body, chain: chain.id, neighbour: neighbour))
            return
        }
        try add(body, handle, at: place + 1, of: chain.id)
    }

    /// Whether a chain has rules that were there before this commit.
    private func hasRulesOfBefore(_ chain: ObjectID) -> Bool {
        ruleset.ruleIDs(of: chain).contains { base.object($0) != nil }
    }

    private mutating func add(
        _ body: [UInt8], _ handle: Handle, at index: Int, of chain: ObjectID
    ) throws {
        guard let key = try freeKey(at: index, of: chain) else {
            throw Mismatch(message: "no rule fits at index \(index)")
        }
        try add(
            StoredObject(id: takeID(), kind: .rule, parent: chain, orderKey: key, body: body),
            handle)
    }

    private mutating func freeKey(at index: Int, of chain: ObjectID) throws -> OrderKey? {
        if let key = ruleset.orderKey(forRuleAt: index, of: chain) { return key }
        let respacing = ruleset.respacing(at: index, of: chain)
        try ruleset.apply(respacing)
        touched.formUnion(respacing.map(\.id))
        return ruleset.orderKey(forRuleAt: index, of: chain)
    }

    private mutating func add(_ rule: StoredObject, _ handle: Handle) throws {
        guard let chain = rule.parent else { throw Mismatch(message: "a rule without a chain") }
        // The kernel gives no handle twice: to find it again means that this was taken in already.
        if byHandle[chain]?[handle] != nil { throw Mismatch(message: "a rule comes twice") }
        try apply(.add(rule))
        handles[rule.id] = KernelPlace(handle)
        byHandle[chain]?[handle] = rule.id
    }

    /// Places the rules whose neighbours came after them in the kernel's account.
    ///
    /// Why: the kernel names the rule in front as it stands at the end of the commit.
    private mutating func placeWaiting() throws {
        while !waiting.isEmpty {
            let rules = waiting
            waiting = []
            for entry in rules {
                guard let handle = entry.rule.handle,
                    let place = rule(entry.neighbour, in: entry.chain)
                        .flatMap({ ruleset.ruleIndex(of: $0) })
                else {
                    waiting.append(entry)
                    continue
                }
                try add(entry.body, handle, at: place + 1, of: entry.chain)
            }
            guard waiting.count < rules.count else {
                throw Mismatch(message: "a rule stands behind one that is not there")
            }
        }
    }

    private mutating func deleteRule(_ message: RuleMessage) throws {
        let chain = try chain(of: message)
        guard let handle = message.handle, let id = rule(handle, in: chain.id),
            let rule = ruleset.object(id)
        else { throw Mismatch(message: "a rule that is not there was deleted") }
        let bound = ruleset.changesBound(to: rule)
        try apply(.delete(rule))
        byHandle[chain.id]?[handle] = nil
        gone[chain.id, default: [:]][handle] = rule
        for change in bound {
            try apply(change)
            byHandle[change.id] = nil
        }
    }
}

/// A watched table that another program deleted: should one of its name be made again, it is watched as before.
struct LapsedTable: Sendable {
    let id: ObjectID
    /// How it is watched then: it is the other program's, so a rollback to the time before xt2 had it leaves it in the kernel.
    let watch: TableWatch

    init(id: ObjectID, watch: TableWatch) {
        self.id = id
        self.watch = TableWatch(watch.policy, isAdopted: true)
    }
}
