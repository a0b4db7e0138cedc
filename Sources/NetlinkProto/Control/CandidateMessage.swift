/// A transaction that is being edited and not yet committed.
///
/// - Shape: `nfgenmsg`, then the attributes of ``Attribute``; numbers are big-endian.
/// - Source: `schema/xt2.yaml`, attribute set `candidate`.
public struct CandidateMessage: ControlBody {
    /// The attributes, by number.
    public enum Attribute: UInt16, CaseIterable, Sendable {
        case id = 1
        case base = 2
        case time = 3
        case uid = 4
        case operationCount = 5
        case reason = 6
        case confirm = 0x2013
        case check = 0x201f
    }

    /// Its number; left out to begin one.
    public var id: UInt64?
    /// The version that it was begun on.
    public var base: UInt64?
    /// When; microseconds since 1970, UTC.
    public var time: UInt64?
    /// Who began it.
    public var uid: UInt32?
    /// How many edits are in it.
    public var operationCount: UInt32?
    /// What its author says.
    public var reason: String?
    /// Take it back unless it is confirmed within so many seconds.
    public var confirm: UInt32?
    /// Do everything but the change, and tell what it would be.
    public var check: Bool

    /// Makes one from its parts; those with a default may be left out.
    public init(
        id: UInt64? = nil, base: UInt64? = nil, time: UInt64? = nil, uid: UInt32? = nil,
        operationCount: UInt32? = nil, reason: String? = nil, confirm: UInt32? = nil,
        check: Bool = false
    ) {
        self.id = id
        self.base = base
        self.time = time
        self.uid = uid
        self.operationCount = operationCount
        self.reason = reason
        self.confirm = confirm
        self.check = check
    }

    /// Reads the attributes; see ``ControlBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var id: UInt64?
        var base: UInt64?
        var time: UInt64?
        var uid: UInt32?
        var operationCount: UInt32?
        var reason: String?
        var confirm: UInt32?
        var check = false
        while let attribute = try attributes.next() {
            switch Attribute(rawValue: attribute.type) {
            case .id: id = try attribute.uint64()
            case .base: base = try attribute.uint64()
            case .time: time = try attribute.uint64()
            case .uid: uid = try attribute.uint32()
            case .operationCount: operationCount = try attribute.uint32()
            case .reason: reason = try attribute.string(limit: WireLimits.reasonBytes)
            case .confirm: confirm = try attribute.uint32()
            case .check: check = true
            case nil: break  // a newer sender's; what is not known is not needed
            }
        }
        self.init(
            id: id, base: base, time: time, uid: uid, operationCount: operationCount,
            reason: reason, confirm: confirm, check: check)
    }

    /// Writes the attributes in the order of their numbers.
    public func write(to writer: inout MessageWriter) {
        if let id { writer.attribute(Attribute.id.rawValue, uint64: id) }
        if let base { writer.attribute(Attribute.base.rawValue, uint64: base) }
        if let time { writer.attribute(Attribute.time.rawValue, uint64: time) }
        if let uid { writer.attribute(Attribute.uid.rawValue, uint32: uid) }
        if let operationCount {
            writer.attribute(Attribute.operationCount.rawValue, uint32: operationCount)
        }
        if let reason { writer.attribute(Attribute.reason.rawValue, string: reason) }
        if let confirm { writer.attribute(Attribute.confirm.rawValue, uint32: confirm) }
        if check { writer.attributeFlag(Attribute.check.rawValue) }
    }
}
