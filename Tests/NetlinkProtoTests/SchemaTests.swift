import Foundation
import NetlinkProto
import TestSupport
import Testing
import Yams

/// `schema/xt2.yaml` against the Swift constants, and against the form of the kernel's netlink
/// specifications.
@Suite struct SchemaTests {
    private let schema: Schema

    init() throws {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(
            contentsOf: root.appendingPathComponent("schema/xt2.yaml"), encoding: .utf8)
        schema = try YAMLDecoder().decode(Schema.self, from: text)
    }

    /// An attribute as Swift has it.
    struct Constant: Equatable {
        var name: String
        var value: UInt16
    }

    private static func constants<Attribute: RawRepresentable<UInt16> & CaseIterable>(
        _ type: Attribute.Type
    ) -> [Constant] {
        type.allCases.map { Constant(name: SchemaTests.kebab("\($0)"), value: $0.rawValue) }
    }

    /// `rolledBackTo` → `rolled-back-to`, `loginUID` → `login-uid`.
    private static func kebab(_ name: String) -> String {
        var text = ""
        var wasUpper = false
        for letter in name {
            if letter.isUppercase && !wasUpper { text += "-" }
            wasUpper = letter.isUppercase
            text += letter.lowercased()
        }
        return text
    }

    private static let bodies: [(set: String, constants: [Constant])] = [
        ("batch", constants(BatchOptions.Attribute.self)),
        ("version", constants(VersionMessage.Attribute.self)),
        ("change", constants(ChangeMessage.Attribute.self)),
        ("ruleset-request", constants(RulesetRequest.Attribute.self)),
        ("version-request", constants(VersionRequest.Attribute.self)),
        ("diff-request", constants(DiffRequest.Attribute.self)),
        ("rollback-request", constants(RollbackRequest.Attribute.self)),
        ("candidate", constants(CandidateMessage.Attribute.self)),
        ("audit-request", constants(AuditRequest.Attribute.self)),
        ("audit", constants(AuditMessage.Attribute.self)),
        ("audit-head", constants(AuditHeadMessage.Attribute.self)),
        ("session", constants(SessionMessage.Attribute.self)),
        ("verification", constants(VerificationMessage.Attribute.self)),
        ("status", constants(StatusMessage.Attribute.self)),
        ("confirm-request", constants(ConfirmRequest.Attribute.self)),
        ("tag", constants(TagMessage.Attribute.self)),
        ("blame-request", constants(BlameRequest.Attribute.self)),
        ("blame", constants(BlameMessage.Attribute.self)),
        ("prune-request", constants(PruneRequest.Attribute.self)),
        ("prune", constants(PruneMessage.Attribute.self)),
        ("check", constants(CheckMessage.Attribute.self)),
        ("reference", constants(ReferenceMessage.Attribute.self)),
        ("table-request", constants(TableRequest.Attribute.self)),
        ("check-request", constants(CheckRequest.Attribute.self)),
        ("import-request", constants(ImportRequest.Attribute.self)),
        ("outline-request", constants(OutlineRequest.Attribute.self)),
        ("outline", constants(OutlineMessage.Attribute.self)),
        (
            "extension",
            [
                Constant(name: "index", value: ExtensionAttribute.index),
                Constant(name: "sets", value: ExtensionAttribute.sets),
                Constant(name: "new-name", value: ExtensionAttribute.newName),
                Constant(name: "kernel-handle", value: ExtensionAttribute.kernelHandle),
                Constant(name: "elements", value: ExtensionAttribute.elements),
                Constant(name: "table-watch", value: ExtensionAttribute.tableWatch),
                Constant(name: "text", value: ExtensionAttribute.text),
            ]
        ),
        ("none", []),
    ]

    @Test func everyAttributeHasItsNumber() throws {
        let sets = schema.attributeSets
        #expect(sets.map(\.name).sorted() == SchemaTests.bodies.map(\.set).sorted())
        for (name, constants) in SchemaTests.bodies {
            let set = try #require(sets.first { $0.name == name })
            let found = set.attributes.map { Constant(name: $0.name, value: $0.value) }
            #expect(found == constants, "attribute set \(name)")
        }
    }

    /// The set of the schema that a body writes.
    private static func setName(_ body: any ControlBody) -> String {
        let type = "\(type(of: body))"
        for suffix in ["Message", "Options"] where type.hasSuffix(suffix) {
            return kebab(String(type.dropLast(suffix.count))).trimmingCharacters(in: ["-"])
        }
        return kebab(type).trimmingCharacters(in: ["-"])
    }

    /// Bytes on the wire against type and byte order in the schema and the value in Swift.
    @Test func everyAttributeHasItsType() throws {
        for body in ControlBodies.full {
            let set = try #require(
                schema.attributeSets.first { $0.name == SchemaTests.setName(body) }, "\(body)")
            var writer = MessageWriter()
            body.write(to: &writer)
            let written = RawAttributes(try writer.finish())
            let values = Dictionary(
                uniqueKeysWithValues: Mirror(reflecting: body).children.map {
                    (SchemaTests.kebab($0.label ?? ""), $0.value)
                })
            for attribute in set.attributes {
                let payloads = written.list.filter { $0.type == attribute.value }.map(\.payload)
                let value = try #require(values[attribute.name])
                #expect(
                    payloads == SchemaTests.payloads(of: value, attribute),
                    "\(set.name) \(attribute.name)")
            }
            #expect(Set(written.list.map(\.type)) == Set(set.attributes.map(\.value)))
        }
    }

    /// What the schema says a value looks like on the wire.
    private static func payloads(of value: Any, _ attribute: Schema.Attribute) -> [[UInt8]] {
        if attribute.multiple == true {
            return (value as? [String] ?? []).map { Array($0.utf8) + [0] }
        }
        switch (attribute.type, attribute.byteOrder) {
        case ("u8", nil): return (unwrapped(value) as? UInt8).map { [[$0]] } ?? []
        case ("u32", "big-endian"):
            return (unwrapped(value) as? UInt32).map { [bigEndian(UInt64($0), bytes: 4)] } ?? []
        case ("u64", "big-endian"):
            return (unwrapped(value) as? UInt64).map { [bigEndian($0, bytes: 8)] } ?? []
        case ("string", nil):
            return (unwrapped(value) as? String).map { [Array($0.utf8) + [0]] } ?? []
        case ("binary", nil): return (unwrapped(value) as? [UInt8]).map { [$0] } ?? []
        case ("flag", nil): return value as? Bool == true ? [[]] : []
        default: return []
        }
    }

    private static func unwrapped(_ value: Any) -> Any {
        let mirror = Mirror(reflecting: value)
        guard mirror.displayStyle == .optional else { return value }
        return mirror.children.first?.value ?? ()
    }

    private static func bigEndian(_ value: UInt64, bytes: Int) -> [UInt8] {
        (0..<bytes).reversed().map { UInt8(value >> (8 * UInt64($0)) & 0xFF) }
    }

    @Test func everyOperationHasItsNumber() {
        let found = schema.operations.list.map { "\($0.name) \($0.value)" }
        let types = ControlMessage.types.map { "\($0.name) \($0.rawValue)" }
        #expect(found == types)
        for type in ControlMessage.types { #expect(type.subsystem == ControlMessage.subsystem) }
        let sets = Set(schema.attributeSets.map(\.name))
        for operation in schema.operations.list {
            #expect(sets.contains(operation.attributeSet), "\(operation.name)")
        }
    }

    @Test func everyEnumerationHasItsNames() throws {
        let kinds = try #require(schema.definitions.first { $0.name == "version-kind" })
        let kindNames = (0..<5).map { VersionMessageKind(rawValue: UInt8($0)).name }
        #expect(kinds.entries == kindNames)
        #expect(kinds.start == nil)
        let states = try #require(schema.definitions.first { $0.name == "confirmation-state" })
        #expect(states.entries == (0..<3).map { ConfirmationState(rawValue: $0).name })
        #expect(ConfirmationState(rawValue: 3).name == "state 3")
        let objects = try #require(schema.definitions.first { $0.name == "object-kind" })
        let objectNames = (1...7).map { ObjectMessageKind(rawValue: UInt8($0)).name }
        #expect(objects.entries == objectNames)
        #expect(objects.start == 1)
        #expect(VersionMessageKind(rawValue: 5).name == "kind 5", "no more than the schema has")
        #expect(ObjectMessageKind(rawValue: 8).name == "kind 8")
        let subsystem = try #require(schema.definitions.first { $0.name == "subsystem" })
        #expect(subsystem.value == ControlMessage.subsystem)
    }

    /// Documentation/netlink/netlink-raw.yaml in the kernel's tree: names, types, headers.
    @Test func theFormIsThatOfTheKernelsSpecifications() throws {
        #expect(schema.protocol == "netlink-raw")
        #expect(schema.protonum == 12, "NETLINK_NETFILTER, whose headers these messages have")
        #expect(schema.operations.fixedHeader == "nfgenmsg")
        let header = try #require(schema.definitions.first { $0.name == "nfgenmsg" })
        #expect(header.type == "struct")
        #expect(header.members?.map(\.type) == ["u8", "u8", "u16"])
        let known: Set = ["u8", "u16", "u32", "u64", "string", "binary", "flag", "nest"]
        for set in schema.attributeSets {
            #expect(Set(set.attributes.map(\.name)).count == set.attributes.count)
            #expect(Set(set.attributes.map(\.value)).count == set.attributes.count)
            for attribute in set.attributes {
                #expect(attribute.name.allSatisfy { "abcdefghijklmnopqrstuvwxyz-".contains($0) })
                #expect(known.contains(attribute.type), "\(set.name) \(attribute.name)")
                #expect(attribute.value > 0 && attribute.value < 0x4000)
                #expect(!attribute.doc.isEmpty)
                let isWide = ["u16", "u32", "u64"].contains(attribute.type)
                #expect(
                    attribute.byteOrder == (isWide ? "big-endian" : nil),
                    "\(set.name) \(attribute.name)")
            }
        }
        for operation in schema.operations.list { #expect(!operation.doc.isEmpty) }
    }
}

/// The parts of a netlink specification that xt2 uses.
private struct Schema: Decodable {
    struct Definition: Decodable {
        struct Member: Decodable { let type: String }
        let name: String
        let type: String
        let value: UInt8?
        let start: Int?
        let entries: [String]?
        let members: [Member]?
        enum CodingKeys: String, CodingKey {
            case name, type, value, entries, members
            case start = "value-start"
        }
    }

    struct Attribute: Decodable {
        let name: String
        let type: String
        let value: UInt16
        let doc: String
        let byteOrder: String?
        let multiple: Bool?
        enum CodingKeys: String, CodingKey {
            case name, type, value, doc
            case byteOrder = "byte-order"
            case multiple = "multi-attr"
        }
    }

    struct AttributeSet: Decodable {
        let name: String
        let attributes: [Attribute]
    }

    struct Operations: Decodable {
        let fixedHeader: String
        let list: [Operation]
        enum CodingKeys: String, CodingKey {
            case fixedHeader = "fixed-header"
            case list
        }
    }

    struct Operation: Decodable {
        let name: String
        let value: UInt16
        let attributeSet: String
        let doc: String
        enum CodingKeys: String, CodingKey {
            case name, value, doc
            case attributeSet = "attribute-set"
        }
    }

    let `protocol`: String
    let protonum: Int
    let definitions: [Definition]
    let attributeSets: [AttributeSet]
    let operations: Operations
    enum CodingKeys: String, CodingKey {
        case `protocol`, protonum, definitions, operations
        case attributeSets = "attribute-sets"
    }
}
