import HashTreeCollections

extension Ruleset {
    /// Makes a ruleset of objects in any order.
    ///
    /// Why: building each chain's order once, sorted, is several times faster than inserting rule
    /// by rule.
    /// - Throws: ``RulesetError`` that names the first object that does not fit the others.
    public init(_ objects: [StoredObject]) throws(RulesetError) {
        self.init()
        let byKind = Dictionary(grouping: objects, by: \.kind)
        for kind in [ObjectKind.table, .chain, .set, .object, .flowtable, .element] {
            let ofKind = (byKind[kind] ?? []).sorted { $0.id < $1.id }
            for object in ofKind { try apply(.add(object)) }
        }
        try addRules(byKind[.rule] ?? [])
    }

    private mutating func addRules(_ rules: [StoredObject]) throws(RulesetError) {
        var chains: [ObjectID: [RulePlace]] = [:]
        for rule in rules {
            try checkAddition(rule)
            guard let chain = rule.parent, let key = rule.orderKey else { continue }
            objects[rule.id] = rule
            let place = RulePlace(key: key, id: rule.id)
            chains[chain, default: []].append(place)
            linkBody(place, BodyKey(chain: chain, body: rule.body))
        }
        for (chain, places) in chains { try setOrder(of: chain, places.sorted()) }
    }

    private mutating func setOrder(
        of chain: ObjectID, _ sorted: [RulePlace]
    ) throws(RulesetError) {
        for (one, other) in zip(sorted, sorted.dropFirst()) where one.key == other.key {
            throw RulesetError(
                .exists, objects[other.id, default: Self.absent],
                "its place is that of rule \(one.id)")
        }
        places[chain] = SortedList(ascending: sorted)
    }
}
