/// A version, as people name it.
///
/// - Shape: `nfgenmsg`, then the attributes of ``Attribute``; numbers are big-endian.
/// - Source: `schema/xt2.yaml`, attribute set `reference`.
public struct ReferenceMessage: ControlBody {
    /// The attributes, by number.
    public enum Attribute: UInt16, CaseIterable, Sendable {
        case name = 1
        case time = 2
        case version = 3
    }

    /// A number, HEAD, a tag, each with ~N behind it for so many versions before.
    public var name: String?
    /// The version of this moment; microseconds since 1970, UTC.
    public var time: UInt64?
    /// In replies: the number.
    public var version: UInt64?

    /// Makes one from its parts; those with a default may be left out.
    public init(
        name: String? = nil, time: UInt64? = nil, version: UInt64? = nil
    ) {
        self.name = name
        self.time = time
        self.version = version
    }

    /// Reads the attributes; see ``ControlBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var name: String?
        var time: UInt64?
        var version: UInt64?
        while let attribute = try attributes.next() {
            switch Attribute(rawValue: attribute.type) {
            case .name: name = try attribute.string(limit: WireLimits.reasonBytes)
            case .time: time = try attribute.uint64()
            case .version: version = try attribute.uint64()
            case nil: break  // a newer sender's; what is not known is not needed
            }
        }
        self.init(
            name: name, time: time, version: version)
    }

    /// Writes the attributes in the order of their numbers.
    public func write(to writer: inout MessageWriter) {
        if let name { writer.attribute(Attribute.name.rawValue, string: name) }
        if let time { writer.attribute(Attribute.time.rawValue, uint64: time) }
        if let version { writer.attribute(Attribute.version.rawValue, uint64: version) }
    }
}
