import NetlinkProto
import RuleStore

/// What the edits of a batch come to on the head, worked out while the rest of the batch is still on its way.
///
/// Worth something only if the head is the same when the batch is whole; else the edits are worked out again.
struct EditDraft: Sendable {
    /// The ruleset with the edits so far.
    private(set) var editor: RulesetEditor
    /// Why an edit cannot be made; those behind it were not tried.
    private(set) var refusal: Refusal?
    private let version: VersionID
    private let firstID: ObjectID

    init(_ base: EditingBase) {
        editor = RulesetEditor(base.ruleset, graph: base.graph, nextID: base.nextID)
        version = base.version
        firstID = base.nextID
    }

    /// Applies the next edit.
    mutating func apply(_ edit: Edit) {
        guard refusal == nil else { return }
        do {
            try editor.apply(edit)
        } catch {
            refusal = error
        }
    }

    /// The editor, if it was made on this version and its ids are free.
    ///
    /// - Throws: why an edit cannot be made.
    func editor(on version: VersionID, nextID: ObjectID) throws(Refusal) -> RulesetEditor? {
        guard version == self.version, nextID == firstID else { return nil }
        if let refusal { throw refusal }
        return editor
    }
}
