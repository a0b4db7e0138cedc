/// Asks to take over a table that another program made, to change its policy, or to let it go.
///
/// - Shape: `nfgenmsg`, then the attributes of ``Attribute``; numbers are big-endian.
/// - Source: `schema/xt2.yaml`, attribute set `table-request`.
public struct TableRequest: ControlBody {
    /// The attributes, by number.
    public enum Attribute: UInt16, CaseIterable, Sendable {
        case family = 1
        case table = 2
        case policy = 3
        case reason = 4
    }

    /// The table's family.
    public var family: UInt8
    /// The table's name.
    public var table: String
    /// What becomes of others' changes: 0 owned, 1 observed, 2 enforced; not used to let a table go.
    public var policy: UInt8?
    /// Why.
    public var reason: String?

    /// Makes one from its parts; those with a default may be left out.
    public init(family: UInt8, table: String, policy: UInt8? = nil, reason: String? = nil) {
        self.family = family
        self.table = table
        self.policy = policy
        self.reason = reason
    }

    /// Reads the attributes; see ``ControlBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var family: UInt8?
        var table: String?
        var policy: UInt8?
        var reason: String?
        while let attribute = try attributes.next() {
            switch Attribute(rawValue: attribute.type) {
            case .family: family = try attribute.uint8()
            case .table: table = try attribute.string()
            case .policy: policy = try attribute.uint8()
            case .reason: reason = try attribute.string(limit: WireLimits.reasonBytes)
            case nil: break  // a newer sender's; what is not known is not needed
            }
        }
        guard let family else { throw WireError.missing("family", in: "table-request") }
        guard let table else { throw WireError.missing("table", in: "table-request") }
        self.init(family: family, table: table, policy: policy, reason: reason)
    }

    /// Writes the attributes in the order of their numbers.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(Attribute.family.rawValue, uint8: family)
        writer.attribute(Attribute.table.rawValue, string: table)
        if let policy { writer.attribute(Attribute.policy.rawValue, uint8: policy) }
        if let reason { writer.attribute(Attribute.reason.rawValue, string: reason) }
    }
}
