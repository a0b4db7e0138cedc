/// Asks for audit entries, newest first; each filter that is there must hold.
///
/// - Shape: `nfgenmsg`, then the attributes of ``Attribute``; numbers are big-endian.
/// - Source: `schema/xt2.yaml`, attribute set `audit-request`.
public struct AuditRequest: ControlBody {
    /// The attributes, by number.
    public enum Attribute: UInt16, CaseIterable, Sendable {
        case uid = 1
        case since = 2
        case until = 3
        case family = 4
        case table = 5
        case chain = 6
        case ruleID = 7
        case action = 8
        case outcome = 9
        case version = 10
        case before = 11
        case limit = 12
        case address = 13
        case prefix = 14
        case after = 15
        case follow = 16
    }

    /// By this user.
    public var uid: UInt32?
    /// Not before; microseconds since 1970, UTC.
    public var since: UInt64?
    /// Before; microseconds since 1970, UTC.
    public var until: UInt64?
    /// Touching a table of this family.
    public var family: UInt8?
    /// Touching this table.
    public var table: String?
    /// Touching this chain.
    public var chain: String?
    /// Touching this rule.
    public var ruleID: UInt64?
    /// Only this action.
    public var action: String?
    /// Only this outcome.
    public var outcome: String?
    /// Only attempts at this version.
    public var version: UInt64?
    /// Only entries older than this one.
    public var before: UInt64?
    /// At most so many.
    public var limit: UInt32?
    /// Whose rules name this address: 4 or 16 bytes.
    public var address: [UInt8]?
    /// How many bits of the address count; all when left out.
    public var prefix: UInt8?
    /// Only entries newer than this one, the oldest first.
    public var after: UInt64?
    /// With ``after``: wait for a while if there is none yet.
    public var follow: Bool

    /// Makes one from its parts; those with a default may be left out.
    public init(
        uid: UInt32? = nil, since: UInt64? = nil, until: UInt64? = nil, family: UInt8? = nil,
        table: String? = nil, chain: String? = nil, ruleID: UInt64? = nil, action: String? = nil,
        outcome: String? = nil, version: UInt64? = nil, before: UInt64? = nil, limit: UInt32? = nil,
        address: [UInt8]? = nil, prefix: UInt8? = nil, after: UInt64? = nil, follow: Bool = false
    ) {
        self.uid = uid
        self.since = since
        self.until = until
        self.family = family
        self.table = table
        self.chain = chain
        self.ruleID = ruleID
        self.action = action
        self.outcome = outcome
        self.version = version
        self.before = before
        self.limit = limit
        self.address = address
        self.prefix = prefix
        self.after = after
        self.follow = follow
    }

    /// Reads the attributes; see ``ControlBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var uid: UInt32?
        var since: UInt64?
        var until: UInt64?
        var family: UInt8?
        var table: String?
        var chain: String?
        var ruleID: UInt64?
        var action: String?
        var outcome: String?
        var version: UInt64?
        var before: UInt64?
        var limit: UInt32?
        var address: [UInt8]?
        var prefix: UInt8?
        var after: UInt64?
        var follow = false
        while let attribute = try attributes.next() {
            switch Attribute(rawValue: attribute.type) {
            case .uid: uid = try attribute.uint32()
            case .since: since = try attribute.uint64()
            case .until: until = try attribute.uint64()
            case .family: family = try attribute.uint8()
            case .table: table = try attribute.string(limit: WireLimits.reasonBytes)
            case .chain: chain = try attribute.string(limit: WireLimits.reasonBytes)
            case .ruleID: ruleID = try attribute.uint64()
            case .action: action = try attribute.string(limit: WireLimits.reasonBytes)
            case .outcome: outcome = try attribute.string(limit: WireLimits.reasonBytes)
            case .version: version = try attribute.uint64()
            case .before: before = try attribute.uint64()
            case .limit: limit = try attribute.uint32()
            case .address: address = attribute.bytes()
            case .prefix: prefix = try attribute.uint8()
            case .after: after = try attribute.uint64()
            case .follow: follow = true
            case nil: break  // a newer sender's; what is not known is not needed
            }
        }
        self.init(
            uid: uid, since: since, until: until, family: family, table: table, chain: chain,
            ruleID: ruleID, action: action, outcome: outcome, version: version, before: before,
            limit: limit, address: address, prefix: prefix, after: after, follow: follow)
    }

    /// Writes the attributes in the order of their numbers.
    public func write(to writer: inout MessageWriter) {
        if let uid { writer.attribute(Attribute.uid.rawValue, uint32: uid) }
        if let since { writer.attribute(Attribute.since.rawValue, uint64: since) }
        if let until { writer.attribute(Attribute.until.rawValue, uint64: until) }
        if let family { writer.attribute(Attribute.family.rawValue, uint8: family) }
        if let table { writer.attribute(Attribute.table.rawValue, string: table) }
        if let chain { writer.attribute(Attribute.chain.rawValue, string: chain) }
        if let ruleID { writer.attribute(Attribute.ruleID.rawValue, uint64: ruleID) }
        if let action { writer.attribute(Attribute.action.rawValue, string: action) }
        if let outcome { writer.attribute(Attribute.outcome.rawValue, string: outcome) }
        if let version { writer.attribute(Attribute.version.rawValue, uint64: version) }
        if let before { writer.attribute(Attribute.before.rawValue, uint64: before) }
        if let limit { writer.attribute(Attribute.limit.rawValue, uint32: limit) }
        if let address { writer.attribute(Attribute.address.rawValue, bytes: address) }
        if let prefix { writer.attribute(Attribute.prefix.rawValue, uint8: prefix) }
        if let after { writer.attribute(Attribute.after.rawValue, uint64: after) }
        if follow { writer.attributeFlag(Attribute.follow.rawValue) }
    }
}
