import NetlinkProto
import RuleStore

/// Works out the version that takes back one that nobody confirmed.
enum Reversal {
    /// The audit log's words for it.
    static func audited(_ confirmation: Confirmation) -> AuditedRequest {
        AuditedRequest(
            peer: .daemon, action: "revert", scopes: [],
            message: "version \(confirmation.version) was not confirmed in time")
    }

    /// The proposal, on top of a head that an editor was made for.
    ///
    /// What other programs changed since, in tables that they may change, stays; but what the unconfirmed version changed is put
    /// back to what it was, whatever others did to it meanwhile: it may be what locks somebody out. Only where that does not
    /// fit together, as with a rule of theirs that jumps to a chain which goes, all of it goes. Nothing of it leaves the history.
    /// - Returns: nil if nothing is left to be taken back.
    static func proposal(
        of confirmation: Confirmation, on head: VersionID, _ editor: RulesetEditor,
        _ store: RuleStore
    ) throws(Refusal) -> Proposal? {
        let own = try diff(store, from: confirmation.version, to: confirmation.fallback)
        let all = try diff(store, from: head, to: confirmation.fallback)
        // Where rules have got other keys, what comes back under an old one would stand elsewhere.
        let parts = respaces(all, editor.ruleset) ? [] : [own, overriding(own, in: editor.ruleset)]
        for changes in parts {
            if let proposal = try? proposal(confirmation, changes, editor, isWhole: false) {
                return proposal.changes.isEmpty ? nil : proposal
            }
        }
        let proposal = try proposal(confirmation, all, editor, isWhole: true)
        return proposal.changes.isEmpty ? nil : proposal
    }

    private static func respaces(_ changes: [Change], _ head: Ruleset) -> Bool {
        var old = head
        guard (try? old.apply(changes)) != nil else { return false }
        return !RuleMoves(changes, from: head, to: old).respacedChains.isEmpty
    }

    /// The changes that put the same objects back whatever they are now, with what others put into those that go.
    private static func overriding(_ changes: [Change], in head: Ruleset) -> [Change] {
        var result: [ObjectID: Change] = [:]
        for change in changes {
            switch (head.object(change.id), change.after) {
            case (let now?, nil):
                for deletion in head.deletion(of: now) { result[deletion.id] = deletion }
            case (let now?, let after?):
                if now != after { result[change.id] = .modify(from: now, to: after) }
            case (nil, let after?): result[change.id] = .add(after)
            case (nil, nil): break
            }
        }
        return placed(result, in: head).inApplicationOrder()
    }

    /// The changes, with rules that come back put in front of one of others that stands in their place now.
    private static func placed(_ changes: [ObjectID: Change], in head: Ruleset) -> [Change] {
        var taken: [ObjectID: [OrderKey: Int]] = [:]
        return changes.values.map { change in
            guard case .add(var rule) = change, rule.kind == .rule, let chain = rule.parent,
                let key = rule.orderKey
            else { return change }
            if taken[chain] == nil {
                var keys: [OrderKey: Int] = [:]
                for (index, other) in head.rules(of: chain).enumerated()
                where changes[other.id] == nil {
                    if let key = other.orderKey { keys[key] = index }
                }
                taken[chain] = keys
            }
            guard let index = taken[chain]?[key] else { return change }
            rule.orderKey = head.orderKey(forRuleAt: index, of: chain) ?? key
            return .add(rule)
        }
    }

    private static func diff(
        _ store: RuleStore, from old: VersionID, to new: VersionID
    ) throws(Refusal) -> [Change] {
        do {
            return try store.diff(from: old, to: new)
        } catch {
            throw Refusal(error)
        }
    }

    private static func proposal(
        _ confirmation: Confirmation, _ changes: [Change], _ editor: RulesetEditor, isWhole: Bool
    ) throws(Refusal) -> Proposal {
        let head = editor.ruleset
        var editor = editor
        do {
            try editor.apply(changes)
        } catch {
            throw Refusal(any: error)
        }
        var audited = audited(confirmation)
        audited.scopes = changes.scopes(in: [head, editor.ruleset])
        var proposal = Proposal(
            editor, isWhole ? editor.knownChanges : try editor.changes(), kind: .revert,
            audited: audited)
        proposal.reverts = confirmation.version
        if isWhole { proposal.rolledBackTo = confirmation.fallback }
        return proposal
    }
}
