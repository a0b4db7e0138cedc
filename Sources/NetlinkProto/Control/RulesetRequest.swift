/// Asks for tables, chains and rules of one version; what is left out is not filtered by.
///
/// - Shape: `nfgenmsg`, then the attributes of ``Attribute``; numbers are big-endian.
/// - Source: `schema/xt2.yaml`, attribute set `ruleset-request`.
public struct RulesetRequest: ControlBody {
    /// The attributes, by number.
    public enum Attribute: UInt16, CaseIterable, Sendable {
        case family = 1
        case table = 2
        case chain = 3
        case version = 4
        case counters = 5
        case candidate = 6
        case policyCounters = 7
    }

    /// Only tables of this family.
    public var family: UInt8?
    /// Only this table.
    public var table: String?
    /// Only this chain.
    public var chain: String?
    /// The version; the head when left out.
    public var version: UInt64?
    /// Fill in counter values from the kernel.
    public var counters: Bool
    /// The head with the edits of this candidate.
    public var candidate: UInt64?
    /// Fill in what policies have counted, as ``counters`` does for all that counts.
    public var policyCounters: Bool

    /// Makes one from its parts; those with a default may be left out.
    public init(
        family: UInt8? = nil, table: String? = nil, chain: String? = nil, version: UInt64? = nil,
        counters: Bool = false, candidate: UInt64? = nil, policyCounters: Bool = false
    ) {
        self.family = family
        self.table = table
        self.chain = chain
        self.version = version
        self.counters = counters
        self.candidate = candidate
        self.policyCounters = policyCounters
    }

    /// Reads the attributes; see ``ControlBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var family: UInt8?
        var table: String?
        var chain: String?
        var version: UInt64?
        var counters = false
        var candidate: UInt64?
        var policyCounters = false
        while let attribute = try attributes.next() {
            switch Attribute(rawValue: attribute.type) {
            case .family: family = try attribute.uint8()
            case .table: table = try attribute.string(limit: WireLimits.reasonBytes)
            case .chain: chain = try attribute.string(limit: WireLimits.reasonBytes)
            case .version: version = try attribute.uint64()
            case .counters: counters = true
            case .candidate: candidate = try attribute.uint64()
            case .policyCounters: policyCounters = true
            case nil: break  // a newer sender's; what is not known is not needed
            }
        }
        self.init(
            family: family, table: table, chain: chain, version: version, counters: counters,
            candidate: candidate, policyCounters: policyCounters)
    }

    /// Writes the attributes in the order of their numbers.
    public func write(to writer: inout MessageWriter) {
        if let family { writer.attribute(Attribute.family.rawValue, uint8: family) }
        if let table { writer.attribute(Attribute.table.rawValue, string: table) }
        if let chain { writer.attribute(Attribute.chain.rawValue, string: chain) }
        if let version { writer.attribute(Attribute.version.rawValue, uint64: version) }
        if counters { writer.attributeFlag(Attribute.counters.rawValue) }
        if let candidate { writer.attribute(Attribute.candidate.rawValue, uint64: candidate) }
        if policyCounters { writer.attributeFlag(Attribute.policyCounters.rawValue) }
    }
}
