import NetlinkProto
import RuleSyntax

/// How much a plan changes.
struct PlanCounts: Equatable {
    /// How many of one kind come, go and change.
    struct Changes: Equatable {
        var added = 0
        var deleted = 0
        var changed = 0

        /// `+1 -0 ~2 rules`.
        func text(_ noun: String) -> String { "+\(added) -\(deleted) ~\(changed) \(noun)" }
        var isEmpty: Bool { self == Changes() }

        /// Adds those of another part of the plan.
        mutating func add(_ other: Changes) {
            added += other.added
            deleted += other.deleted
            changed += other.changed
        }
    }

    var tables = Changes()
    var chains = Changes()
    var rules = Changes()
    /// Sets, stateful objects and flowtables.
    var objects = Changes()
    var elements = Changes()
    /// Rules that stay what they are, in another place.
    var moved = 0
    /// Rules that are not touched.
    var kept = 0
    /// How many rules there are that the file is about.
    var total = 0

    /// How many rules will not be there any more, though others may take their places.
    var removed: Int { rules.deleted + rules.changed }

    /// How many percent of the rules may go without being asked.
    static let percentLimit = 40

    /// Whether so much goes that the file may be the wrong one.
    var isDrastic: Bool { removed * 100 > total * PlanCounts.percentLimit }

    /// How many percent of the rules go, rounded.
    var percent: Int { total == 0 ? 0 : (removed * 100 + total / 2) / total }

    /// Takes in what is to be done with sets, stateful objects and flowtables.
    mutating func add(_ comparison: ObjectComparison) {
        objects.add(comparison.objects)
        elements.add(comparison.elements)
    }

    /// Takes in what is to be done with the rules of a chain.
    mutating func add(_ plan: ListPlan, of oldCount: Int) {
        total += oldCount
        kept += plan.kept
        for step in plan.steps {
            switch step {
            case .delete: rules.deleted += 1
            case .replace: rules.changed += 1
            case .insert: rules.added += 1
            case .move: moved += 1
            }
        }
    }

    /// One line.
    var text: String {
        let parts =
            (tables.isEmpty ? [] : [tables.text("tables")])
            + (chains.isEmpty ? [] : [chains.text("chains")])
            + (objects.isEmpty ? [] : [objects.text("sets and objects")])
            + (elements.isEmpty ? [] : [elements.text("elements")])
            + [rules.text("rules"), "\(moved) moved", "\(kept) kept"]
        return parts.joined(separator: ", ")
    }

    /// The counts by their names.
    var json: JSONValue {
        func value(_ changes: Changes) -> JSONValue {
            .object([
                ("added", .number(changes.added)), ("deleted", .number(changes.deleted)),
                ("changed", .number(changes.changed)),
            ])
        }
        return .object([
            ("tables", value(tables)), ("chains", value(chains)), ("rules", value(rules)),
            ("objects", value(objects)), ("elements", value(elements)),
            ("moved", .number(moved)), ("kept", .number(kept)),
        ])
    }
}
