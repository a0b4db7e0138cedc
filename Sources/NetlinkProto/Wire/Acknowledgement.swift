/// The answer to a request: 0, or an errno with what the other side says about it.
///
/// - Shape: `error` (4, host order, negative errno), the request's header (16), its payload unless
///   `NLM_F_CAPPED`, then with `NLM_F_ACK_TLVS` the attributes MSG (1), OFFS (2, host order, from
///   the start of the request), COOKIE (3), POLICY (4), MISS_TYPE (5), MISS_NEST (6).
/// - Source: linux `include/uapi/linux/netlink.h`, `struct nlmsgerr`, `enum nlmsgerr_attrs`.
public struct Acknowledgement: Hashable, Sendable {
    /// The errno, positive; 0 when the request was done.
    public var errno: Int32
    /// The header of the request that this answers.
    public var request: MessageHeader
    /// What went wrong, for people; may be empty.
    public var message: String
    /// Bytes from the start of the request to the attribute at fault.
    public var offset: Int?
    /// Bytes for the requester, `NLMSGERR_ATTR_COOKIE`; xt2d sends none.
    public var cookie: [UInt8]

    /// An acknowledgement of `request`; `errno` 0 means done.
    public init(
        errno: Int32, request: MessageHeader, message: String = "", offset: Int? = nil,
        cookie: [UInt8] = []
    ) {
        self.errno = errno
        self.request = request
        self.message = message
        self.offset = offset
        self.cookie = cookie
    }

    /// Reads an NLMSG_ERROR, or an NLMSG_DONE that carries an error code.
    ///
    /// - Throws: ``WireError`` if it is cut short or its extended attributes are damaged.
    public init(_ view: borrowing MessageView) throws(WireError) {
        let payload = view.payload
        guard payload.byteCount >= 4 else {
            throw WireError(.truncated, "an acknowledgement of \(payload.byteCount) bytes")
        }
        let code = payload.unsafeLoadUnaligned(fromByteOffset: 0, as: Int32.self)
        // Int32.min has no positive twin; no errno is near it.
        self.init(errno: code == .min ? .max : abs(code), request: view.header)
        guard view.header.type == .error else {
            try readExtended(view, behind: 4)
            return
        }
        let prefix = 4 + WireLimits.headerBytes
        guard payload.byteCount >= prefix else {
            throw WireError(.truncated, "an acknowledgement without its request's header")
        }
        let requestSpan = payload.extracting(droppingFirst: 4)
        request = MessageHeader(reading: requestSpan)
        var start = prefix
        if !view.header.flags.contains(.capped) && code != 0 {
            let length = Int(requestSpan.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt32.self))
            guard length >= WireLimits.headerBytes else {
                throw WireError(
                    .badLength, "an acknowledgement repeats a request of \(length) bytes")
            }
            start = 4 + netlinkAligned(length)
        }
        try readExtended(view, behind: start)
    }

    private mutating func readExtended(
        _ view: borrowing MessageView, behind start: Int
    ) throws(WireError) {
        guard view.header.flags.contains(.extendedAcknowledgement) else { return }
        guard start <= view.payload.byteCount else {
            throw WireError(.truncated, "an acknowledgement ends inside its request")
        }
        var attributes = AttributeReader(
            view.payload.extracting(droppingFirst: start), offset: WireLimits.headerBytes + start)
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: message = String(decoding: attribute.bytes().prefix { $0 != 0 }, as: UTF8.self)
            case 2: offset = Int(try attribute.hostUInt32())
            case 3: cookie = attribute.bytes()
            default: break  // policy details that only a netlink debugger wants
            }
        }
    }

    /// Writes the acknowledgement; the request's payload is left out (`NLM_F_CAPPED`).
    public func write(to writer: inout MessageWriter, port: PortID) {
        let extended = !message.isEmpty || offset != nil || !cookie.isEmpty
        var flags: MessageFlags = .capped
        if extended { flags.insert(.extendedAcknowledgement) }
        let header = MessageHeader(
            type: .error, flags: flags, sequence: request.sequence, port: port)
        writer.message(header) { writer in
            writer.hostWord(UInt32(bitPattern: 0 &- errno))
            // The request's own length is not kept; its header stands for it.
            writer.netlinkHeader(request, lengthBytes: UInt32(WireLimits.headerBytes))
            if !message.isEmpty { writer.attribute(1, string: message) }
            if let offset { writer.attribute(2, hostUInt32: UInt32(clamping: offset)) }
            if !cookie.isEmpty { writer.attribute(3, bytes: cookie) }
        }
    }
}
