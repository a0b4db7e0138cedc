import ArgumentParser
import NetlinkProto
import RuleSyntax

/// What adding a set, an element, a stateful object or a flowtable is told: all of it as bytes.
struct AttributesOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("All attributes in hex, as 'xt2 save' writes them.", valueName: "hex"))
    var attributes: String

    @Argument(
        help: ArgumentHelp("[FAMILY] TABLE NAME", valueName: "words"),
        completion: .list(Family.all.map(\.name)))
    var words: [String]

}

/// `xt2 add set`.
struct AddSet: EditCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Add a set or map, as 'xt2 save' wrote it.",
        usage: "xt2 add set --attributes HEX [OPTIONS] [FAMILY] TABLE SET",
        discussion: """
              xt2 add set --attributes 0800030000000000… inet filter blocked
              xt2 add set --tx 3 --attributes 0800030000000000… filter blocked
            """)

    @OptionGroup var what: AttributesOptions
    @OptionGroup var options: EditOptions

    func edit() throws -> Edit {
        try ObjectEdit(.set, what.words).add(hex: what.attributes)
    }
}

/// `xt2 add element`.
struct AddElement: EditCommand {
    static let configuration = CommandConfiguration(
        commandName: "element",
        abstract: "Add an element to a set or map, as 'xt2 save' wrote it.",
        usage: "xt2 add element --attributes HEX [OPTIONS] [FAMILY] TABLE SET",
        discussion: """
              xt2 add element --attributes 0c00018008000100c0000201 inet filter blocked
              xt2 add element --tx 3 --attributes 0c00018008000100c0000202 filter blocked
            """)

    @OptionGroup var what: AttributesOptions
    @OptionGroup var options: EditOptions

    func edit() throws -> Edit { try AddElement.edit(what.words, hex: what.attributes) }

    /// The edit that adds an element to the set `[FAMILY] TABLE SET`.
    static func edit(_ words: [String], hex: String) throws(CommandError) -> Edit {
        let name = try PlaceWords.chain(words)
        let element = try BodyAttributes.read(hex, SetElement.self)
        return Edit(
            type: .newSetElement, flags: .create,
            message: .elements(
                SetElementMessage(
                    family: name.table.family, table: name.table.table, set: name.chain,
                    elements: [element])),
            done: "element of set \(name) added")
    }
}

/// `xt2 add object`.
struct AddObject: EditCommand {
    static let configuration = CommandConfiguration(
        commandName: "object",
        abstract: "Add a counter, quota, helper or the like, as 'xt2 save' wrote it.",
        usage: "xt2 add object --attributes HEX [OPTIONS] [FAMILY] TABLE OBJECT",
        discussion: """
              xt2 add object --attributes 080003000000000104000480 inet filter hits
              xt2 add object --tx 3 --attributes 080003000000000104000480 ip nat hits
            """)

    @OptionGroup var what: AttributesOptions
    @OptionGroup var options: EditOptions

    func edit() throws -> Edit {
        try ObjectEdit(.object, what.words).add(hex: what.attributes)
    }
}

/// `xt2 add flowtable`.
struct AddFlowtable: EditCommand {
    static let configuration = CommandConfiguration(
        commandName: "flowtable",
        abstract: "Add a flowtable, as 'xt2 save' wrote it.",
        usage: "xt2 add flowtable --attributes HEX [OPTIONS] [FAMILY] TABLE FLOWTABLE",
        discussion: """
              xt2 add flowtable --attributes 1c00038008000100… inet filter fast
              xt2 add flowtable --tx 3 --attributes 1c00038008000100… ip nat fast
            """)

    @OptionGroup var what: AttributesOptions
    @OptionGroup var options: EditOptions

    func edit() throws -> Edit {
        try ObjectEdit(.flowtable, what.words).add(hex: what.attributes)
    }
}

/// What names a set, a stateful object or a flowtable.
struct ObjectWords: ParsableArguments {
    @Argument(
        help: ArgumentHelp("[FAMILY] TABLE NAME", valueName: "words"),
        completion: .list(Family.all.map(\.name)))
    var words: [String]
}

/// `xt2 delete set`.
struct DeleteSet: EditCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Delete a set or map with its elements, if no rule uses it.",
        usage: "xt2 delete set [OPTIONS] [FAMILY] TABLE SET",
        discussion: """
              xt2 delete set inet filter blocked
              xt2 delete set -m 'no longer used' ip nat inner
            """)

    @OptionGroup var what: ObjectWords
    @OptionGroup var options: EditOptions

    func edit() throws -> Edit { try ObjectEdit(.set, what.words).delete() }
}

/// `xt2 delete object`.
struct DeleteObject: EditCommand {
    static let configuration = CommandConfiguration(
        commandName: "object",
        abstract: "Delete a counter, quota, helper or the like, if nothing uses it.",
        usage: "xt2 delete object [OPTIONS] [FAMILY] TABLE OBJECT",
        discussion: """
              xt2 delete object inet filter hits
              xt2 delete object -m 'no longer used' ip nat hits
            """)

    @OptionGroup var what: ObjectWords
    @OptionGroup var options: EditOptions

    func edit() throws -> Edit { try ObjectEdit(.object, what.words).delete() }
}

/// `xt2 delete flowtable`.
struct DeleteFlowtable: EditCommand {
    static let configuration = CommandConfiguration(
        commandName: "flowtable",
        abstract: "Delete a flowtable, if no rule uses it.",
        usage: "xt2 delete flowtable [OPTIONS] [FAMILY] TABLE FLOWTABLE",
        discussion: """
              xt2 delete flowtable inet filter fast
              xt2 delete flowtable --tx 3 ip nat fast
            """)

    @OptionGroup var what: ObjectWords
    @OptionGroup var options: EditOptions

    func edit() throws -> Edit { try ObjectEdit(.flowtable, what.words).delete() }
}
