import NetlinkProto
import RuleStore

/// The named sets that rules look things up in, each read once.
struct GuardSets {
    private struct Key: Hashable {
        let table: ObjectID
        let name: String
    }

    private var known: [Key: GuardSet?] = [:]

    /// How many elements are looked at; what a larger set holds is taken as not known.
    private static let elementLimit = 65_536

    /// A set with its elements; nil if they are not known, or change by themselves.
    mutating func find(_ name: String, of table: ObjectID?, in ruleset: Ruleset) -> GuardSet? {
        guard let table else { return nil }
        let key = Key(table: table, name: name)
        if let set = known[key] { return set }
        let set = GuardSets.read(name, of: table, in: ruleset)
        known[key] = .some(set)
        return set
    }

    private static func read(
        _ name: String, of table: ObjectID, in ruleset: Ruleset
    ) -> GuardSet? {
        guard let set = ruleset.child(of: table, kind: .set, name: name),
            let body = try? SetBody(encoded: set.body),
            body.flags.isDisjoint(with: [.timeout, .dynamic, .object])
        else { return nil }
        let stored = ruleset.elements(of: set.id)
        guard stored.count <= elementLimit else { return nil }
        let elements = stored.compactMap { try? SetElement(encoded: $0.body) }
        return elements.count == stored.count ? GuardSet(body: body, elements: elements) : nil
    }
}
