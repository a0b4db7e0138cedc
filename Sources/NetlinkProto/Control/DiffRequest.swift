/// Asks for the changes between two versions, of one version, or of a candidate.
///
/// - Shape: `nfgenmsg`, then the attributes of ``Attribute``; numbers are big-endian.
/// - Source: `schema/xt2.yaml`, attribute set `diff-request`.
public struct DiffRequest: ControlBody {
    /// The attributes, by number.
    public enum Attribute: UInt16, CaseIterable, Sendable {
        case from = 1
        case to = 2
        case candidate = 3
    }

    /// The older side.
    public var from: UInt64?
    /// The newer side.
    public var to: UInt64?
    /// A candidate, against the head.
    public var candidate: UInt64?

    /// Makes one from its parts; those with a default may be left out.
    public init(
        from: UInt64? = nil, to: UInt64? = nil, candidate: UInt64? = nil
    ) {
        self.from = from
        self.to = to
        self.candidate = candidate
    }

    /// Reads the attributes; see ``ControlBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var from: UInt64?
        var to: UInt64?
        var candidate: UInt64?
        while let attribute = try attributes.next() {
            switch Attribute(rawValue: attribute.type) {
            case .from: from = try attribute.uint64()
            case .to: to = try attribute.uint64()
            case .candidate: candidate = try attribute.uint64()
            case nil: break  // a newer sender's; what is not known is not needed
            }
        }
        self.init(
            from: from, to: to, candidate: candidate)
    }

    /// Writes the attributes in the order of their numbers.
    public func write(to writer: inout MessageWriter) {
        if let from { writer.attribute(Attribute.from.rawValue, uint64: from) }
        if let to { writer.attribute(Attribute.to.rawValue, uint64: to) }
        if let candidate { writer.attribute(Attribute.candidate.rawValue, uint64: candidate) }
    }
}
