import Glibc
import NetlinkProto
import RuleStore

// What edits of rules do.
extension RulesetEditor {
    mutating func newRule(_ message: RuleMessage, _ edit: Edit) throws(Refusal) {
        let table = try self.table(message.family, message.table, edit)
        let chain = try self.chain(message.chain, table, edit, attribute: 2)
        let body = try RuleCheck.canonical(message.body)
        if edit.flags.contains(.replace) {
            let rule = try self.rule(message, chain, edit)
            editedRules.append((edit.sequence, rule.id))
            noteCounters(of: message.body, rule.id)
            noteText(message.text, rule.id)
            let key = try movedKey(of: rule, message, chain, edit)
            return try modify(rule, edit) {
                $0.body = body
                $0.orderKey = key
            }
        }
        guard edit.flags.contains(.create) else {
            throw Refusal(EINVAL, "NEWRULE needs NLM_F_CREATE or NLM_F_REPLACE.")
        }
        let index = try insertionIndex(message, chain, edit)
        let key = try orderKey(at: index, chain)
        let id = takeID()
        editedRules.append((edit.sequence, id))
        noteCounters(of: message.body, id)
        noteText(message.text, id)
        try add(
            StoredObject(id: id, kind: .rule, parent: chain.id, orderKey: key, body: body), edit)
    }

    private func orderKey(
        at index: Int, _ chain: StoredObject
    ) throws(Refusal) -> OrderKey {
        guard let key = ruleset.orderKey(forRuleAt: index, of: chain.id) else {
            throw Refusal(
                ENOSPC,
                "No rule fits between the two rules at this place any more; replace one of them.")
        }
        return key
    }

    /// Where a rule that is replaced stands then: where it stood, unless the message has a place for it.
    private func movedKey(
        of rule: StoredObject, _ message: RuleMessage, _ chain: StoredObject, _ edit: Edit
    ) throws(Refusal) -> OrderKey? {
        guard message.position != nil || edit.flags.contains(.append) else { return rule.orderKey }
        var place = message
        place.index = nil
        let index = try insertionIndex(place, chain, edit)
        guard let current = ruleset.ruleIndex(of: rule.id), index != current,
            index != current + 1
        else { return rule.orderKey }
        return try orderKey(at: index, chain)
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

    mutating func deleteRules(_ message: RuleMessage, _ edit: Edit) throws(Refusal) {
        let table = try self.table(message.family, message.table, edit)
        guard message.chain != nil else {
            for chain in Array(ruleset.children(of: table.id, kind: .chain)) {
                try deleteRules(of: chain.id, edit)
            }
            return
        }
        let name = HeldName(table: table.id, kind: .chain, name: message.chain ?? "")
        if boundChains.contains(name) { return }
        let chain = try self.chain(message.chain, table, edit, attribute: 2)
        if message.handle == nil && message.index == nil && message.body.isEmpty {
            return try deleteRules(of: chain.id, edit)
        }
        try delete(try rule(message, chain, edit), edit)
    }

    mutating func deleteRules(of chain: ObjectID, _ edit: Edit) throws(Refusal) {
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
}
