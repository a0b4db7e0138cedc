import Glibc
import NetlinkProto
import RuleStore

/// Applies edits to a ruleset, one after the other, and gives the changes that they come to.
///
/// A value: the ruleset that it started from stays as it is, and throwing the editor away undoes everything. Each edit costs
/// what it changes, not what is there.
struct RulesetEditor {
    /// The ruleset with the edits so far.
    private(set) var ruleset: Ruleset
    /// Who jumps where, with the edits so far.
    private(set) var graph: ChainGraph
    /// The next id to give away.
    private(set) var nextID: ObjectID
    /// The rules that NEWRULE edits made or replaced, in order, by the edit's sequence number.
    private(set) var editedRules: [(sequence: SequenceNumber, id: ObjectID)] = []

    private let base: Ruleset
    /// Objects that were touched, in order, each with the last edit that did.
    private var touched: [ObjectID: SequenceNumber] = [:]
    private var noted: Set<ObjectID> = []
    private var order: [ObjectID] = []
    private let ownership: TableBody.Flags

    /// An editor on top of `ruleset`.
    ///
    /// - Parameter ownership: the flags of tables that the daemon owns on this kernel.
    init(_ ruleset: Ruleset, graph: ChainGraph, nextID: ObjectID, ownership: TableBody.Flags) {
        self.ruleset = ruleset
        self.base = ruleset
        self.graph = graph
        self.nextID = nextID
        self.ownership = ownership
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
            }
        } catch {
            throw error.at(edit.sequence)
        }
    }

    /// Applies changes that were worked out before, such as a diff to an older version.
    mutating func apply(_ changes: [Change]) throws(RulesetError) {
        try ruleset.apply(changes)
        for change in changes {
            graph.apply(change, from: base, to: ruleset)
            note(change.id, nil)
        }
    }

    /// Applies one change of a candidate; a new rule whose place was taken meanwhile goes behind the one that took it.
    mutating func applyStaged(_ change: Change) throws(RulesetError) {
        let before = ruleset
        do {
            try ruleset.apply(change)
        } catch {
            guard case .add(var rule) = change, let chain = rule.parent, let key = rule.orderKey,
                let free = ruleset.orderKey(behind: key, of: chain)
            else { throw error }
            rule.orderKey = free
            try ruleset.apply(.add(rule))
        }
        graph.apply(change, from: before, to: ruleset)
        note(change.id, nil)
    }

    /// The client's message that last touched an object.
    func sequence(for id: ObjectID) -> SequenceNumber? {
        touched[id]
    }

    /// The changes that all edits come to, checked as a whole.
    ///
    /// - Throws: ``Refusal`` for a jump to nowhere, a loop, or a rule that its hook cannot hold.
    func changes() throws(Refusal) -> [Change] {
        let changes = order.compactMap { id -> Change? in
            switch (base.object(id), ruleset.object(id)) {
            case (nil, nil): nil
            case (nil, let after?): .add(after)
            case (let before?, nil): .delete(before)
            case (let before?, let after?):
                before == after ? nil : .modify(from: before, to: after)
            }
        }
        let check = RulesetCheck(base: base, ruleset: ruleset, graph: graph)
        for change in changes {
            do {
                try check.check(change)
            } catch {
                throw touched[change.id].map { error.at($0) } ?? error
            }
        }
        return changes.inApplicationOrder()
    }

    // MARK: Tables

    private mutating func newTable(_ message: TableMessage, _ edit: Edit) throws(Refusal) {
        try checkTable(message, edit)
        var body = message.body
        if body.flags.contains(.owner) {
            body.flags = body.flags.subtracting([.owner, .persist]).union(ownership)
        }
        let bytes = try encoded(body)
        if let table = ruleset.table(family: message.family.rawValue, name: message.name) {
            if edit.flags.contains(.exclusive) {
                throw Refusal(
                    EEXIST, "There is already a table \(message.family.name) \(message.name).")
            }
            return try modify(table, edit) { $0.body = bytes }
        }
        try add(
            StoredObject(
                id: takeID(), kind: .table, family: message.family.rawValue, name: message.name,
                body: bytes), edit)
    }

    private func checkTable(_ message: TableMessage, _ edit: Edit) throws(Refusal) {
        guard Family.all.contains(message.family) else {
            throw Refusal(EAFNOSUPPORT, "There is no family number \(message.family.rawValue).")
        }
        try checkName(message.name, "table", edit, attribute: 1)
        if message.family == Marker.family && message.name == Marker.table {
            throw Refusal(EPERM, "The table inet xt2 is the daemon's own; choose another name.")
        }
        guard message.body.flags.contains(.owner) else {
            throw Refusal(
                EOPNOTSUPP,
                "Only tables with the policy 'owned' are in this release; leave --policy out.")
        }
    }

    private mutating func deleteTable(_ message: TableMessage, _ edit: Edit) throws(Refusal) {
        let table = try self.table(message.family, message.name, edit)
        for chain in Array(ruleset.children(of: table.id, kind: .chain)) {
            try deleteRules(of: chain.id, edit)
            try delete(chain, edit)
        }
        try delete(table, edit)
    }

    // MARK: Chains

    private mutating func newChain(_ message: ChainMessage, _ edit: Edit) throws(Refusal) {
        let table = try self.table(message.family, message.table, edit)
        guard let name = message.name else { throw Refusal(EINVAL, "A chain needs a name.") }
        guard let chain = ruleset.child(of: table.id, kind: .chain, name: name) else {
            guard edit.flags.contains(.create) else {
                throw unknownChain(name, table, edit)
            }
            try checkName(name, "chain", edit, attribute: 3)
            let body = try ChainCheck.canonical(message.body, family: message.family)
            return try add(
                StoredObject(
                    id: takeID(), kind: .chain, parent: table.id, name: name,
                    body: try encoded(body)), edit)
        }
        if edit.flags.contains(.exclusive) {
            throw Refusal(EEXIST, "There is already a chain \(name) in table \(table.title).")
        }
        if let newName = message.newName { return try rename(chain, to: newName, edit) }
        try update(chain, message, edit)
    }

    private mutating func update(
        _ chain: StoredObject, _ message: ChainMessage, _ edit: Edit
    ) throws(Refusal) {
        var body = try decoded(chain)
        if edit.flags.contains(.create) {
            var wanted = try ChainCheck.canonical(message.body, family: message.family)
            if message.body.policy == nil { wanted.policy = body.policy }
            guard wanted.hook == body.hook, wanted.type == body.type else {
                throw Refusal(
                    EEXIST,
                    "The chain \(chain.name) is there with another type, hook or priority; delete it first."
                )
            }
        }
        guard let policy = message.body.policy else { return }
        try ChainCheck.checkPolicy(policy, chain: chain.name, body: body)
        body.policy = policy
        let bytes = try encoded(body)
        try modify(chain, edit) { $0.body = bytes }
    }

    private mutating func rename(
        _ chain: StoredObject, to name: String, _ edit: Edit
    ) throws(Refusal) {
        try checkName(name, "chain", edit, attribute: ExtensionAttribute.newName)
        if name == chain.name { return }
        if let table = chain.parent, ruleset.child(of: table, kind: .chain, name: name) != nil {
            throw Refusal(EEXIST, "There is already a chain \(name).")
                .at(edit.sequence, offset: edit.offset(of: ExtensionAttribute.newName))
        }
        // Rules name chains, so those that jump here change with it; the kernel does its part by itself.
        for source in graph.sources(ofTarget: chain) {
            for rule in Array(ruleset.rules(of: source)) {
                try renameTarget(in: rule, from: chain.name, to: name, edit)
            }
        }
        try modify(chain, edit) { $0.name = name }
    }

    private mutating func renameTarget(
        in rule: StoredObject, from old: String, to new: String, _ edit: Edit
    ) throws(Refusal) {
        let body = try decodedRule(rule)
        guard body.targets.contains(old) else { return }
        let bytes = try encoded(body.renamingChains([old: new]))
        try modify(rule, edit) { $0.body = bytes }
    }

    private mutating func deleteChain(_ message: ChainMessage, _ edit: Edit) throws(Refusal) {
        let table = try self.table(message.family, message.table, edit)
        let chain = try self.chain(message.name, table, edit, attribute: 3)
        let count = ruleset.ruleCount(of: chain.id)
        guard count == 0 else {
            throw Refusal(
                EBUSY, "The chain \(chain.name) has \(count) rules; flush it first.")
        }
        try delete(chain, edit)
    }

    // MARK: Rules

    private mutating func newRule(_ message: RuleMessage, _ edit: Edit) throws(Refusal) {
        let table = try self.table(message.family, message.table, edit)
        let chain = try self.chain(message.chain, table, edit, attribute: 2)
        let body = try RuleCheck.canonical(message.body)
        if edit.flags.contains(.replace) {
            let rule = try self.rule(message, chain, edit)
            editedRules.append((edit.sequence, rule.id))
            return try modify(rule, edit) { $0.body = body }
        }
        guard edit.flags.contains(.create) else {
            throw Refusal(EINVAL, "NEWRULE needs NLM_F_CREATE or NLM_F_REPLACE.")
        }
        let index = try insertionIndex(message, chain, edit)
        guard let key = ruleset.orderKey(forRuleAt: index, of: chain.id) else {
            throw Refusal(
                ENOSPC,
                "No rule fits between the two rules at this place any more; replace one of them.")
        }
        let id = takeID()
        editedRules.append((edit.sequence, id))
        try add(
            StoredObject(id: id, kind: .rule, parent: chain.id, orderKey: key, body: body), edit)
    }

    /// How many rules are to stand in front of a new one.
    private func insertionIndex(
        _ message: RuleMessage, _ chain: StoredObject, _ edit: Edit
    ) throws(Refusal) -> Int {
        let count = ruleset.ruleCount(of: chain.id)
        let appends = edit.flags.contains(.append)
        if let position = message.position {
            let neighbour = try rule(
                ObjectID(rawValue: position.rawValue), chain, edit, attribute: 6)
            guard let index = ruleset.ruleIndex(of: neighbour.id) else {
                throw Refusal(ENOENT, "The rule \(neighbour.id) is gone.")
            }
            return appends ? index + 1 : index
        }
        guard let index = message.index else { return appends ? count : 0 }
        guard index <= count else {
            throw Refusal(
                ERANGE,
                "There is no position \(index &+ 1) in chain \(chain.name): it has \(count) rules, so the last position is \(count + 1)."
            ).at(edit.sequence, offset: edit.offset(of: ExtensionAttribute.index))
        }
        return Int(index)
    }

    private mutating func deleteRules(_ message: RuleMessage, _ edit: Edit) throws(Refusal) {
        let table = try self.table(message.family, message.table, edit)
        guard message.chain != nil else {
            for chain in Array(ruleset.children(of: table.id, kind: .chain)) {
                try deleteRules(of: chain.id, edit)
            }
            return
        }
        let chain = try self.chain(message.chain, table, edit, attribute: 2)
        if message.handle == nil && message.index == nil && message.body.isEmpty {
            return try deleteRules(of: chain.id, edit)
        }
        try delete(try rule(message, chain, edit), edit)
    }

    private mutating func deleteRules(of chain: ObjectID, _ edit: Edit) throws(Refusal) {
        for rule in Array(ruleset.rules(of: chain)) { try delete(rule, edit) }
    }

    /// The rule that a message names by id, by index, or by what it says.
    private func rule(
        _ message: RuleMessage, _ chain: StoredObject, _ edit: Edit
    ) throws(Refusal) -> StoredObject {
        if let handle = message.handle {
            return try rule(ObjectID(rawValue: handle.rawValue), chain, edit, attribute: 3)
        }
        if let index = message.index {
            guard let id = ruleset.ruleID(at: Int(index), of: chain.id),
                let rule = ruleset.object(id)
            else {
                let count = ruleset.ruleCount(of: chain.id)
                throw Refusal(
                    ERANGE,
                    "There is no rule \(index &+ 1) in chain \(chain.name): it has \(count) rules."
                ).at(edit.sequence, offset: edit.offset(of: ExtensionAttribute.index))
            }
            return rule
        }
        let body = try RuleCheck.canonical(message.body)
        guard let id = ruleset.ruleIDs(of: chain.id, body: body).first,
            let rule = ruleset.object(id)
        else {
            throw Refusal(
                ENOENT,
                "No rule like this is in chain \(chain.name); 'xt2 list' shows the rules that are.")
        }
        return rule
    }

    private func rule(
        _ id: ObjectID, _ chain: StoredObject, _ edit: Edit, attribute: UInt16
    ) throws(Refusal) -> StoredObject {
        guard let rule = ruleset.object(id), rule.kind == .rule, rule.parent == chain.id else {
            throw Refusal(
                ENOENT,
                "There is no rule \(id) in chain \(chain.name); 'xt2 list --ids' shows the ids that are."
            ).at(edit.sequence, offset: edit.offset(of: attribute))
        }
        return rule
    }

    // MARK: Look-up

    private func table(
        _ family: Family, _ name: String, _ edit: Edit
    ) throws(Refusal) -> StoredObject {
        guard let table = ruleset.table(family: family.rawValue, name: name) else {
            throw Refusal(
                ENOENT,
                "There is no table \(family.name) \(name); 'xt2 add table \(family.name) \(name)' makes one."
            ).at(edit.sequence, offset: edit.offset(of: 1))
        }
        return table
    }

    private func chain(
        _ name: String?, _ table: StoredObject, _ edit: Edit, attribute: UInt16
    ) throws(Refusal) -> StoredObject {
        guard let name else { throw Refusal(EINVAL, "A chain is missing.") }
        guard let chain = ruleset.child(of: table.id, kind: .chain, name: name) else {
            throw unknownChain(name, table, edit).at(
                edit.sequence, offset: edit.offset(of: attribute))
        }
        return chain
    }

    private func unknownChain(_ name: String, _ table: StoredObject, _ edit: Edit) -> Refusal {
        let names = ruleset.children(of: table.id, kind: .chain).prefix(8).map(\.name)
        let known = names.isEmpty ? "it has none" : "it has \(names.joined(separator: ", "))"
        return Refusal(ENOENT, "There is no chain \(name) in table \(table.title); \(known).")
    }

    private func checkName(
        _ name: String, _ kind: String, _ edit: Edit, attribute: UInt16
    ) throws(Refusal) {
        if name.isEmpty {
            throw Refusal(EINVAL, "The name of a \(kind) cannot be empty.")
                .at(edit.sequence, offset: edit.offset(of: attribute))
        }
    }

    // MARK: Changes

    private mutating func takeID() -> ObjectID {
        defer { nextID = nextID.next }
        return nextID
    }

    private mutating func add(_ object: StoredObject, _ edit: Edit) throws(Refusal) {
        try apply(.add(object), edit)
    }

    private mutating func delete(_ object: StoredObject, _ edit: Edit) throws(Refusal) {
        try apply(.delete(object), edit)
    }

    private mutating func modify(
        _ object: StoredObject, _ edit: Edit, _ body: (inout StoredObject) -> Void
    ) throws(Refusal) {
        var changed = object
        body(&changed)
        guard changed != object else { return }
        try apply(.modify(from: object, to: changed), edit)
    }

    private mutating func apply(_ change: Change, _ edit: Edit) throws(Refusal) {
        do {
            try ruleset.apply(change)
        } catch {
            throw Refusal(EINVAL, "\(error.message).")
        }
        graph.apply(change, from: ruleset, to: ruleset)
        note(change.id, edit.sequence)
    }

    private mutating func note(_ id: ObjectID, _ sequence: SequenceNumber?) {
        if noted.insert(id).inserted { order.append(id) }
        touched[id] = sequence
    }

    private func encoded(_ body: some AttributeBody) throws(Refusal) -> [UInt8] {
        do {
            return try body.encoded()
        } catch {
            throw Refusal(EMSGSIZE, "\(error)")
        }
    }

    private func decoded(_ chain: StoredObject) throws(Refusal) -> ChainBody {
        do {
            return try ChainBody(encoded: chain.body)
        } catch {
            throw Refusal(
                EIO, "The stored chain \(chain.name) is damaged: \(error).", outcome: .failed)
        }
    }

    private func decodedRule(_ rule: StoredObject) throws(Refusal) -> RuleBody {
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
