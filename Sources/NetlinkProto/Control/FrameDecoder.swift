/// Cuts the byte stream of the control socket into netlink messages.
///
/// A value without I/O: bytes go in as they come, whole messages come out. It does not matter where
/// the stream was cut.
/// - Invariants: never holds more than one incomplete message; a message longer than the limit is
///   refused when its header is there, before its body is waited for.
public struct FrameDecoder: Sendable {
    @usableFromInline var buffer: [UInt8] = []
    @usableFromInline var start = 0
    private let messageLimitBytes: Int

    /// A decoder that refuses messages over `messageLimitBytes`.
    public init(messageLimitBytes: Int = WireLimits.messageBytes) {
        self.messageLimitBytes = messageLimitBytes
    }

    /// Takes in what came from the socket.
    ///
    /// Inlined, because other modules would look up at run time how to go through the sequence.
    @inlinable
    public mutating func append(_ bytes: some Sequence<UInt8>) {
        if start > 0 {
            buffer.removeFirst(start)
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// Bytes that wait for the rest of their message.
    public var pendingBytes: Int { buffer.count - start }

    /// The next whole message, header included, without padding; nil if more bytes are needed.
    ///
    /// - Throws: ``WireError/Code/badLength`` for a length below a header's,
    ///   ``WireError/Code/tooLarge`` over the limit. The stream cannot be read on after that.
    public mutating func next() throws(WireError) -> [UInt8]? {
        guard pendingBytes >= WireLimits.headerBytes else { return nil }
        let length = Int(
            buffer.span.bytes.unsafeLoadUnaligned(fromByteOffset: start, as: UInt32.self))
        guard length >= WireLimits.headerBytes else {
            throw WireError(.badLength, "a message says it has \(length) bytes; a header has 16")
        }
        guard length <= messageLimitBytes else {
            throw WireError(
                .tooLarge, "a message of \(length) bytes; at most \(messageLimitBytes) are taken")
        }
        guard pendingBytes >= netlinkAligned(length) else { return nil }
        let message = Array(buffer[start..<start + length])
        start += netlinkAligned(length)
        return message
    }
}
