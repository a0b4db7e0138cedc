/// Gives up old versions; one of KEEP and BEFORE says which.
///
/// - Shape: `nfgenmsg`, then the attributes of ``Attribute``; numbers are big-endian.
/// - Source: `schema/xt2.yaml`, attribute set `prune-request`.
public struct PruneRequest: ControlBody {
    /// The attributes, by number.
    public enum Attribute: UInt16, CaseIterable, Sendable {
        case keep = 1
        case before = 2
        case dryRun = 3
    }

    /// All but so many, the newest.
    public var keep: UInt64?
    /// Those that were made before; microseconds since 1970, UTC.
    public var before: UInt64?
    /// Only tell what would be given up.
    public var dryRun: Bool

    /// Makes one from its parts; those with a default may be left out.
    public init(
        keep: UInt64? = nil, before: UInt64? = nil, dryRun: Bool = false
    ) {
        self.keep = keep
        self.before = before
        self.dryRun = dryRun
    }

    /// Reads the attributes; see ``ControlBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var keep: UInt64?
        var before: UInt64?
        var dryRun = false
        while let attribute = try attributes.next() {
            switch Attribute(rawValue: attribute.type) {
            case .keep: keep = try attribute.uint64()
            case .before: before = try attribute.uint64()
            case .dryRun: dryRun = true
            case nil: break  // a newer sender's; what is not known is not needed
            }
        }
        self.init(
            keep: keep, before: before, dryRun: dryRun)
    }

    /// Writes the attributes in the order of their numbers.
    public func write(to writer: inout MessageWriter) {
        if let keep { writer.attribute(Attribute.keep.rawValue, uint64: keep) }
        if let before { writer.attribute(Attribute.before.rawValue, uint64: before) }
        if dryRun { writer.attributeFlag(Attribute.dryRun.rawValue) }
    }
}
