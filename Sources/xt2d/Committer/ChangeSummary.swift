import NetlinkProto
import RuleStore

/// What a version changes, in one line: `+1 -0 rules in inet filter input`.
///
/// Kept with the version, so that a list of versions needs no look at their changes.
enum ChangeSummary {
    /// The line; empty if nothing is changed.
    static func text(_ changes: [Change], from old: Ruleset, to new: Ruleset) -> String {
        ObjectKind.allCases.compactMap { kind in
            let some = changes.filter { $0.object.kind == kind }
            return some.isEmpty ? nil : text(of: some, kind, [new, old])
        }.joined(separator: ", ").prefixed(limit)
    }

    /// Names have up to 255 bytes; a summary has to fit a line.
    private static let limit = 500

    private static func text(
        of changes: [Change], _ kind: ObjectKind, _ rulesets: [Ruleset]
    ) -> String {
        if changes.count == 1, kind != .rule, kind != .element {
            return "\(sign(changes[0]))\(kind) \(name(of: changes[0].object, rulesets))"
        }
        let added = changes.count { $0.before == nil }
        let deleted = changes.count { $0.after == nil }
        let changed = changes.count - added - deleted
        let counts = "+\(added) -\(deleted)" + (changed > 0 ? " ~\(changed)" : "")
        return "\(counts) \(kind)s\(place(of: changes, kind, rulesets))"
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
        of changes: [Change], _ kind: ObjectKind, _ rulesets: [Ruleset]
    ) -> String {
        guard kind != .table else { return "" }
        let parents = Set(changes.compactMap { $0.object.parent })
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
