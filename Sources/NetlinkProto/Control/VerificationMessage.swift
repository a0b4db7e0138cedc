/// What checking the audit chain found.
///
/// - Shape: `nfgenmsg`, then the attributes of ``Attribute``; numbers are big-endian.
/// - Source: `schema/xt2.yaml`, attribute set `verification`.
public struct VerificationMessage: ControlBody {
    /// The attributes, by number.
    public enum Attribute: UInt16, CaseIterable, Sendable {
        case entries = 1
        case head = 2
        case problem = 3
    }

    /// How many entries there are.
    public var entries: UInt64
    /// The hash of the newest entry; empty when there is none.
    public var head: [UInt8]
    /// What is wrong, one attribute a finding; none when all is well.
    public var problem: [String]

    /// Makes one from its parts; those with a default may be left out.
    public init(
        entries: UInt64, head: [UInt8], problem: [String] = []
    ) {
        self.entries = entries
        self.head = head
        self.problem = problem
    }

    /// Reads the attributes; see ``ControlBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var entries: UInt64?
        var head: [UInt8]?
        var problem: [String] = []
        while let attribute = try attributes.next() {
            switch Attribute(rawValue: attribute.type) {
            case .entries: entries = try attribute.uint64()
            case .head: head = attribute.bytes()
            case .problem: problem.append(try attribute.string(limit: WireLimits.reasonBytes))
            case nil: break  // a newer sender's; what is not known is not needed
            }
        }
        guard let entries else { throw WireError.missing("entries", in: "verification") }
        guard let head else { throw WireError.missing("head", in: "verification") }
        self.init(
            entries: entries, head: head, problem: problem)
    }

    /// Writes the attributes in the order of their numbers.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(Attribute.entries.rawValue, uint64: entries)
        writer.attribute(Attribute.head.rawValue, bytes: head)
        for item in problem { writer.attribute(Attribute.problem.rawValue, string: item) }
    }
}
