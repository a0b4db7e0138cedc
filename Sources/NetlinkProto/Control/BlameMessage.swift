/// A rule, and the version that brought it.
///
/// - Shape: `nfgenmsg`, then the attributes of ``Attribute``; numbers are big-endian.
/// - Source: `schema/xt2.yaml`, attribute set `blame`.
public struct BlameMessage: ControlBody {
    /// The attributes, by number.
    public enum Attribute: UInt16, CaseIterable, Sendable {
        case id = 1
        case index = 2
        case version = 3
        case time = 4
        case uid = 5
        case process = 6
        case kind = 7
        case reason = 8
        case body = 9
    }

    /// Its rule id.
    public var id: UInt64
    /// How many rules stand in front of it.
    public var index: UInt32
    /// The version that brought it.
    public var version: UInt64
    /// When that was made; microseconds since 1970, UTC.
    public var time: UInt64
    /// Who made it.
    public var uid: UInt32
    /// The process that asked.
    public var process: String
    /// ``VersionMessageKind`` of that version.
    public var kind: UInt8
    /// What its author says; may be empty.
    public var reason: String
    /// The rule, as attributes.
    public var body: [UInt8]

    /// Makes one from its parts; those with a default may be left out.
    public init(
        id: UInt64, index: UInt32, version: UInt64, time: UInt64, uid: UInt32, process: String,
        kind: UInt8, reason: String, body: [UInt8]
    ) {
        self.id = id
        self.index = index
        self.version = version
        self.time = time
        self.uid = uid
        self.process = process
        self.kind = kind
        self.reason = reason
        self.body = body
    }

    /// Reads the attributes; see ``ControlBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var id: UInt64?
        var index: UInt32?
        var version: UInt64?
        var time: UInt64?
        var uid: UInt32?
        var process: String?
        var kind: UInt8?
        var reason: String?
        var body: [UInt8]?
        while let attribute = try attributes.next() {
            switch Attribute(rawValue: attribute.type) {
            case .id: id = try attribute.uint64()
            case .index: index = try attribute.uint32()
            case .version: version = try attribute.uint64()
            case .time: time = try attribute.uint64()
            case .uid: uid = try attribute.uint32()
            case .process: process = try attribute.string(limit: WireLimits.reasonBytes)
            case .kind: kind = try attribute.uint8()
            case .reason: reason = try attribute.string(limit: WireLimits.reasonBytes)
            case .body: body = (body ?? []) + attribute.bytes()
            case nil: break  // a newer sender's; what is not known is not needed
            }
        }
        guard let id else { throw WireError.missing("id", in: "blame") }
        guard let index else { throw WireError.missing("index", in: "blame") }
        guard let version else { throw WireError.missing("version", in: "blame") }
        guard let time else { throw WireError.missing("time", in: "blame") }
        guard let uid else { throw WireError.missing("uid", in: "blame") }
        guard let process else { throw WireError.missing("process", in: "blame") }
        guard let kind else { throw WireError.missing("kind", in: "blame") }
        guard let reason else { throw WireError.missing("reason", in: "blame") }
        guard let body else { throw WireError.missing("body", in: "blame") }
        self.init(
            id: id, index: index, version: version, time: time, uid: uid, process: process,
            kind: kind, reason: reason, body: body)
    }

    /// Writes the attributes in the order of their numbers.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(Attribute.id.rawValue, uint64: id)
        writer.attribute(Attribute.index.rawValue, uint32: index)
        writer.attribute(Attribute.version.rawValue, uint64: version)
        writer.attribute(Attribute.time.rawValue, uint64: time)
        writer.attribute(Attribute.uid.rawValue, uint32: uid)
        writer.attribute(Attribute.process.rawValue, string: process)
        writer.attribute(Attribute.kind.rawValue, uint8: kind)
        writer.attribute(Attribute.reason.rawValue, string: reason)
        writer.body(Attribute.body.rawValue, body)
    }
}
