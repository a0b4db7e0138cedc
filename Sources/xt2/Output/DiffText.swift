import NetlinkProto
import RuleSyntax

/// Shows changes: a line each for tables and chains, and the rules of each chain under its name.
enum DiffText {
    /// The lines; one that says so if there is no change.
    static func lines(_ changes: [ChangeMessage]) -> [String] {
        if changes.isEmpty { return ["no difference"] }
        var lines: [String] = []
        var chain: String?
        for change in changes.sorted(by: precedes) {
            let text = ChangeText(change: change)
            if text.kind == .rule {
                let name = "\(text.family.name) \(change.table) \(change.name)"
                if name != chain { lines.append(name) }
                chain = name
                lines += rule(text)
            } else {
                chain = nil
                lines += object(text)
            }
        }
        return lines
    }

    /// Table by table; in a table, its own change first, then those of other objects, then rules by chain and position.
    private static func precedes(_ left: ChangeMessage, _ right: ChangeMessage) -> Bool {
        key(left) < key(right)
    }

    private static func key(
        _ change: ChangeMessage
    ) -> (UInt8, String, UInt8, String, UInt32, UInt64) {
        let isRule = ObjectMessageKind(rawValue: change.kind) == .rule
        let rank = isRule ? UInt8.max : change.kind
        let index = change.indexAfter ?? change.indexBefore ?? 0
        return (change.family, change.table, rank, change.name, index, change.id)
    }

    private static func object(_ text: ChangeText) -> [String] {
        let id = note(text.change.id)
        switch text.verb {
        case .added: return ["+ \(text.after ?? "")\(id)"]
        case .deleted: return ["- \(text.before ?? "")\(id)"]
        case .changed, .moved: return ["~ \(text.before ?? "")\(id)", "→ \(text.after ?? "")"]
        }
    }

    private static func rule(_ text: ChangeText) -> [String] {
        let id = note(text.change.id)
        let old = position(text.change.indexBefore)
        let new = position(text.change.indexAfter)
        switch text.verb {
        case .added: return ["+ \(new)  \(text.after ?? "")\(id)"]
        case .deleted: return ["- \(old)  \(text.before ?? "")\(id)"]
        case .moved: return ["~ \(old) → \(new)  \(text.after ?? "")\(id)"]
        case .changed:
            let width = max(old.count, new.count)
            return [
                "~ \(Column.right(old, width))  \(text.before ?? "")\(id)",
                "→ \(Column.right(new, width))  \(text.after ?? "")",
            ]
        }
    }

    /// What a plan would add has no id yet.
    private static func note(_ id: UInt64) -> String { id == 0 ? "" : "   # id \(id)" }

    private static func position(_ index: UInt32?) -> String {
        index.map { String(UInt64($0) + 1) } ?? "?"
    }
}
