/// What a change would be.
///
/// - Shape: `nfgenmsg`, then the attributes of ``Attribute``; numbers are big-endian.
/// - Source: `schema/xt2.yaml`, attribute set `check`.
public struct CheckMessage: ControlBody {
    /// The attributes, by number.
    public enum Attribute: UInt16, CaseIterable, Sendable {
        case version = 1
        case changeCount = 2
        case messageCount = 3
        case byteCount = 4
        case summary = 5
    }

    /// The version that it would make.
    public var version: UInt64
    /// How many objects it would change.
    public var changeCount: UInt32
    /// How many messages the kernel would get.
    public var messageCount: UInt32
    /// How many bytes that would be.
    public var byteCount: UInt64
    /// What it would change, in one line.
    public var summary: String

    /// Makes one from its parts; those with a default may be left out.
    public init(
        version: UInt64, changeCount: UInt32, messageCount: UInt32, byteCount: UInt64,
        summary: String
    ) {
        self.version = version
        self.changeCount = changeCount
        self.messageCount = messageCount
        self.byteCount = byteCount
        self.summary = summary
    }

    /// Reads the attributes; see ``ControlBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var version: UInt64?
        var changeCount: UInt32?
        var messageCount: UInt32?
        var byteCount: UInt64?
        var summary: String?
        while let attribute = try attributes.next() {
            switch Attribute(rawValue: attribute.type) {
            case .version: version = try attribute.uint64()
            case .changeCount: changeCount = try attribute.uint32()
            case .messageCount: messageCount = try attribute.uint32()
            case .byteCount: byteCount = try attribute.uint64()
            case .summary: summary = try attribute.string(limit: WireLimits.reasonBytes)
            case nil: break  // a newer sender's; what is not known is not needed
            }
        }
        guard let version else { throw WireError.missing("version", in: "check") }
        guard let changeCount else { throw WireError.missing("changeCount", in: "check") }
        guard let messageCount else { throw WireError.missing("messageCount", in: "check") }
        guard let byteCount else { throw WireError.missing("byteCount", in: "check") }
        guard let summary else { throw WireError.missing("summary", in: "check") }
        self.init(
            version: version, changeCount: changeCount, messageCount: messageCount,
            byteCount: byteCount, summary: summary)
    }

    /// Writes the attributes in the order of their numbers.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(Attribute.version.rawValue, uint64: version)
        writer.attribute(Attribute.changeCount.rawValue, uint32: changeCount)
        writer.attribute(Attribute.messageCount.rawValue, uint32: messageCount)
        writer.attribute(Attribute.byteCount.rawValue, uint64: byteCount)
        writer.attribute(Attribute.summary.rawValue, string: summary)
    }
}
