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
    /// What other programs changed since, in tables that they may change, stays where it does not touch the same objects. Where
    /// it does, all of it goes: the head may be what locks somebody out.
    /// - Returns: nil if nothing is left to be taken back.
    static func proposal(
        of confirmation: Confirmation, on head: VersionID, _ editor: RulesetEditor,
        _ store: RuleStore
    ) throws(Refusal) -> Proposal? {
        let own = try diff(store, from: confirmation.version, to: confirmation.fallback)
        if let proposal = try? proposal(confirmation, own, editor, isWhole: false) {
            return proposal.changes.isEmpty ? nil : proposal
        }
        let all = try diff(store, from: head, to: confirmation.fallback)
        let proposal = try proposal(confirmation, all, editor, isWhole: true)
        return proposal.changes.isEmpty ? nil : proposal
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
