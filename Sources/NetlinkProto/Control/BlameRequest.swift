/// Asks which version brought each rule of a chain.
///
/// - Shape: `nfgenmsg`, then the attributes of ``Attribute``; numbers are big-endian.
/// - Source: `schema/xt2.yaml`, attribute set `blame-request`.
public struct BlameRequest: ControlBody {
    /// The attributes, by number.
    public enum Attribute: UInt16, CaseIterable, Sendable {
        case family = 1
        case table = 2
        case chain = 3
        case version = 4
    }

    /// The family of the table.
    public var family: UInt8
    /// The table.
    public var table: String
    /// The chain.
    public var chain: String
    /// In this version; the head when left out.
    public var version: UInt64?

    /// Makes one from its parts; those with a default may be left out.
    public init(
        family: UInt8, table: String, chain: String, version: UInt64? = nil
    ) {
        self.family = family
        self.table = table
        self.chain = chain
        self.version = version
    }

    /// Reads the attributes; see ``ControlBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var family: UInt8?
        var table: String?
        var chain: String?
        var version: UInt64?
        while let attribute = try attributes.next() {
            switch Attribute(rawValue: attribute.type) {
            case .family: family = try attribute.uint8()
            case .table: table = try attribute.string(limit: WireLimits.reasonBytes)
            case .chain: chain = try attribute.string(limit: WireLimits.reasonBytes)
            case .version: version = try attribute.uint64()
            case nil: break  // a newer sender's; what is not known is not needed
            }
        }
        guard let family else { throw WireError.missing("family", in: "blame-request") }
        guard let table else { throw WireError.missing("table", in: "blame-request") }
        guard let chain else { throw WireError.missing("chain", in: "blame-request") }
        self.init(
            family: family, table: table, chain: chain, version: version)
    }

    /// Writes the attributes in the order of their numbers.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(Attribute.family.rawValue, uint8: family)
        writer.attribute(Attribute.table.rawValue, string: table)
        writer.attribute(Attribute.chain.rawValue, string: chain)
        if let version { writer.attribute(Attribute.version.rawValue, uint64: version) }
    }
}
