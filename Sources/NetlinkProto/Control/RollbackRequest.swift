/// Asks for a new version whose content equals an older one.
///
/// - Shape: `nfgenmsg`, then the attributes of ``Attribute``; numbers are big-endian.
/// - Source: `schema/xt2.yaml`, attribute set `rollback-request`.
public struct RollbackRequest: ControlBody {
    /// The attributes, by number.
    public enum Attribute: UInt16, CaseIterable, Sendable {
        case version = 1
        case reason = 2
        case confirm = 0x2013
    }

    /// The older one.
    public var version: UInt64
    /// Why.
    public var reason: String?
    /// Take it back unless it is confirmed within so many seconds.
    public var confirm: UInt32?

    /// Makes one from its parts; those with a default may be left out.
    public init(
        version: UInt64, reason: String? = nil, confirm: UInt32? = nil
    ) {
        self.version = version
        self.reason = reason
        self.confirm = confirm
    }

    /// Reads the attributes; see ``ControlBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var version: UInt64?
        var reason: String?
        var confirm: UInt32?
        while let attribute = try attributes.next() {
            switch Attribute(rawValue: attribute.type) {
            case .version: version = try attribute.uint64()
            case .reason: reason = try attribute.string(limit: WireLimits.reasonBytes)
            case .confirm: confirm = try attribute.uint32()
            case nil: break  // a newer sender's; what is not known is not needed
            }
        }
        guard let version else { throw WireError.missing("version", in: "rollback-request") }
        self.init(
            version: version, reason: reason, confirm: confirm)
    }

    /// Writes the attributes in the order of their numbers.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(Attribute.version.rawValue, uint64: version)
        if let reason { writer.attribute(Attribute.reason.rawValue, string: reason) }
        if let confirm { writer.attribute(Attribute.confirm.rawValue, uint32: confirm) }
    }
}
