/// Asks for a new version whose content equals an older one.
///
/// - Shape: `nfgenmsg`, then the attributes of ``Attribute``; numbers are big-endian.
/// - Source: `schema/xt2.yaml`, attribute set `rollback-request`.
public struct RollbackRequest: ControlBody {
    /// The attributes, by number.
    public enum Attribute: UInt16, CaseIterable, Sendable {
        case version = 1
        case reason = 2
    }

    /// The older one.
    public var version: UInt64
    /// Why.
    public var reason: String?

    /// Makes one from its parts; those with a default may be left out.
    public init(
        version: UInt64, reason: String? = nil
    ) {
        self.version = version
        self.reason = reason
    }

    /// Reads the attributes; see ``ControlBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var version: UInt64?
        var reason: String?
        while let attribute = try attributes.next() {
            switch Attribute(rawValue: attribute.type) {
            case .version: version = try attribute.uint64()
            case .reason: reason = try attribute.string(limit: WireLimits.reasonBytes)
            case nil: break  // a newer sender's; what is not known is not needed
            }
        }
        guard let version else { throw WireError.missing("version", in: "rollback-request") }
        self.init(
            version: version, reason: reason)
    }

    /// Writes the attributes in the order of their numbers.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(Attribute.version.rawValue, uint64: version)
        if let reason { writer.attribute(Attribute.reason.rawValue, string: reason) }
    }
}
