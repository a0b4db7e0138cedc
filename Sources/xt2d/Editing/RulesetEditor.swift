import Glibc
import NetlinkProto
import RuleStore

/// Applies edits to a ruleset, one after the other, and gives the changes that they come to.
///
/// A value: the ruleset that it started from stays as it is, and throwing the editor away undoes everything. Each edit costs
/// what it changes, not what is there.
struct RulesetEditor {
    /// The ruleset with the edits so far.
    var ruleset: Ruleset
    /// Who jumps where, with the edits so far.
    var graph: ChainGraph
    /// The next id to give away.
    private(set) var nextID: ObjectID
    /// The rules that NEWRULE edits made or replaced, in order, by the edit's sequence number.
    var editedRules: [(sequence: SequenceNumber, id: ObjectID)] = []

    private let base: Ruleset
    /// Objects that were touched, in order, each with the last edit that did.
    private var touched: [ObjectID: SequenceNumber?] = [:]
    private var order: [ObjectID] = []
    /// The chain of the last rule, which is likely to be that of the next.
    private var lastPlace: (family: Family, table: String, chain: StoredObject)?
    /// The last rule of a candidate whose place was taken, as the candidate has it, and the place that it got.
    var displaced: (rule: StoredObject, key: OrderKey)?
    /// What new rules begin to count from, where that is not 0, and policies, where that was said; no part of a version.
    private(set) var counters: [ObjectID: [CounterExpression]] = [:]
    /// Chains that were there and whose policies are to count from something else.
    private(set) var recounted: Set<ObjectID> = []
    /// What new and changed rules were read from, as their author says; no part of a version.
    private(set) var texts: [ObjectID: ContentDigest] = [:]
    /// Chains that went with the rules that they belonged to.
    private(set) var boundChains: Set<HeldName> = []
    /// Where rules of a candidate stand whose places were taken.
    var newKeys: [ObjectID: OrderKey] = [:]

    /// An editor on top of `ruleset`.
    init(_ ruleset: Ruleset, graph: ChainGraph, nextID: ObjectID) {
        self.ruleset = ruleset
        self.base = ruleset
        self.graph = graph
        self.nextID = nextID
    }

    /// Applies one edit.
    ///
    /// - Throws: ``Refusal`` that names the edit and the attribute; the editor must not be used after that.
    mutating func apply(_ edit: Edit) throws(Refusal) {
        do {
            switch edit.operation {
            case .newTable(let table): try newTable(table, edit)
            case .deleteTable(let table): try deleteTable(table, edit)
            case .newChain(let chain): try newChain(chain, edit)
            case .deleteChain(let chain): try deleteChain(chain, edit)
            case .newRule(let rule): try newRule(rule, edit)
            case .deleteRule(let rule): try deleteRules(rule, edit)
            case .newSet(let set): try newSet(set, edit)
            case .deleteSet(let set): try deleteSet(set, edit)
            case .newElements(let list): try newElements(list, edit)
            case .deleteElements(let list): try deleteElements(list, edit)
            case .newObject(let object): try newObject(object, edit)
            case .deleteObject(let object):
                try delete(.object, object.name, object.family, object.table, edit)
            case .newFlowtable(let table): try newFlowtable(table, edit)
            case .deleteFlowtable(let table):
                try delete(.flowtable, table.name, table.family, table.table, edit)
            }
        } catch {
            throw error.at(edit.sequence)
        }
    }

    /// Applies changes that were worked out before, such as a diff to an older version.
    mutating func apply(_ changes: [Change]) throws(RulesetError) {
        try ruleset.apply(changes)
        lastPlace = nil
        for change in changes {
            graph.apply(change, from: base, to: ruleset)
            note(change.id, nil)
        }
    }

    /// The client's message that last touched an object.
    func sequence(for id: ObjectID) -> SequenceNumber? {
        touched[id] ?? nil
    }

    /// The changes that all edits come to, in the order in which objects were touched; not checked.
    private var netChanges: [Change] {
        order.compactMap { id -> Change? in
            switch (base.object(id), ruleset.object(id)) {
            case (nil, nil): nil
            case (nil, let after?): .add(after)
            case (let before?, nil): .delete(before)
            case (let before?, let after?):
                before == after ? nil : .modify(from: before, to: after)
            }
        }
    }

    /// The changes that lead to a ruleset that the kernel has run before, so that they need no check.
    ///
    /// Why it matters: other programs may make what xt2 would refuse, such as a loop that no packet reaches.
    var knownChanges: [Change] { netChanges.inApplicationOrder() }

    /// The changes that all edits come to, checked as a whole.
    ///
    /// - Throws: ``Refusal`` for a jump to nowhere, a loop, or a rule that its hook cannot hold.
    func changes() throws(Refusal) -> [Change] {
        let changes = netChanges
        var check = RulesetCheck(ruleset: ruleset, graph: graph)
        // Rules first: what is wrong with a jump is wrong with its rule, even if the chain is new as well.
        let rules = changes.filter { $0.object.kind == .rule }
        for change in rules + changes.filter({ $0.object.kind != .rule }) {
            do {
                try check.check(change)
            } catch {
                throw sequence(for: change.id).map { error.at($0) } ?? error
            }
        }
        return changes.inApplicationOrder()
    }

    // MARK: Look-up

    /// The chain that a rule is to be in.
    mutating func place(of rule: RuleMessage, _ edit: Edit) throws(Refusal) -> StoredObject {
        if let last = lastPlace, last.family == rule.family, let name = rule.chain,
            last.table.utf8.elementsEqual(rule.table.utf8),
            last.chain.name.utf8.elementsEqual(name.utf8)
        {
            return last.chain
        }
        let table = try self.table(rule.family, rule.table, edit)
        let chain = try self.chain(rule.chain, table, edit, attribute: 2)
        lastPlace = (rule.family, rule.table, chain)
        return chain
    }

    func table(
        _ family: Family, _ name: String, _ edit: Edit
    ) throws(Refusal) -> StoredObject {
        guard let table = ruleset.table(family: family.rawValue, name: name) else {
            throw Refusal.noTable(TableName(family: family.rawValue, name: name), in: ruleset)
                .at(edit.sequence, offset: edit.offset(of: 1))
        }
        return table
    }

    func chain(
        _ name: String?, _ table: StoredObject, _ edit: Edit, attribute: UInt16
    ) throws(Refusal) -> StoredObject {
        guard let name else { throw Refusal(EINVAL, "A chain is missing.") }
        guard let chain = ruleset.child(of: table.id, kind: .chain, name: name) else {
            throw unknownChain(name, table, edit).at(
                edit.sequence, offset: edit.offset(of: attribute))
        }
        return chain
    }

    func unknownChain(_ name: String, _ table: StoredObject, _ edit: Edit) -> Refusal {
        let names = ruleset.children(of: table.id, kind: .chain).prefix(8).map(\.name)
        let known = names.isEmpty ? "it has none" : "it has \(names.joined(separator: ", "))"
        return Refusal(ENOENT, "There is no chain \(name) in table \(table.title); \(known).")
    }

    func checkName(
        _ name: String, _ kind: String, _ edit: Edit, attribute: UInt16
    ) throws(Refusal) {
        if name.isEmpty {
            throw Refusal(EINVAL, "The name of a \(kind) cannot be empty.")
                .at(edit.sequence, offset: edit.offset(of: attribute))
        }
    }

    // MARK: Changes

    /// Takes note of what a rule begins to count from.
    mutating func noteCounters(_ values: [CounterExpression], _ id: ObjectID) {
        if !values.isEmpty { counters[id] = values }
    }

    /// Takes note of what a chain's policy is to count from.
    ///
    /// - Throws: ``Refusal`` for a chain without a policy.
    mutating func noteCounters(
        of message: ChainMessage, _ chain: StoredObject, isNew: Bool, _ edit: Edit
    ) throws(Refusal) {
        guard let values = message.counters else { return }
        guard try decoded(chain).hook != nil else {
            throw Refusal(
                EOPNOTSUPP, "The chain \(chain.name) has no policy, which could count packets."
            ).at(edit.sequence, offset: edit.offset(of: 8))
        }
        counters[chain.id] = [values]
        if !isNew { recounted.insert(chain.id) }
    }

    /// Takes note of the text that a rule was read from.
    mutating func noteText(_ text: ContentDigest?, _ id: ObjectID) {
        texts[id] = text
    }

    mutating func takeID() -> ObjectID {
        defer { nextID = nextID.next }
        return nextID
    }

    mutating func add(_ object: StoredObject, _ edit: Edit) throws(Refusal) {
        try apply(.add(object), edit)
    }

    mutating func delete(_ object: StoredObject, _ edit: Edit) throws(Refusal) {
        // It may have gone with a rule that it belonged to.
        guard ruleset.object(object.id) != nil else { return }
        let bound = object.kind == .rule ? ruleset.changesBound(to: object) : []
        try apply(.delete(object), edit)
        try apply(bound: bound, edit)
    }

    /// Takes away chains that go with a rule.
    private mutating func apply(bound changes: [Change], _ edit: Edit) throws(Refusal) {
        for change in changes {
            if let place = change.object.place(in: [ruleset]), change.object.kind == .chain {
                boundChains.insert(
                    HeldName(table: place.table.id, kind: .chain, name: change.object.name))
            }
            try apply(change, edit)
        }
    }

    mutating func modify(
        _ object: StoredObject, _ edit: Edit, _ body: (inout StoredObject) -> Void
    ) throws(Refusal) {
        var changed = object
        body(&changed)
        guard changed != object else { return }
        let bound =
            object.kind == .rule ? ruleset.changesBound(to: object, but: changed.body) : []
        try apply(.modify(from: object, to: changed), edit)
        try apply(bound: bound, edit)
    }

    mutating func apply(_ change: Change, _ edit: Edit) throws(Refusal) {
        do {
            try ruleset.apply(change)
        } catch {
            throw Refusal(EINVAL, "\(error.message).")
        }
        graph.apply(change, from: ruleset, to: ruleset)
        if change.object.kind != .rule { lastPlace = nil }
        note(change.id, edit.sequence)
    }

    mutating func note(_ id: ObjectID, _ sequence: SequenceNumber?) {
        if touched.updateValue(sequence, forKey: id) == nil { order.append(id) }
    }

    func encoded(_ body: some AttributeBody) throws(Refusal) -> [UInt8] {
        do {
            return try body.encoded()
        } catch {
            throw Refusal(EMSGSIZE, "\(error)")
        }
    }

    func decoded(_ chain: StoredObject) throws(Refusal) -> ChainBody {
        do {
            return try ChainBody(encoded: chain.body)
        } catch {
            throw Refusal(
                EIO, "The stored chain \(chain.name) is damaged: \(error).", outcome: .failed)
        }
    }

    func decodedRule(_ rule: StoredObject) throws(Refusal) -> RuleBody {
        do {
            return try RuleBody(encoded: rule.body)
        } catch {
            throw Refusal(EIO, "The stored rule \(rule.id) is damaged: \(error).", outcome: .failed)
        }
    }
}

extension StoredObject {
    /// Family and name of a table, as people write it.
    var title: String { "\(Family(rawValue: family).name) \(name)" }
}
