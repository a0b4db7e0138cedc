import NetlinkProto
import RuleStore

// What others do to sets, elements, stateful objects and flowtables.
extension ForeignEditor {
    // MARK: Sets

    mutating func newSet(_ message: SetMessage) throws {
        let table = try table(message.family, message.table)
        if message.body.flags.contains(.anonymous) {
            anonymous[table.id, default: [:]][message.name] =
                AnonymousSet(body: message.body, elements: [])
            return
        }
        try put(
            .set, message.name, try message.body.encoded(), in: table,
            ruleset.child(of: table.id, kind: .set, name: message.name))
    }

    mutating func deleteSet(_ message: SetMessage) throws {
        let table = try table(message.family, message.table)
        // An anonymous set went with its rule.
        guard let set = ruleset.child(of: table.id, kind: .set, name: message.name) else { return }
        try delete(set: set)
    }

    mutating func delete(set: StoredObject) throws(RulesetError) {
        for element in Array(ruleset.elements(of: set.id)) { try apply(.delete(element)) }
        try apply(.delete(set))
    }

    mutating func newElements(_ message: SetElementMessage) throws {
        let table = try table(message.family, message.table)
        if anonymous[table.id]?[message.set] != nil {
            anonymous[table.id]?[message.set]?.elements += message.elements.map(\.withoutState)
            return
        }
        // Elements of an anonymous set that was there before cannot change.
        guard let set = ruleset.child(of: table.id, kind: .set, name: message.set) else {
            throw Mismatch(message: "there is no set \(message.set)")
        }
        let setBody = try SetBody(encoded: set.body)
        for element in message.elements where ForeignBody.isContent(element, of: setBody) {
            let key = element.identity
            let body = try element.withoutState.encoded()
            if let old = ruleset.element(of: set.id, key: key) {
                try self.setBody(old, body)
            } else {
                try apply(
                    .add(
                        StoredObject(
                            id: takeID(), kind: .element, parent: set.id, elementKey: key,
                            body: body)))
            }
        }
    }

    mutating func deleteElements(_ message: SetElementMessage) throws {
        let table = try table(message.family, message.table)
        guard let set = ruleset.child(of: table.id, kind: .set, name: message.set) else { return }
        for element in message.elements {
            // One that is not there was state.
            guard
                let old = ruleset.element(of: set.id, key: element.identity)
            else { continue }
            try apply(.delete(old))
        }
    }

    // MARK: Stateful objects

    mutating func newObject(_ message: ObjectMessage) throws {
        let table = try table(message.family, message.table)
        let old = ruleset.statefulObject(of: table.id, type: message.type, name: message.name)
        try put(.object, message.name, try ObjectBody(message).encoded(), in: table, old)
    }

    mutating func deleteObject(_ message: ObjectMessage) throws {
        let table = try table(message.family, message.table)
        guard
            let old = ruleset.statefulObject(of: table.id, type: message.type, name: message.name)
        else { return }
        try apply(.delete(old))
    }

    private mutating func put(
        _ kind: ObjectKind, _ name: String, _ body: [UInt8], in table: StoredObject,
        _ old: StoredObject?
    ) throws {
        if let old { return try setBody(old, body) }
        try apply(
            .add(
                StoredObject(
                    id: takeID(), kind: kind, parent: table.id, name: name, body: body)))
    }

    // MARK: Flowtables

    mutating func newFlowtable(_ message: FlowtableMessage) throws {
        let table = try table(message.family, message.table)
        let body = try message.body.encoded()
        let old = ruleset.child(of: table.id, kind: .flowtable, name: message.name)
        // Of one whose devices change, the kernel tells only those.
        if let old, old.body != body { throw otherDevices(message) }
        try put(.flowtable, message.name, body, in: table, old)
    }

    mutating func deleteFlowtable(_ message: FlowtableMessage) throws {
        let table = try table(message.family, message.table)
        guard let old = ruleset.child(of: table.id, kind: .flowtable, name: message.name)
        else { return }
        // With nothing but its name, all of it goes.
        let body = try message.body.encoded()
        guard body.isEmpty || body == old.body else { throw otherDevices(message) }
        try apply(.delete(old))
    }

    private func otherDevices(_ message: FlowtableMessage) -> Mismatch {
        Mismatch(message: "the devices of flowtable \(message.name) have changed")
    }
}
