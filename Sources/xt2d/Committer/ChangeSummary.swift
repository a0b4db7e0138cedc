import NetlinkProto
import RuleStore

/// What a version changes, in one line: `+1 -0 rules in inet filter input`.
///
/// Kept with the version, so that a list of versions needs no look at their changes.
enum ChangeSummary {
    /// The line; empty if nothing is changed.
    static func text(_ changes: [Change], from old: Ruleset, to new: Ruleset) -> String {
        var tallies: [ObjectKind: Tally] = [:]
        for change in changes.visible(from: old, to: new) {
            tallies[change.object.kind, default: Tally()].add(change)
        }
        return ObjectKind.allCases.compactMap { kind in
            tallies[kind].map { text(of: $0, kind, [new, old]) }
        }.joined(separator: ", ").prefixed(limit)
    }

    /// The changes of one kind, counted.
    private struct Tally {
        var added = 0
        var deleted = 0
        var changed = 0
        var parents: Set<ObjectID> = []
        /// One of them; the only one, where there is one.
        var sample: Change?

        mutating func add(_ change: Change) {
            switch change {
            case .add: added += 1
            case .delete: deleted += 1
            case .modify: changed += 1
            }
            // Most follow others of the same parent.
            let parent = change.object.parent
            if sample == nil || parent != sample?.object.parent, let parent {
                parents.insert(parent)
            }
            sample = change
        }
    }

    /// Names have up to 255 bytes; a summary has to fit a line.
    private static let limit = 500

    private static func text(
        of tally: Tally, _ kind: ObjectKind, _ rulesets: [Ruleset]
    ) -> String {
        let count = tally.added + tally.deleted + tally.changed
        if count == 1, kind != .rule, kind != .element, let change = tally.sample {
            return "\(sign(change))\(kind) \(name(of: change.object, rulesets))"
        }
        let counts =
            "+\(tally.added) -\(tally.deleted)" + (tally.changed > 0 ? " ~\(tally.changed)" : "")
        return "\(counts) \(kind)s\(place(of: tally.parents, kind, rulesets))"
    }

    private static func sign(_ change: Change) -> String {
        change.before == nil ? "+" : change.after == nil ? "-" : "~"
    }

    private static func name(of object: StoredObject, _ rulesets: [Ruleset]) -> String {
        guard let place = object.place(in: rulesets) else { return object.name }
        return object.kind == .table ? object.title : "\(place.table.title) \(object.name)"
    }

    /// Where rules are: their chain; else how many chains they are in.
    private static func place(
        of parents: Set<ObjectID>, _ kind: ObjectKind, _ rulesets: [Ruleset]
    ) -> String {
        guard kind != .table else { return "" }
        let objects = parents.compactMap { id in rulesets.lazy.compactMap { $0.object(id) }.first }
        if let parent = objects.first, objects.count == 1 {
            return " in \(name(of: parent, rulesets))"
        }
        let tables = Set(objects.compactMap { $0.kind == .table ? $0.id : $0.parent })
        let inTable =
            tables.count == 1
            ? tables.first.flatMap { id in rulesets.lazy.compactMap { $0.object(id) }.first } : nil
        guard let parentKind = objects.first?.kind, parentKind != .table else {
            return inTable.map { " in \($0.title)" } ?? ""
        }
        return " in \(objects.count) \(parentKind)s" + (inTable.map { " of \($0.title)" } ?? "")
    }
}

extension String {
    fileprivate func prefixed(_ limit: Int) -> String {
        count > limit ? prefix(limit - 1) + "…" : self
    }
}
