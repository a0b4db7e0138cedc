/// One object of the ruleset, as one version has it.
///
/// The store reads names, places and keys; the body it keeps as it came. A copy shares its contents: rulesets, changes and
/// rows of the same object hold one of each.
public struct StoredObject: Sendable {
    private var contents: Contents

    /// What copies share; only changed while nobody else has it.
    private final class Contents: @unchecked Sendable {
        let id: ObjectID
        let kind: ObjectKind
        let parent: ObjectID?
        let family: UInt8
        var name: String
        var orderKey: OrderKey?
        let elementKey: [UInt8]
        var body: [UInt8]

        init(
            id: ObjectID, kind: ObjectKind, parent: ObjectID?, family: UInt8, name: String,
            orderKey: OrderKey?, elementKey: [UInt8], body: [UInt8]
        ) {
            self.id = id
            self.kind = kind
            self.parent = parent
            self.family = family
            self.name = name
            self.orderKey = orderKey
            self.elementKey = elementKey
            self.body = body
        }

        func copy() -> Contents {
            Contents(
                id: id, kind: kind, parent: parent, family: family, name: name, orderKey: orderKey,
                elementKey: elementKey, body: body)
        }
    }

    /// The lasting number of the object.
    public var id: ObjectID { contents.id }
    /// What it is.
    public var kind: ObjectKind { contents.kind }
    /// The object it belongs to: the table of a chain, set, object or flowtable; the chain of a
    /// rule; the set of an element; `nil` for a table.
    public var parent: ObjectID? { contents.parent }
    /// The address family of a table (`NFPROTO_*`); 0 for everything else, which has its table's.
    public var family: UInt8 { contents.family }
    /// The name of a table, chain, set, object or flowtable; empty for a rule or an element.
    public var name: String {
        get { contents.name }
        set { own().name = newValue }
    }
    /// The place of a rule in its chain; `nil` for everything else.
    public var orderKey: OrderKey? {
        get { contents.orderKey }
        set { own().orderKey = newValue }
    }
    /// The key of an element in its set; empty for everything else.
    public var elementKey: [UInt8] { contents.elementKey }
    /// Canonical netlink attributes.
    public var body: [UInt8] {
        get { contents.body }
        set { own().body = newValue }
    }

    /// Makes an object from all its parts; a part that the kind does not have is left out.
    public init(
        id: ObjectID, kind: ObjectKind, parent: ObjectID? = nil, family: UInt8 = 0,
        name: String = "",
        orderKey: OrderKey? = nil, elementKey: [UInt8] = [], body: [UInt8] = []
    ) {
        contents = Contents(
            id: id, kind: kind, parent: parent, family: family, name: name, orderKey: orderKey,
            elementKey: elementKey, body: body)
    }

    /// The contents, for a change: a copy of its own if others have them too.
    private mutating func own() -> Contents {
        if !isKnownUniquelyReferenced(&contents) { contents = contents.copy() }
        return contents
    }
}

extension StoredObject: Hashable {
    /// Whether two objects are equal in every byte.
    public static func == (left: StoredObject, right: StoredObject) -> Bool {
        if left.contents === right.contents { return true }
        return left.id == right.id && left.kind == right.kind && left.parent == right.parent
            && left.family == right.family && ExactText(left.name) == ExactText(right.name)
            && left.orderKey == right.orderKey && left.elementKey == right.elementKey
            && left.body == right.body
    }

    /// Hashes the id, place and body, which tell almost all objects apart.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(id)
        hasher.combine(orderKey)
        body.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}

extension StoredObject {
    /// Says what about the object is against its kind or a limit; `nil` if nothing is.
    var defect: String? {
        if id.rawValue == 0 || id.rawValue > StoreLimits.number { return "its id is out of range" }
        if (parent == nil) != (kind == .table) { return "a \(kind) with the wrong parent" }
        if let parent, parent.rawValue == 0 || parent.rawValue > StoreLimits.number {
            return "its parent's id is out of range"
        }
        if family != 0 && kind != .table { return "only a table has a family" }
        if (orderKey != nil) != (kind == .rule) {
            return "a rule has an order key, others have none"
        }
        if elementKey.isEmpty != (kind != .element) {
            return "an element has a key, others have none"
        }
        return nameDefect ?? sizeDefect
    }

    private var nameDefect: String? {
        if name.isEmpty == kind.isNamed {
            return kind.isNamed ? "it has no name" : "a \(kind) has no name"
        }
        if name.utf8.count > StoreLimits.nameBytes {
            return "its name is longer than \(StoreLimits.nameBytes) bytes"
        }
        return name.utf8.contains(0) ? "its name contains a zero byte" : nil
    }

    private var sizeDefect: String? {
        if elementKey.count > StoreLimits.elementKeyBytes {
            return "its key is longer than \(StoreLimits.elementKeyBytes) bytes"
        }
        return body.count > StoreLimits.bodyBytes
            ? "its body is longer than \(StoreLimits.bodyBytes) bytes" : nil
    }
}
