/// What was given up.
///
/// - Shape: `nfgenmsg`, then the attributes of ``Attribute``; numbers are big-endian.
/// - Source: `schema/xt2.yaml`, attribute set `prune`.
public struct PruneMessage: ControlBody {
    /// The attributes, by number.
    public enum Attribute: UInt16, CaseIterable, Sendable {
        case horizon = 1
        case versions = 2
        case objects = 3
        case kept = 4
    }

    /// The oldest version that can be read.
    public var horizon: UInt64
    /// How many versions cannot be read any more that could be.
    public var versions: UInt64
    /// How many stored objects belonged to nothing else.
    public var objects: UInt64
    /// Older versions that can be read all the same because of their tags, one attribute a version.
    public var kept: [String]

    /// Makes one from its parts; those with a default may be left out.
    public init(
        horizon: UInt64, versions: UInt64, objects: UInt64, kept: [String] = []
    ) {
        self.horizon = horizon
        self.versions = versions
        self.objects = objects
        self.kept = kept
    }

    /// Reads the attributes; see ``ControlBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var horizon: UInt64?
        var versions: UInt64?
        var objects: UInt64?
        var kept: [String] = []
        while let attribute = try attributes.next() {
            switch Attribute(rawValue: attribute.type) {
            case .horizon: horizon = try attribute.uint64()
            case .versions: versions = try attribute.uint64()
            case .objects: objects = try attribute.uint64()
            case .kept: kept.append(try attribute.string(limit: WireLimits.reasonBytes))
            case nil: break  // a newer sender's; what is not known is not needed
            }
        }
        guard let horizon else { throw WireError.missing("horizon", in: "prune") }
        guard let versions else { throw WireError.missing("versions", in: "prune") }
        guard let objects else { throw WireError.missing("objects", in: "prune") }
        self.init(
            horizon: horizon, versions: versions, objects: objects, kept: kept)
    }

    /// Writes the attributes in the order of their numbers.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(Attribute.horizon.rawValue, uint64: horizon)
        writer.attribute(Attribute.versions.rawValue, uint64: versions)
        writer.attribute(Attribute.objects.rawValue, uint64: objects)
        for item in kept { writer.attribute(Attribute.kept.rawValue, string: item) }
    }
}
