import Glibc
import NetlinkProto
import RuleStore

// What edits of sets, elements, stateful objects and flowtables do. Their bodies are the client's affair: the kernel looks at them.
extension RulesetEditor {
    mutating func newSet(_ message: SetMessage, _ edit: Edit) throws(Refusal) {
        guard message.body.flags.isDisjoint(with: .anonymous) else {
            throw Refusal(EINVAL, "An anonymous set belongs to a rule and travels inside of it.")
        }
        try put(.set, message.name, message.family, message.table, message.body, edit)
    }

    mutating func newObject(_ message: ObjectMessage, _ edit: Edit) throws(Refusal) {
        let body: ObjectBody
        do {
            body = try ObjectBody(message)
        } catch {
            throw Refusal(EINVAL, "The object \(message.name) cannot be read: \(error).")
        }
        try put(.object, message.name, message.family, message.table, body, edit)
    }

    mutating func newFlowtable(_ message: FlowtableMessage, _ edit: Edit) throws(Refusal) {
        try put(.flowtable, message.name, message.family, message.table, message.body, edit)
    }

    /// Makes what is not there; the same again changes nothing.
    private mutating func put(
        _ kind: ObjectKind, _ name: String, _ family: NetlinkProto.Family, _ tableName: String,
        _ body: some AttributeBody, _ edit: Edit
    ) throws(Refusal) {
        let table = try self.table(family, tableName, edit)
        try checkName(name, "\(kind)", edit, attribute: 2)
        let bytes = try encoded(body)
        let old =
            if let stateful = body as? ObjectBody {
                ruleset.statefulObject(of: table.id, type: stateful.type, name: name)
            } else {
                ruleset.child(of: table.id, kind: kind, name: name)
            }
        if let old {
            if old.body == bytes, !edit.flags.contains(.exclusive) { return }
            throw Refusal(
                EEXIST,
                "There is already a \(kind) \(name) in table \(table.title); delete it first."
            )
        }
        try add(
            StoredObject(id: takeID(), kind: kind, parent: table.id, name: name, body: bytes), edit)
    }

    mutating func deleteSet(_ message: SetMessage, _ edit: Edit) throws(Refusal) {
        let set = try object(.set, message.name, message.family, message.table, edit)
        for element in Array(ruleset.elements(of: set.id)) { try delete(element, edit) }
        try delete(set, edit)
    }

    mutating func delete(
        _ kind: ObjectKind, _ name: String, _ family: NetlinkProto.Family, _ table: String,
        _ edit: Edit
    ) throws(Refusal) {
        try delete(try object(kind, name, family, table, edit), edit)
    }

    private func object(
        _ kind: ObjectKind, _ name: String, _ family: NetlinkProto.Family, _ tableName: String,
        _ edit: Edit
    ) throws(Refusal) -> StoredObject {
        let table = try self.table(family, tableName, edit)
        guard let object = ruleset.child(of: table.id, kind: kind, name: name) else {
            throw Refusal(ENOENT, "There is no \(kind) \(name) in table \(table.title).")
                .at(edit.sequence, offset: edit.offset(of: 2))
        }
        return object
    }

    // MARK: Elements

    mutating func newElements(_ message: SetElementMessage, _ edit: Edit) throws(Refusal) {
        let set = try object(.set, message.set, message.family, message.table, edit)
        let body = try setBody(set)
        for element in message.elements {
            guard ForeignBody.isContent(element, of: body) else {
                throw Refusal(
                    EOPNOTSUPP,
                    "Elements that expire are state and no part of a version."
                )
            }
            let bytes = try encoded(element.withoutState)
            if let old = ruleset.element(of: set.id, key: element.identity) {
                try modify(old, edit) { $0.body = bytes }
            } else {
                try add(
                    StoredObject(
                        id: takeID(), kind: .element, parent: set.id,
                        elementKey: element.identity, body: bytes), edit)
            }
        }
    }

    /// Deletes the elements that are named, or all.
    mutating func deleteElements(_ message: SetElementMessage, _ edit: Edit) throws(Refusal) {
        let set = try object(.set, message.set, message.family, message.table, edit)
        guard !message.elements.isEmpty else {
            for element in Array(ruleset.elements(of: set.id)) { try delete(element, edit) }
            return
        }
        for element in message.elements {
            guard let old = ruleset.element(of: set.id, key: element.identity) else {
                throw Refusal(
                    ENOENT, "An element to be deleted is not in set \(message.set).")
            }
            try delete(old, edit)
        }
    }

    private func setBody(_ set: StoredObject) throws(Refusal) -> SetBody {
        do {
            return try SetBody(encoded: set.body)
        } catch {
            throw Refusal(
                EIO, "The stored set \(set.name) is damaged: \(error).", outcome: .failed)
        }
    }
}
