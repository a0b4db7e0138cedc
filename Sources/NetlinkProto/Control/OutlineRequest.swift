/// Asks for an outline: tables, chains, and of each rule only what tells it from others.
///
/// - Shape: `nfgenmsg`, then the attributes of ``Attribute``; numbers are big-endian.
/// - Source: `schema/xt2.yaml`, attribute set `outline-request`.
public struct OutlineRequest: ControlBody {
    /// The attributes, by number.
    public enum Attribute: UInt16, CaseIterable, Sendable {
        case family = 1
        case table = 2
        case candidate = 3
        case objects = 4
    }

    /// Only tables of this family.
    public var family: UInt8?
    /// Only this table, if it is there.
    public var table: String?
    /// The head with the edits of this candidate.
    public var candidate: UInt64?
    /// With sets, their elements, objects and flowtables, as in `get-ruleset`.
    public var objects: Bool

    /// Makes one from its parts; what is left out is not filtered by.
    public init(
        family: UInt8? = nil, table: String? = nil, candidate: UInt64? = nil,
        objects: Bool = false
    ) {
        self.family = family
        self.table = table
        self.candidate = candidate
        self.objects = objects
    }

    /// Reads the attributes; see ``ControlBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        self.init()
        while let attribute = try attributes.next() {
            switch Attribute(rawValue: attribute.type) {
            case .family: family = try attribute.uint8()
            case .table: table = try attribute.string(limit: WireLimits.reasonBytes)
            case .candidate: candidate = try attribute.uint64()
            case .objects: objects = true
            case nil: break  // a newer sender's; what is not known is not needed
            }
        }
    }

    /// Writes the attributes in the order of their numbers.
    public func write(to writer: inout MessageWriter) {
        if let family { writer.attribute(Attribute.family.rawValue, uint8: family) }
        if let table { writer.attribute(Attribute.table.rawValue, string: table) }
        if let candidate { writer.attribute(Attribute.candidate.rawValue, uint64: candidate) }
        if objects { writer.attributeFlag(Attribute.objects.rawValue) }
    }
}
