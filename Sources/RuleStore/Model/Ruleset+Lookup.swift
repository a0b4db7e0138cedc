import HashTreeCollections

extension Ruleset {
    /// The object with an id, of any kind.
    public func object(_ id: ObjectID) -> StoredObject? {
        objects[id]
    }

    /// The table with a name in a family.
    public func table(family: UInt8, name: String) -> StoredObject? {
        names[.table(family: family, name: ExactText(name))].flatMap { objects[$0] }
    }

    /// The chain, set, object or flowtable with a name in a table.
    ///
    /// Stateful objects of different types may share a name; this finds the one that was made first.
    /// - Cost: O(1); for a stateful object as many steps as there are in the table.
    public func child(of table: ObjectID, kind: ObjectKind, name: String) -> StoredObject? {
        if kind == .object {
            let exact = ExactText(name)
            return children(of: table, kind: .object).first { ExactText($0.name) == exact }
        }
        return names[.child(parent: table, kind: kind, name: ExactText(name))].flatMap {
            objects[$0]
        }
    }

    /// The stateful object of a type (`NFT_OBJECT_*`) with a name in a table.
    public func statefulObject(of table: ObjectID, type: UInt32, name: String) -> StoredObject? {
        names[.stateful(table: table, type: type, name: ExactText(name))].flatMap { objects[$0] }
    }

    /// The element with a key in a set.
    public func element(of set: ObjectID, key: [UInt8]) -> StoredObject? {
        names[.element(set: set, key: key)].flatMap { objects[$0] }
    }

    /// All objects of all kinds, in no order.
    public var allObjects: some Sequence<StoredObject> {
        objects.values
    }

    /// The tables, in the order in which they were created.
    public var tables: some RandomAccessCollection<StoredObject> {
        objects(in: children[Family(parent: nil, kind: .table)])
    }

    /// The objects of one kind in a parent, in the order in which they were created.
    ///
    /// Rules have an order of their own: see ``rules(of:)``.
    public func children(of parent: ObjectID, kind: ObjectKind) -> some RandomAccessCollection<
        StoredObject
    > {
        objects(in: children[Family(parent: parent, kind: kind)])
    }

    /// The elements of a set, in the order in which they were created.
    public func elements(of set: ObjectID) -> some RandomAccessCollection<StoredObject> {
        children(of: set, kind: .element)
    }

    private func objects(
        in ids: SortedList<ObjectID>?
    ) -> some RandomAccessCollection<StoredObject> {
        (ids ?? SortedList()).lazy.map { objects[$0, default: Self.absent] }
    }

    // Never seen: the lists hold ids of objects that are there.
    static let absent = StoredObject(id: ObjectID(rawValue: 0), kind: .table)
}

// MARK: - The rules of a chain

extension Ruleset {
    /// The rules of a chain, in order.
    public func rules(of chain: ObjectID) -> some RandomAccessCollection<StoredObject> {
        ruleIDs(of: chain).lazy.map { objects[$0, default: Self.absent] }
    }

    /// The rules at some places of a chain, counted from 0, in order; as far as there are so many.
    ///
    /// Why: several times as fast as going through all of them one by one.
    public func rules(of chain: ObjectID, at indices: Range<Int>) -> [StoredObject] {
        guard let places = places[chain] else { return [] }
        return places.elements(at: indices).map { objects[$0.id, default: Self.absent] }
    }

    /// The ids of the rules of a chain, in order.
    public func ruleIDs(of chain: ObjectID) -> some RandomAccessCollection<ObjectID> {
        (places[chain] ?? SortedList()).lazy.map(\.id)
    }

    /// How many rules a chain has.
    public func ruleCount(of chain: ObjectID) -> Int {
        places[chain]?.count ?? 0
    }

    /// The id of the rule at an index of a chain, counted from 0; `nil` if there are not so many.
    public func ruleID(at index: Int, of chain: ObjectID) -> ObjectID? {
        guard let rules = places[chain], rules.indices.contains(index) else { return nil }
        return rules[index].id
    }

    /// The index of a rule in its chain, counted from 0; `nil` if there is no such rule.
    public func ruleIndex(of rule: ObjectID) -> Int? {
        guard let (chain, place) = place(of: rule) else { return nil }
        return places[chain]?.index(of: place)
    }

    /// The rules before and after a rule in its chain; `nil` where it is the first or last, or is
    /// not there.
    public func neighbours(of rule: ObjectID) -> (previous: ObjectID?, next: ObjectID?) {
        guard let chain = objects[rule]?.parent, let index = ruleIndex(of: rule) else {
            return (nil, nil)
        }
        return (ruleID(at: index - 1, of: chain), ruleID(at: index + 1, of: chain))
    }

    /// The ids of the rules of a chain with exactly this body, in order.
    ///
    /// - Cost: in proportion to how many of them are looked at; the first time after a load, to all rules, if
    ///   ``makeBodyIndex()`` has not been called.
    public func ruleIDs(of chain: ObjectID, body: [UInt8]) -> some Collection<ObjectID> {
        bodies.places(of: chain, body: body).lazy.map(\.id).filter { objects[$0]?.body == body }
    }

    /// An order key for a rule that is to stand at an index of a chain, counted from 0.
    ///
    /// - Returns: `nil` if there is no such index, or the place is worn out (see
    ///   ``OrderKey/between(_:_:newer:)``, ``respacing(at:of:)``).
    public func orderKey(forRuleAt index: Int, of chain: ObjectID) -> OrderKey? {
        guard let rules = places[chain] else { return index == 0 ? .initial : nil }
        guard index >= 0, index <= rules.count else { return nil }
        let lower = index > 0 ? rules[index - 1] : nil
        let upper = index < rules.count ? rules[index] : nil
        return OrderKey.between(lower?.key, upper?.key, newer: Self.newer(lower, upper))
    }

    private static func newer(_ lower: RulePlace?, _ upper: RulePlace?) -> OrderKey.NewerNeighbour {
        guard let lower else { return .upper }
        guard let upper else { return .lower }
        return lower.id > upper.id ? .lower : .upper
    }

    func place(of rule: ObjectID) -> (chain: ObjectID, place: RulePlace)? {
        guard let object = objects[rule], let chain = object.parent, let key = object.orderKey
        else {
            return nil
        }
        return (chain, RulePlace(key: key, id: rule))
    }
}

extension Ruleset {
    /// The index directly behind the place that `key` names, whether it is taken or not.
    public func ruleIndex(behind key: OrderKey, of chain: ObjectID) -> Int {
        places[chain]?.rank(of: RulePlace(key: key, id: ObjectID(rawValue: .max))) ?? 0
    }
}
