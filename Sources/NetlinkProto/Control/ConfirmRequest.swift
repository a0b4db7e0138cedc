/// Keeps a version that is taken back otherwise.
///
/// - Shape: `nfgenmsg`, then the attributes of ``Attribute``; numbers are big-endian.
/// - Source: `schema/xt2.yaml`, attribute set `confirm-request`.
public struct ConfirmRequest: ControlBody {
    /// The attributes, by number.
    public enum Attribute: UInt16, CaseIterable, Sendable {
        case version = 1
    }

    /// Only this one; else the one that waits.
    public var version: UInt64?

    /// Makes one from its parts; those with a default may be left out.
    public init(
        version: UInt64? = nil
    ) {
        self.version = version
    }

    /// Reads the attributes; see ``ControlBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var version: UInt64?
        while let attribute = try attributes.next() {
            switch Attribute(rawValue: attribute.type) {
            case .version: version = try attribute.uint64()
            case nil: break  // a newer sender's; what is not known is not needed
            }
        }
        self.init(
            version: version)
    }

    /// Writes the attributes in the order of their numbers.
    public func write(to writer: inout MessageWriter) {
        if let version { writer.attribute(Attribute.version.rawValue, uint64: version) }
    }
}
