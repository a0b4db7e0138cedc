import HashTreeCollections

extension Ruleset {
    /// Applies one change.
    ///
    /// - Throws: ``RulesetError`` that names the object if the change does not fit; the ruleset is
    ///   then as it was.
    public mutating func apply(_ change: Change) throws(RulesetError) {
        switch change {
        case .add(let object):
            try checkAddition(object)
            link(object)
            objects[object.id] = object
        case .delete(let object):
            try checkDeletion(object)
            unlink(object)
            objects[object.id] = nil
        case .modify(let before, let after):
            try checkModification(before, after)
            unlink(before)
            do {
                try checkPlaceIsFree(after)
            } catch {
                link(before)
                throw error
            }
            link(after)
            objects[after.id] = after
        }
    }

    /// Applies the changes of a version or a diff: all of them, or none.
    ///
    /// Their order does not matter: children are deleted before their parents and added after them,
    /// and names or places that two objects swap are all freed before they are taken.
    /// - Parameter changes: at most one for each object.
    /// - Throws: ``RulesetError`` that names the first object that does not fit; the ruleset is
    ///   then as it was.
    public mutating func apply(_ changes: [Change]) throws(RulesetError) {
        if changes.count == 1 { return try apply(changes[0]) }
        var result = self
        let ordered = changes.inApplicationOrder()
        for change in ordered {
            if case .delete = change { try result.apply(change) }
        }
        try result.modifyTogether(ordered)
        for change in ordered {
            if case .add = change { try result.apply(change) }
        }
        self = result
    }

    private mutating func modifyTogether(_ changes: [Change]) throws(RulesetError) {
        for case .modify(let before, let after) in changes {
            try checkModification(before, after)
            unlink(before)
        }
        for case .modify(_, let after) in changes {
            try checkPlaceIsFree(after)
            link(after)
            objects[after.id] = after
        }
    }
}

// MARK: - Checks

extension Ruleset {
    func checkAddition(_ object: StoredObject) throws(RulesetError) {
        if let defect = object.defect { throw RulesetError(.malformed, object, defect) }
        if objects[object.id] != nil { throw RulesetError(.exists, object, "this id is in use") }
        if let parent = object.parent {
            guard let found = objects[parent], found.kind == object.kind.parentKind else {
                throw RulesetError(.noSuchObject, object, "its parent, id \(parent), is not there")
            }
        }
        try checkPlaceIsFree(object)
    }

    private func checkDeletion(_ object: StoredObject) throws(RulesetError) {
        try checkIsThere(object)
        for kind in ObjectKind.allCases where kind.parentKind == object.kind {
            let isEmpty =
                kind == .rule
                ? places[object.id] == nil : children[Family(parent: object.id, kind: kind)] == nil
            if !isEmpty { throw RulesetError(.notEmpty, object, "it still has a \(kind)") }
        }
    }

    private func checkModification(
        _ before: StoredObject, _ after: StoredObject
    ) throws(RulesetError) {
        if let defect = after.defect { throw RulesetError(.malformed, after, defect) }
        guard before.id == after.id, before.kind == after.kind, before.parent == after.parent,
            before.family == after.family, before.elementKey == after.elementKey
        else {
            throw RulesetError(
                .malformed, after, "id, kind, parent, family and element key cannot be altered")
        }
        try checkIsThere(before)
    }

    private func checkIsThere(_ object: StoredObject) throws(RulesetError) {
        guard let found = objects[object.id] else {
            throw RulesetError(.noSuchObject, object, "it is not there")
        }
        guard found == object else {
            throw RulesetError(.differs, object, "it is not what the change says it was")
        }
    }

    private func checkPlaceIsFree(_ object: StoredObject) throws(RulesetError) {
        if let name = Name(of: object), let owner = names[name] {
            throw RulesetError(.exists, object, "the name or key is that of id \(owner)")
        }
        guard let chain = object.parent, let key = object.orderKey, let rules = places[chain] else {
            return
        }
        let rank = rules.rank(of: RulePlace(key: key, id: ObjectID(rawValue: 0)))
        if rank < rules.count && rules[rank].key == key {
            throw RulesetError(.exists, object, "its place is that of rule \(rules[rank].id)")
        }
    }
}

// MARK: - Indexes

extension Ruleset {
    /// Enters an object in the indexes.
    private mutating func link(_ object: StoredObject) {
        if let name = Name(of: object) { names[name] = object.id }
        guard let chain = object.parent, let key = object.orderKey else {
            let family = Family(parent: object.parent, kind: object.kind)
            children[family].insert(object.id)
            return
        }
        let place = RulePlace(key: key, id: object.id)
        places.update(chain) { $0.insert(place) }
        bodies.insert(place, of: chain, body: object.body)
    }

    /// Takes an object out of the indexes.
    private mutating func unlink(_ object: StoredObject) {
        if let name = Name(of: object) { names[name] = nil }
        guard let chain = object.parent, let key = object.orderKey else {
            let family = Family(parent: object.parent, kind: object.kind)
            children[family].remove(object.id)
            return
        }
        let place = RulePlace(key: key, id: object.id)
        places.update(chain) { $0.remove(place) }
        bodies.remove(place, of: chain, body: object.body)
    }
}

extension Optional {
    /// Enters an element in a list, which is made if it is not there.
    fileprivate mutating func insert<Element>(_ element: Element)
    where Wrapped == SortedList<Element> {
        // Taken out meanwhile, so that nobody else has it and it need not be copied.
        var list = take() ?? SortedList()
        list.insert(element)
        self = list
    }

    /// Takes an element out of a list, which goes if it is empty then.
    fileprivate mutating func remove<Element>(_ element: Element)
    where Wrapped == SortedList<Element> {
        guard var list = take() else { return }
        list.remove(element)
        if !list.isEmpty { self = list }
    }
}
