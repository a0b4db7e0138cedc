/// What BATCH_BEGIN may carry on the control socket.
///
/// - Source: `schema/xt2.yaml`, attribute set `batch`.
public struct BatchOptions: ControlBody {
    /// The attributes, by number.
    public enum Attribute: UInt16, CaseIterable, Sendable {
        case reason = 0x2010
        case candidate = 0x2011
        case expectedHead = 0x2012
    }

    /// Why, at most ``WireLimits/reasonBytes``; kept with the version.
    public var reason: String?
    /// Put the edits into this candidate instead of committing them.
    public var candidate: UInt64?
    /// Refuse with ERESTART unless this is the head version.
    public var expectedHead: UInt64?

    /// Options for one batch.
    public init(reason: String? = nil, candidate: UInt64? = nil, expectedHead: UInt64? = nil) {
        self.reason = reason
        self.candidate = candidate
        self.expectedHead = expectedHead
    }

    /// Reads the attributes; see ``ControlBody``.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        self.init()
        while let attribute = try attributes.next() {
            switch Attribute(rawValue: attribute.type) {
            case .reason: reason = try attribute.string(limit: WireLimits.reasonBytes)
            case .candidate: candidate = try attribute.uint64()
            case .expectedHead: expectedHead = try attribute.uint64()
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
