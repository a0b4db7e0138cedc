/// What BATCH_BEGIN may carry on the control socket.
///
/// - Source: `schema/xt2.yaml`, attribute set `batch`.
public struct BatchOptions: ControlBody {
    /// The attributes, by number.
    public enum Attribute: UInt16, CaseIterable, Sendable {
        case reason = 0x2010
        case candidate = 0x2011
        case expectedHead = 0x2012
        case confirm = 0x2013
        case changes = 0x201E
        case check = 0x201F
    }

    /// Why, at most ``WireLimits/reasonBytes``; kept with the version.
    public var reason: String?
    /// Put the edits into this candidate instead of committing them.
    public var candidate: UInt64?
    /// Refuse with ERESTART unless this is the head version.
    public var expectedHead: UInt64?
    /// Take the version back unless it is confirmed within so many seconds.
    public var confirm: UInt32?
    /// With ``check``: list each change, too.
    public var changes: Bool
    /// Do everything but the change, and tell what it would be.
    public var check: Bool

    /// Options for one batch.
    public init(
        reason: String? = nil, candidate: UInt64? = nil, expectedHead: UInt64? = nil,
        confirm: UInt32? = nil, changes: Bool = false, check: Bool = false
    ) {
        self.reason = reason
        self.candidate = candidate
        self.expectedHead = expectedHead
        self.confirm = confirm
        self.changes = changes
        self.check = check
    }

    /// Reads the attributes; see ``ControlBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        self.init()
        while let attribute = try attributes.next() {
            switch Attribute(rawValue: attribute.type) {
            case .reason: reason = try attribute.string(limit: WireLimits.reasonBytes)
            case .candidate: candidate = try attribute.uint64()
            case .expectedHead: expectedHead = try attribute.uint64()
            case .confirm: confirm = try attribute.uint32()
            case .changes: changes = true
            case .check: check = true
            case nil: break  // the kernel's GENID means nothing here
            }
        }
    }

    /// Writes the attributes in the order of their numbers.
    public func write(to writer: inout MessageWriter) {
        if let reason { writer.attribute(Attribute.reason.rawValue, string: reason) }
        if let candidate { writer.attribute(Attribute.candidate.rawValue, uint64: candidate) }
        if let expectedHead {
            writer.attribute(Attribute.expectedHead.rawValue, uint64: expectedHead)
        }
        if let confirm { writer.attribute(Attribute.confirm.rawValue, uint32: confirm) }
        if changes { writer.attributeFlag(Attribute.changes.rawValue) }
        if check { writer.attributeFlag(Attribute.check.rawValue) }
    }

    /// Writes BATCH_BEGIN with these options; the acknowledgement of the whole batch answers its
    /// sequence.
    public func writeBegin(sequence: SequenceNumber, to writer: inout MessageWriter) {
        let header = MessageHeader(
            type: .batchBegin, flags: [.request, .acknowledge], sequence: sequence)
        writer.message(header) { writer in
            writer.netfilterHeader(
                family: .unspecified, resource: UInt16(MessageType.nfTablesSubsystem))
            write(to: &writer)
        }
    }
}
