import NIOCore
import NetlinkProto

/// The way back to one client.
///
/// Writes in pieces, and waits when the client does not read.
struct ReplyStream {
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var writer = MessageWriter(capacity: 4_096)

    /// Bytes that are collected before they are sent.
    private static let pieceBytes = 64 << 10

    /// Characters of a refusal that are told; more than any but a loop of hundreds of chains takes.
    private static let refusalCharacters = 4_096

    init(_ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>) {
        self.outbound = outbound
    }

    /// Adds a message; sends what has been collected when it is enough.
    mutating func add(_ write: (inout MessageWriter) -> Void) async throws {
        write(&writer)
        if writer.bytes.count >= ReplyStream.pieceBytes { try await flush() }
    }

    /// Sends what has been collected.
    mutating func flush() async throws {
        let full = writer
        writer = MessageWriter(capacity: 4_096)
        let bytes = try full.finish()
        if bytes.isEmpty { return }
        try await outbound.write(ByteBuffer(bytes: bytes))
    }

    /// Adds an acknowledgement: errno 0, or why not.
    mutating func acknowledge(
        _ request: MessageHeader, errno: Int32 = 0, message: String = "", offset: Int? = nil
    ) async throws {
        let answer = Acknowledgement(
            errno: errno, request: request, message: message, offset: offset)
        try await add { answer.write(to: &$0, port: .kernel) }
    }

    /// Adds a refusal.
    mutating func refuse(_ request: MessageHeader, _ refusal: Refusal) async throws {
        var header = request
        if let sequence = refusal.sequence { header.sequence = sequence }
        // Names of up to 255 bytes can make a sentence longer than an attribute.
        let message = String(refusal.message.prefix(ReplyStream.refusalCharacters))
        try await acknowledge(
            header, errno: refusal.errno, message: message, offset: refusal.offset)
    }

    /// Adds the end of a list.
    mutating func done(_ request: MessageHeader) async throws {
        let header = MessageHeader(
            type: .done, flags: .multipart, sequence: request.sequence)
        try await add { writer in writer.message(header) { $0.hostWord(0) } }
    }

    /// Adds one item of a list.
    mutating func item(
        _ type: MessageType, of request: MessageHeader,
        _ write: (MessageHeader, inout MessageWriter) -> Void
    ) async throws {
        let header = MessageHeader(type: type, flags: .multipart, sequence: request.sequence)
        try await add { write(header, &$0) }
    }
}
