import NetlinkProto
import RuleStore

/// The changes between two rulesets, with both sides at hand to name what they are about.
struct RulesetDiff: Sendable {
    let changes: [Change]
    let old: Ruleset
    let new: Ruleset

    /// The changes that lead from one ruleset to the other; of those that only give a rule another key nobody is told.
    init(changes: [Change], old: Ruleset, new: Ruleset) {
        self.changes = changes.visible(from: old, to: new)
        self.old = old
        self.new = new
    }

    /// Loads the changes between two versions.
    static func load(
        _ store: RuleStore, from old: VersionID, to new: VersionID, head: Head
    ) throws(StoreError) -> RulesetDiff {
        let changes = try store.diff(from: old, to: new)
        // The ruleset of one side leads to the other by the changes themselves, so one is loaded at most.
        let later =
            try max(old, new) == head.version ? head.ruleset : store.loadRuleset(at: max(old, new))
        var earlier = later
        let backwards = old <= new ? changes.map(\.inverse) : changes
        do {
            try earlier.apply(backwards)
        } catch {
            throw StoreError(
                .corrupt,
                "the changes between versions \(old) and \(new) do not fit: \(error.message)")
        }
        return old <= new
            ? RulesetDiff(changes: changes, old: earlier, new: later)
            : RulesetDiff(changes: changes, old: later, new: earlier)
    }

    /// A change as it is told to clients; nil if what it belongs to is in neither side.
    func message(for change: Change) -> ChangeMessage? {
        let object = change.object
        guard let place = object.place(in: change.after == nil ? [old, new] : [new, old]) else {
            return nil
        }
        let before = change.before
        let renamed = before.map { $0.name != object.name } ?? false
        return ChangeMessage(
            kind: object.kind.rawValue, id: object.id.rawValue, family: place.table.family,
            table: place.table.name,
            name: object.kind == .rule
                ? place.chain?.name ?? "" : object.kind == .element ? place.set ?? "" : object.name,
            before: before?.body, after: change.after?.body,
            oldName: renamed ? before?.name : nil,
            indexBefore: before.flatMap { old.ruleIndex(of: $0.id) }.map { UInt32(clamping: $0) },
            indexAfter: change.after.flatMap { new.ruleIndex(of: $0.id) }
                .map { UInt32(clamping: $0) },
            set: object.kind == .element ? set(of: object)?.body : nil)
    }

    private func set(of element: StoredObject) -> StoredObject? {
        element.parent.flatMap { new.object($0) ?? old.object($0) }
    }
}
