/// Asks for versions, newest first.
///
/// - Shape: `nfgenmsg`, then the attributes of ``Attribute``; numbers are big-endian.
/// - Source: `schema/xt2.yaml`, attribute set `version-request`.
public struct VersionRequest: ControlBody {
    /// The attributes, by number.
    public enum Attribute: UInt16, CaseIterable, Sendable {
        case version = 1
        case before = 2
        case limit = 3
    }

    /// Only this one.
    public var version: UInt64?
    /// Only those older than this one.
    public var before: UInt64?
    /// At most so many.
    public var limit: UInt32?

    /// Makes one from its parts; those with a default may be left out.
    public init(
        version: UInt64? = nil, before: UInt64? = nil, limit: UInt32? = nil
    ) {
        self.version = version
        self.before = before
        self.limit = limit
    }

    /// Reads the attributes; see ``ControlBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var version: UInt64?
        var before: UInt64?
        var limit: UInt32?
        while let attribute = try attributes.next() {
            switch Attribute(rawValue: attribute.type) {
            case .version: version = try attribute.uint64()
            case .before: before = try attribute.uint64()
            case .limit: limit = try attribute.uint32()
            case nil: break  // a newer sender's; what is not known is not needed
            }
        }
        self.init(
            version: version, before: before, limit: limit)
    }

    /// Writes the attributes in the order of their numbers.
    public func write(to writer: inout MessageWriter) {
        if let version { writer.attribute(Attribute.version.rawValue, uint64: version) }
        if let before { writer.attribute(Attribute.before.rawValue, uint64: before) }
        if let limit { writer.attribute(Attribute.limit.rawValue, uint32: limit) }
    }
}
