/// The attributes of one of xt2's own messages.
public protocol ControlBody: Hashable, Sendable {
    /// Reads the attributes; those with unknown numbers are passed over.
    ///
    /// - Throws: ``WireError`` if one is damaged or a required one is missing.
    init(_ attributes: consuming AttributeReader) throws(WireError)
    /// Writes the attributes.
    func write(to writer: inout MessageWriter)
}

extension ControlBody {
    /// Reads the attributes of a message.
    public init(_ view: borrowing MessageView) throws(WireError) {
        try self.init(try view.attributes())
    }

    /// Writes the whole message.
    public func write(_ header: MessageHeader, to writer: inout MessageWriter) {
        writer.message(header) { writer in
            writer.netfilterHeader(family: .unspecified)
            write(to: &writer)
        }
    }
}
