import NetlinkProto
import RuleStore

/// A change of a candidate, as bytes: one netlink message of type `new-change` that only the store keeps.
///
/// - Shape: ID (1, be64), KIND (2), PARENT (3, be64), FAMILY (4), then for the side before NAME (5), ORDER_KEY (6), BODY (7),
///   and for the side after NAME (8), ORDER_KEY (9), BODY (10), in pieces where it is long. A side without BODY is not there.
///   ELEMENT_KEY (11) of elements.
enum ChangeCodec {
    /// The message for a change.
    static func encode(_ change: Change) throws(WireError) -> [UInt8] {
        var writer = MessageWriter()
        writer.message(MessageHeader(type: .newChange)) { writer in
            writer.netfilterHeader(family: Family(rawValue: change.object.family))
            writer.attribute(1, uint64: change.id.rawValue)
            writer.attribute(2, uint8: change.object.kind.rawValue)
            if let parent = change.object.parent { writer.attribute(3, uint64: parent.rawValue) }
            writer.attribute(4, uint8: change.object.family)
            let key = change.object.elementKey
            if !key.isEmpty { writer.attribute(11, bytes: key) }
            if let before = change.before { write(before, from: 5, to: &writer) }
            if let after = change.after { write(after, from: 8, to: &writer) }
        }
        return try writer.finish()
    }

    private static func write(
        _ object: StoredObject, from type: UInt16, to writer: inout MessageWriter
    ) {
        writer.attribute(type, string: object.name)
        if let key = object.orderKey { writer.attribute(type + 1, bytes: key.bytes) }
        writer.body(type + 2, object.body)
    }

    /// The change in a message.
    ///
    /// - Throws: ``WireError`` if the database holds something else.
    static func decode(_ bytes: [UInt8]) throws(WireError) -> Change {
        var messages = MessageReader(bytes.span.bytes)
        guard let view = try messages.next() else { throw WireError(.truncated, "an empty change") }
        var parts = Parts()
        var attributes = try view.attributes()
        while let attribute = try attributes.next() { try parts.read(attribute) }
        switch (try parts.object(parts.before), try parts.object(parts.after)) {
        case (let before?, let after?): return .modify(from: before, to: after)
        case (let before?, nil): return .delete(before)
        case (nil, let after?): return .add(after)
        case (nil, nil): throw WireError(.missingAttribute, "a change without a body")
        }
    }

    private struct Side {
        var name = ""
        var key: OrderKey?
        var body: [UInt8]?
    }

    private struct Parts {
        var id: UInt64?
        var kind: ObjectKind?
        var parent: UInt64?
        var family: UInt8 = 0
        var elementKey: [UInt8] = []
        var before = Side()
        var after = Side()

        mutating func read(_ attribute: borrowing Attribute) throws(WireError) {
            switch attribute.type {
            case 1: id = try attribute.uint64()
            case 2: kind = ObjectKind(rawValue: try attribute.uint8())
            case 3: parent = try attribute.uint64()
            case 4: family = try attribute.uint8()
            case 5: before.name = try attribute.string()
            case 6: before.key = OrderKey(bytes: attribute.bytes())
            case 7: before.body = (before.body ?? []) + attribute.bytes()
            case 8: after.name = try attribute.string()
            case 9: after.key = OrderKey(bytes: attribute.bytes())
            case 10: after.body = (after.body ?? []) + attribute.bytes()
            case 11: elementKey = attribute.bytes()
            default: throw attribute.fault(.unrecognised, "not an attribute of a stored change")
            }
        }

        func object(_ side: Side) throws(WireError) -> StoredObject? {
            guard let body = side.body else { return nil }
            guard let id, let kind else {
                throw WireError(.missingAttribute, "a change without id or kind")
            }
            return StoredObject(
                id: ObjectID(rawValue: id), kind: kind,
                parent: parent.map { ObjectID(rawValue: $0) }, family: family, name: side.name,
                orderKey: side.key, elementKey: elementKey, body: body)
        }
    }
}
