import NetlinkProto
import RuleSyntax

/// Counts changes chain by chain.
struct DiffStat {
    /// A chain, for rules; a table, for everything else.
    struct Place: Hashable {
        var family: UInt8
        var table: String
        var chain: String?
        var kind: UInt8

        var title: String {
            [Family(rawValue: family).name, table, chain].compactMap(\.self).joined(separator: " ")
        }
    }

    let place: Place
    var added = 0
    var deleted = 0
    var changed = 0

    /// The counts, in the order of families, tables and chains.
    static func of(_ changes: [ChangeMessage]) -> [DiffStat] {
        var stats: [Place: DiffStat] = [:]
        for change in changes {
            let isRule = ObjectMessageKind(rawValue: change.kind) == .rule
            let place = Place(
                family: change.family, table: change.table, chain: isRule ? change.name : nil,
                kind: change.kind)
            stats[place, default: DiffStat(place: place)].count(change)
        }
        return stats.values.sorted { key($0.place) < key($1.place) }
    }

    private static func key(_ place: Place) -> (UInt8, String, UInt8, String) {
        (place.family, place.table, place.kind, place.chain ?? "")
    }

    private mutating func count(_ change: ChangeMessage) {
        if change.before == nil {
            added += 1
        } else if change.after == nil {
            deleted += 1
        } else {
            changed += 1
        }
    }

    /// A line for each place, and one for all together.
    static func lines(_ changes: [ChangeMessage]) -> [String] {
        if changes.isEmpty { return ["no difference"] }
        let stats = of(changes)
        let width = stats.map(\.place.title.count).max() ?? 0
        let lines = stats.map { stat in
            "\(Column.left(stat.place.title, width))  +\(stat.added) -\(stat.deleted) ~\(stat.changed) "
                + ObjectMessageKind(rawValue: stat.place.kind).name + "s"
        }
        return lines + [Count.of(changes.count, "change")]
    }

    /// The keys of the counts.
    static func json(_ changes: [ChangeMessage]) -> JSONValue {
        .array(
            of(changes).map { stat in
                .object([
                    ("object", .string(ObjectMessageKind(rawValue: stat.place.kind).name)),
                    ("family", .string(Family(rawValue: stat.place.family).name)),
                    ("table", .string(stat.place.table)),
                    ("chain", .text(stat.place.chain)),
                    ("added", .number(stat.added)),
                    ("deleted", .number(stat.deleted)),
                    ("changed", .number(stat.changed)),
                ])
            })
    }
}
