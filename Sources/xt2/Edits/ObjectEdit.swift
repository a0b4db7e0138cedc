import NetlinkProto
import RuleSyntax

/// Edits of sets, elements, stateful objects and flowtables, whose bodies are bytes.
struct ObjectEdit {
    /// The table.
    var table: TableName
    /// What it is.
    var kind: SavedObject.Kind
    /// Its name.
    var name: String

    private var title: String { "\(kind.rawValue) \(table) \(name)" }

    /// Makes it.
    ///
    /// - Throws: ``WireError`` if the bytes are no body of such a thing.
    func add(_ body: [UInt8]) throws(WireError) -> Edit {
        let message: Edit.Message
        let type: MessageType
        switch kind {
        case .set:
            (message, type) = (.set(set(try SetBody(encoded: body))), .newSet)
        case .object:
            let object = try ObjectBody(encoded: body)
                .message(family: table.family, table: table.table, name: name)
            (message, type) = (.object(object), .newObject)
        case .flowtable:
            (message, type) = (
                .flowtable(flowtable(try FlowtableBody(encoded: body))), .newFlowtable
            )
        }
        return Edit(type: type, flags: .create, message: message, done: "\(title) added")
    }

    /// Deletes it, a set with its elements.
    func delete() -> Edit {
        let message: Edit.Message
        let type: MessageType
        switch kind {
        case .set: (message, type) = (.set(set(SetBody())), .deleteSet)
        case .object:
            let object = ObjectMessage(
                family: table.family, table: table.table, name: name, type: 0)
            (message, type) = (.object(object), .deleteObject)
        case .flowtable:
            (message, type) = (.flowtable(flowtable(FlowtableBody())), .deleteFlowtable)
        }
        return Edit(type: type, message: message, done: "\(title) deleted")
    }

    /// Adds elements to a set, or takes them away, in as many messages as it takes.
    func elements(_ elements: [SetElement], isAddition: Bool) -> [Edit] {
        SetElement.portions(of: elements).filter { !$0.isEmpty }.map { part in
            Edit(
                type: isAddition ? .newSetElement : .deleteSetElement,
                flags: isAddition ? .create : [],
                message: .elements(
                    SetElementMessage(
                        family: table.family, table: table.table, set: name, elements: Array(part))),
                done: "elements of \(title) \(isAddition ? "added" : "deleted")")
        }
    }

    private func set(_ body: SetBody) -> SetMessage {
        SetMessage(family: table.family, table: table.table, name: name, body: body)
    }

    private func flowtable(_ body: FlowtableBody) -> FlowtableMessage {
        FlowtableMessage(family: table.family, table: table.table, name: name, body: body)
    }
}

extension ObjectEdit {
    /// The set, stateful object or flowtable `[FAMILY] TABLE NAME`.
    init(_ kind: SavedObject.Kind, _ words: [String]) throws(CommandError) {
        let name = try PlaceWords.chain(words)
        self.init(table: name.table, kind: kind, name: name.chain)
    }

    /// Makes it, as `xt2 save` wrote it.
    func add(hex: String) throws(CommandError) -> Edit {
        try NewName.check(name, of: kind.rawValue)
        return try BodyAttributes.read(hex) { (bytes) throws(WireError) in try add(bytes) }
    }
}
