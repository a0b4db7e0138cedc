/// The last entry of the audit log; kept elsewhere, it shows later that nothing was cut off.
///
/// - Shape: `nfgenmsg`, then the attributes of ``Attribute``; numbers are big-endian.
/// - Source: `schema/xt2.yaml`, attribute set `audit-head`.
public struct AuditHeadMessage: ControlBody {
    /// The attributes, by number.
    public enum Attribute: UInt16, CaseIterable, Sendable {
        case sequence = 1
        case hash = 2
    }

    /// The number of the entry; 0 in an empty log.
    public var sequence: UInt64?
    /// Its hash.
    public var hash: [UInt8]?

    /// Makes one from its parts; those with a default may be left out.
    public init(sequence: UInt64? = nil, hash: [UInt8]? = nil) {
        self.sequence = sequence
        self.hash = hash
    }

    /// Reads the attributes; see ``ControlBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        self.init()
        while let attribute = try attributes.next() {
            switch Attribute(rawValue: attribute.type) {
            case .sequence: sequence = try attribute.uint64()
            case .hash: hash = attribute.bytes()
            case nil: break  // a newer sender's; what is not known is not needed
            }
        }
    }

    /// Writes the attributes in the order of their numbers.
    public func write(to writer: inout MessageWriter) {
        if let sequence { writer.attribute(Attribute.sequence.rawValue, uint64: sequence) }
        if let hash { writer.attribute(Attribute.hash.rawValue, bytes: hash) }
    }
}
