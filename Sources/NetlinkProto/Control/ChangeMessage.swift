/// One object that differs between two versions: absent before, absent after, or in both.
///
/// - Shape: `nfgenmsg`, then the attributes of ``Attribute``; numbers are big-endian.
/// - Source: `schema/xt2.yaml`, attribute set `change`.
public struct ChangeMessage: ControlBody {
    /// The attributes, by number.
    public enum Attribute: UInt16, CaseIterable, Sendable {
        case kind = 1
        case id = 2
        case family = 3
        case table = 4
        case name = 5
        case before = 6
        case after = 7
        case oldName = 8
        case indexBefore = 9
        case indexAfter = 10
        case set = 11
    }

    /// ``ObjectMessageKind`` of the object.
    public var kind: UInt8
    /// The object's id; for a rule, its rule id.
    public var id: UInt64
    /// The family of its table.
    public var family: UInt8
    /// The name of its table.
    public var table: String
    /// The chain of a rule, else the object's own name.
    public var name: String
    /// Its body in the older version, as attributes.
    public var before: [UInt8]?
    /// Its body in the newer version, as attributes.
    public var after: [UInt8]?
    /// What it was called before, when that differs.
    public var oldName: String?
    /// For rules: how many stood in front of it in the older version.
    public var indexBefore: UInt32?
    /// For rules: how many stand in front of it in the newer version.
    public var indexAfter: UInt32?
    /// For elements: the body of their set, as attributes.
    public var set: [UInt8]?

    /// Makes one from its parts; those with a default may be left out.
    public init(
        kind: UInt8, id: UInt64, family: UInt8, table: String, name: String, before: [UInt8]? = nil,
        after: [UInt8]? = nil, oldName: String? = nil, indexBefore: UInt32? = nil,
        indexAfter: UInt32? = nil, set: [UInt8]? = nil
    ) {
        self.kind = kind
        self.id = id
        self.family = family
        self.table = table
        self.name = name
        self.before = before
        self.after = after
        self.oldName = oldName
        self.indexBefore = indexBefore
        self.indexAfter = indexAfter
        self.set = set
    }

    /// Reads the attributes; see ``ControlBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var kind: UInt8?
        var id: UInt64?
        var family: UInt8?
        var table: String?
        var name: String?
        var before: [UInt8]?
        var after: [UInt8]?
        var oldName: String?
        var indexBefore: UInt32?
        var indexAfter: UInt32?
        var set: [UInt8]?
        while let attribute = try attributes.next() {
            switch Attribute(rawValue: attribute.type) {
            case .kind: kind = try attribute.uint8()
            case .id: id = try attribute.uint64()
            case .family: family = try attribute.uint8()
            case .table: table = try attribute.string(limit: WireLimits.reasonBytes)
            case .name: name = try attribute.string(limit: WireLimits.reasonBytes)
            case .before: before = (before ?? []) + attribute.bytes()
            case .after: after = (after ?? []) + attribute.bytes()
            case .oldName: oldName = try attribute.string(limit: WireLimits.reasonBytes)
            case .indexBefore: indexBefore = try attribute.uint32()
            case .indexAfter: indexAfter = try attribute.uint32()
            case .set: set = attribute.bytes()
            case nil: break  // a newer sender's; what is not known is not needed
            }
        }
        guard let kind else { throw WireError.missing("kind", in: "change") }
        guard let id else { throw WireError.missing("id", in: "change") }
        guard let family else { throw WireError.missing("family", in: "change") }
        guard let table else { throw WireError.missing("table", in: "change") }
        guard let name else { throw WireError.missing("name", in: "change") }
        self.init(
            kind: kind, id: id, family: family, table: table, name: name, before: before,
            after: after, oldName: oldName, indexBefore: indexBefore, indexAfter: indexAfter,
            set: set)
    }

    /// Writes the attributes in the order of their numbers.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(Attribute.kind.rawValue, uint8: kind)
        writer.attribute(Attribute.id.rawValue, uint64: id)
        writer.attribute(Attribute.family.rawValue, uint8: family)
        writer.attribute(Attribute.table.rawValue, string: table)
        writer.attribute(Attribute.name.rawValue, string: name)
        if let before { writer.body(Attribute.before.rawValue, before) }
        if let after { writer.body(Attribute.after.rawValue, after) }
        if let oldName { writer.attribute(Attribute.oldName.rawValue, string: oldName) }
        if let indexBefore { writer.attribute(Attribute.indexBefore.rawValue, uint32: indexBefore) }
        if let indexAfter { writer.attribute(Attribute.indexAfter.rawValue, uint32: indexAfter) }
        if let set { writer.attribute(Attribute.set.rawValue, bytes: set) }
    }
}
