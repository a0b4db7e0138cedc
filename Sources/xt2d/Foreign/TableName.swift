import NetlinkProto
import RuleStore

/// A table as programs name it.
struct TableName: Hashable, Sendable {
    let family: UInt8
    let name: String

    init(family: UInt8, name: String) {
        self.family = family
        self.name = name
    }

    /// The name of a stored table.
    init(_ table: StoredObject) {
        self.init(family: table.family, name: table.name)
    }

    /// As people write it.
    var title: String { "\(Family(rawValue: family).name) \(name)" }
}

extension Sequence<TableName> {
    /// As people write them, sorted; of more than `limit` only those, and how many more there are.
    func listed(atMost limit: Int) -> String {
        let titles = map(\.title).sorted()
        let shown = titles.prefix(limit).joined(separator: ", ")
        return titles.count > limit ? "\(shown) and \(titles.count - limit) more" : shown
    }
}

extension StoredObject {
    /// How xt2 treats others' changes to a table; nil if it owns it, or if this is no table.
    var watch: TableWatch? {
        kind == .table ? (try? TableBody(encoded: body))?.watch : nil
    }
}

extension Ruleset {
    /// The tables that others may change.
    var watchedTables: [StoredObject] { tables.filter { $0.watch != nil } }

    /// The table that an object is in, or is.
    func table(of object: StoredObject) -> StoredObject? {
        var current = object
        while let parent = current.parent {
            guard let next = self.object(parent) else { return nil }
            current = next
        }
        return current.kind == .table ? current : nil
    }
}
