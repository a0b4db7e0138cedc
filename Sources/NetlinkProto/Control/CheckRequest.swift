/// Asks whether the kernel runs what the store says, rule by rule; what is left out is not filtered by.
///
/// - Shape: `nfgenmsg`, then the attributes of ``Attribute``; numbers are big-endian.
/// - Source: `schema/xt2.yaml`, attribute set `check-request`.
public struct CheckRequest: ControlBody {
    /// The attributes, by number.
    public enum Attribute: UInt16, CaseIterable, Sendable {
        case family = 1
        case table = 2
        case fix = 3
    }

    /// Only tables of this family.
    public var family: UInt8?
    /// Only this table.
    public var table: String?
    /// Put right what differs.
    public var fix: Bool

    /// Makes one from its parts; those with a default may be left out.
    public init(family: UInt8? = nil, table: String? = nil, fix: Bool = false) {
        self.family = family
        self.table = table
        self.fix = fix
    }

    /// Reads the attributes; see ``ControlBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        self.init()
        while let attribute = try attributes.next() {
            switch Attribute(rawValue: attribute.type) {
            case .family: family = try attribute.uint8()
            case .table: table = try attribute.string()
            case .fix: fix = true
            case nil: break  // a newer sender's; what is not known is not needed
            }
        }
    }

    /// Writes the attributes in the order of their numbers.
    public func write(to writer: inout MessageWriter) {
        if let family { writer.attribute(Attribute.family.rawValue, uint8: family) }
        if let table { writer.attribute(Attribute.table.rawValue, string: table) }
        if fix { writer.attributeFlag(Attribute.fix.rawValue) }
    }
}
