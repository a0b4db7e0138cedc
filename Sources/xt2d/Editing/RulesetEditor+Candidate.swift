import RuleStore

// How the changes of a candidate are applied to a head that is newer than the one they were made on.
extension RulesetEditor {
    /// Applies one change of a candidate.
    ///
    /// A new rule whose place was taken meanwhile goes behind the one that took it; new rules that stood side by side in the
    /// candidate stay together. Later changes to such a rule follow it.
    /// - Throws: ``RulesetError`` if somebody else has touched what the change is about.
    mutating func applyStaged(_ change: Change) throws(RulesetError) {
        let before = ruleset
        var change = followed(change)
        do {
            try ruleset.apply(change)
        } catch {
            guard case .add(let rule) = change, let free = try freeKey(for: rule) else {
                throw error
            }
            displaced = (rule, free)
            newKeys[rule.id] = free
            change = followed(change)
            try ruleset.apply(change)
        }
        graph.apply(change, from: before, to: ruleset)
        note(change.id, nil)
    }

    /// The change with the place that its rule has now.
    private func followed(_ change: Change) -> Change {
        guard let key = newKeys[change.id] else { return change }
        func moved(_ rule: StoredObject) -> StoredObject {
            var rule = rule
            rule.orderKey = key
            return rule
        }
        return switch change {
        case .add(let rule): .add(moved(rule))
        case .delete(let rule): .delete(moved(rule))
        case .modify(let old, let new): .modify(from: moved(old), to: moved(new))
        }
    }

    /// A place for a rule whose own is taken: beside the last one that was displaced, else behind the one that is there.
    private mutating func freeKey(for rule: StoredObject) throws(RulesetError) -> OrderKey? {
        guard let chain = rule.parent, let key = rule.orderKey else { return nil }
        if let last = displaced, last.rule.parent == chain, let wanted = last.rule.orderKey,
            let index = ruleset.ruleIndex(of: last.rule.id)
        {
            return try freeKey(at: key > wanted ? index + 1 : index, of: chain)
        }
        return try freeKey(at: ruleset.ruleIndex(behind: key, of: chain), of: chain)
    }

    /// Applies changes of a candidate that only give rules of one chain other keys: together, since one may get the key that
    /// another had.
    ///
    /// - Throws: ``RulesetError`` if somebody else has touched one of the rules.
    mutating func applyRespacing(_ changes: [Change]) throws(RulesetError) {
        try ruleset.apply(changes.map { followed($0) })
        for change in changes { note(change.id, nil) }
    }
}
