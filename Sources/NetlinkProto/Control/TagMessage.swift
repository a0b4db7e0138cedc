/// A name of a version.
///
/// - Shape: `nfgenmsg`, then the attributes of ``Attribute``; numbers are big-endian.
/// - Source: `schema/xt2.yaml`, attribute set `tag`.
public struct TagMessage: ControlBody {
    /// The attributes, by number.
    public enum Attribute: UInt16, CaseIterable, Sendable {
        case name = 1
        case version = 2
        case time = 3
        case uid = 4
    }

    /// The name.
    public var name: String
    /// The version that has it.
    public var version: UInt64?
    /// When it was given; microseconds since 1970, UTC.
    public var time: UInt64?
    /// Who gave it.
    public var uid: UInt32?

    /// Makes one from its parts; those with a default may be left out.
    public init(
        name: String, version: UInt64? = nil, time: UInt64? = nil, uid: UInt32? = nil
    ) {
        self.name = name
        self.version = version
        self.time = time
        self.uid = uid
    }

    /// Reads the attributes; see ``ControlBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var name: String?
        var version: UInt64?
        var time: UInt64?
        var uid: UInt32?
        while let attribute = try attributes.next() {
            switch Attribute(rawValue: attribute.type) {
            case .name: name = try attribute.string(limit: WireLimits.reasonBytes)
            case .version: version = try attribute.uint64()
            case .time: time = try attribute.uint64()
            case .uid: uid = try attribute.uint32()
            case nil: break  // a newer sender's; what is not known is not needed
            }
        }
        guard let name else { throw WireError.missing("name", in: "tag") }
        self.init(
            name: name, version: version, time: time, uid: uid)
    }

    /// Writes the attributes in the order of their numbers.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(Attribute.name.rawValue, string: name)
        if let version { writer.attribute(Attribute.version.rawValue, uint64: version) }
        if let time { writer.attribute(Attribute.time.rawValue, uint64: time) }
        if let uid { writer.attribute(Attribute.uid.rawValue, uint32: uid) }
    }
}
