/// One netlink message, seen in place.
public struct MessageView: ~Escapable {
    /// The header.
    public let header: MessageHeader
    /// What follows the header, without padding.
    public let payload: RawSpan
    /// The whole message, header included, without padding.
    public let bytes: RawSpan

    @_lifetime(copy bytes)
    init(header: MessageHeader, bytes: RawSpan) {
        self.header = header
        self.bytes = bytes
        self.payload = bytes.extracting(droppingFirst: WireLimits.headerBytes)
    }

    /// The netfilter header that begins the payload.
    ///
    /// - Throws: ``WireError/Code/truncated`` if the message is too short for one.
    public func netfilterHeader() throws(WireError) -> NetfilterHeader {
        guard payload.byteCount >= WireLimits.netfilterHeaderBytes else {
            throw WireError(
                .truncated, "message \(header.type.name) is too short for a netfilter header",
                offset: WireLimits.headerBytes)
        }
        return NetfilterHeader(
            family: Family(rawValue: payload.unsafeLoad(fromByteOffset: 0, as: UInt8.self)),
            version: payload.unsafeLoad(fromByteOffset: 1, as: UInt8.self),
            resource: UInt16(
                bigEndian: payload.unsafeLoadUnaligned(fromByteOffset: 2, as: UInt16.self)))
    }

    /// The attributes behind the netfilter header.
    ///
    /// - Throws: ``WireError/Code/truncated`` if the message is too short for one.
    @_lifetime(copy self)
    public func attributes() throws(WireError) -> AttributeReader {
        _ = try netfilterHeader()
        return AttributeReader(
            payload.extracting(droppingFirst: WireLimits.netfilterHeaderBytes),
            offset: WireLimits.headerBytes + WireLimits.netfilterHeaderBytes)
    }
}

/// The header that each nfnetlink message has behind the netlink header.
///
/// - Source: linux `include/uapi/linux/netfilter/nfnetlink.h`, `struct nfgenmsg`.
public struct NetfilterHeader: Hashable, Sendable {
    /// The address family of the object.
    public var family: Family
    /// `NFNETLINK_V0`: 0.
    public var version: UInt8
    /// A subsystem number in batch messages; the low 16 bits of the generation in replies.
    public var resource: UInt16
}

/// Walks the messages of a buffer without copying them.
///
/// - Source: linux `include/net/netlink.h`, `nlmsg_ok` and `nlmsg_next`.
public struct MessageReader: ~Escapable {
    private var rest: RawSpan

    /// Starts at the first message of `span`.
    @_lifetime(copy span)
    public init(_ span: RawSpan) { rest = span }

    /// The next message, or nil behind the last.
    ///
    /// - Throws: ``WireError/Code/truncated`` if a message ends behind the buffer,
    ///   ``WireError/Code/badLength`` if it says to be shorter than its header.
    @_lifetime(copy self)
    public mutating func next() throws(WireError) -> MessageView? {
        if rest.isEmpty { return nil }
        guard rest.byteCount >= WireLimits.headerBytes else {
            throw WireError(.truncated, "\(rest.byteCount) bytes where a message header belongs")
        }
        let length = Int(rest.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt32.self))
        guard length >= WireLimits.headerBytes else {
            throw WireError(.badLength, "a message says it has \(length) bytes")
        }
        guard length <= rest.byteCount else {
            throw WireError(
                .truncated, "a message says \(length) bytes, \(rest.byteCount) are there")
        }
        let view = MessageView(
            header: MessageHeader(reading: rest), bytes: rest.extracting(first: length))
        rest = rest.extracting(droppingFirst: min(netlinkAligned(length), rest.byteCount))
        return view
    }
}

extension MessageHeader {
    /// Reads a header whose sixteen bytes are known to be there.
    init(reading span: RawSpan) {
        precondition(span.byteCount >= WireLimits.headerBytes)
        self.init(
            type: MessageType(
                rawValue: span.unsafeLoadUnaligned(fromByteOffset: 4, as: UInt16.self)),
            flags: MessageFlags(
                rawValue: span.unsafeLoadUnaligned(fromByteOffset: 6, as: UInt16.self)),
            sequence: SequenceNumber(
                span.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt32.self)),
            port: PortID(rawValue: span.unsafeLoadUnaligned(fromByteOffset: 12, as: UInt32.self)))
    }
}
