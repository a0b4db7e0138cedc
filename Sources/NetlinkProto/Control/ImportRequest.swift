/// Asks to take tables that other programs made into the ruleset, as they are in the kernel.
///
/// - Shape: `nfgenmsg`, then the attributes of ``Attribute``; numbers are big-endian.
/// - Source: `schema/xt2.yaml`, attribute set `import-request`.
public struct ImportRequest: ControlBody {
    /// The attributes, by number.
    public enum Attribute: UInt16, CaseIterable, Sendable {
        case family = 1
        case table = 2
        case policy = 3
        case reason = 4
        case check = 5
    }

    /// The table's family; with ``table``, or without both for all tables.
    public var family: UInt8?
    /// The table's name.
    public var table: String?
    /// What becomes of others' changes: 1 observed, which is meant if it is left out, or 2 enforced.
    public var policy: UInt8?
    /// Why.
    public var reason: String?
    /// Do everything but the change, and tell what it would be.
    public var check: Bool

    /// Makes one from its parts; those with a default may be left out.
    public init(
        family: UInt8? = nil, table: String? = nil, policy: UInt8? = nil, reason: String? = nil,
        check: Bool = false
    ) {
        self.family = family
        self.table = table
        self.policy = policy
        self.reason = reason
        self.check = check
    }

    /// Reads the attributes; see ``ControlBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        self.init()
        while let attribute = try attributes.next() {
            switch Attribute(rawValue: attribute.type) {
            case .family: family = try attribute.uint8()
            case .table: table = try attribute.string()
            case .policy: policy = try attribute.uint8()
            case .reason: reason = try attribute.string(limit: WireLimits.reasonBytes)
            case .check: check = true
            case nil: break  // a newer sender's; what is not known is not needed
            }
        }
        guard (family == nil) == (table == nil) else {
            throw WireError.missing(family == nil ? "family" : "table", in: "import-request")
        }
    }

    /// Writes the attributes in the order of their numbers.
    public func write(to writer: inout MessageWriter) {
        if let family { writer.attribute(Attribute.family.rawValue, uint8: family) }
        if let table { writer.attribute(Attribute.table.rawValue, string: table) }
        if let policy { writer.attribute(Attribute.policy.rawValue, uint8: policy) }
        if let reason { writer.attribute(Attribute.reason.rawValue, string: reason) }
        if check { writer.attributeFlag(Attribute.check.rawValue) }
    }
}
