/// What a client says about itself; it holds for all requests that follow on the connection.
///
/// - Shape: `nfgenmsg`, then the attributes of ``Attribute``.
/// - Source: `schema/xt2.yaml`, attribute set `session`.
public struct SessionMessage: ControlBody {
    /// The attributes, by number.
    public enum Attribute: UInt16, CaseIterable, Sendable {
        case origin = 1
        case protect = 2
        case force = 3
    }

    /// Where the client is connected from, as sshd says it in SSH_CONNECTION: `ADDRESS PORT ADDRESS
    /// PORT`, first the other end's, then this host's.
    public var origin: String?
    /// Connections that no change may cut: `PROTOCOL ADDRESS PORT ADDRESS PORT`, from where to
    /// where; `*` for any port.
    public var protect: [String]
    /// Carry out a change that cuts a protected connection all the same.
    public var force: Bool

    /// Makes one from its parts; those with a default may be left out.
    public init(origin: String? = nil, protect: [String] = [], force: Bool = false) {
        self.origin = origin
        self.protect = protect
        self.force = force
    }

    /// Reads the attributes; see ``ControlBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        self.init()
        while let attribute = try attributes.next() {
            switch Attribute(rawValue: attribute.type) {
            case .origin: origin = try attribute.string(limit: WireLimits.reasonBytes)
            case .protect: protect.append(try attribute.string(limit: WireLimits.reasonBytes))
            case .force: force = true
            case nil: break  // a newer sender's; what is not known is not needed
            }
        }
    }

    /// Writes the attributes in the order of their numbers.
    public func write(to writer: inout MessageWriter) {
        if let origin { writer.attribute(Attribute.origin.rawValue, string: origin) }
        for item in protect { writer.attribute(Attribute.protect.rawValue, string: item) }
        if force { writer.attributeFlag(Attribute.force.rawValue) }
    }
}
