import Glibc
import NIOCore
import NetlinkProto

/// One client's conversation: bytes in, requests carried out one after the other, replies out.
struct Session {
    private var peer: Peer
    private let handler: RequestHandler
    private var decoder: FrameDecoder
    private var batch: OpenBatch?
    private var replies: ReplyStream
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    /// Tells of versions, once the client has asked for it.
    private var follower: Task<Void, any Error>?

    init(
        _ peer: Peer, handler: RequestHandler, outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) {
        self.peer = peer
        self.handler = handler
        decoder = FrameDecoder(messageLimitBytes: handler.configuration.limits.messageBytes)
        replies = ReplyStream(outbound)
        self.outbound = outbound
    }

    /// Begins to tell of versions; replies to other requests may come in between.
    private mutating func follow(_ header: MessageHeader) async throws {
        guard follower == nil else {
            return try await replies.refuse(
                header, Refusal(EALREADY, "You are told of versions already."))
        }
        do {
            try await handler.checkReading(header, peer)
        } catch let refusal as Refusal {
            return try await replies.refuse(header, refusal)
        }
        let versions = handler.committer.feed.follow()
        try await replies.flush()
        let stream = ReplyStream(outbound)
        follower = Task { [handler] in try await handler.follow(versions, header, stream) }
    }

    /// Ends what goes on beside the requests.
    func end() async {
        follower?.cancel()
        _ = await follower?.result
    }

    /// Whether the client is in the middle of a message or a batch.
    var waitsForMore: Bool { decoder.pendingBytes > 0 || batch != nil }

    /// Takes in what came from the client.
    ///
    /// - Returns: false if the stream cannot be read on: it is to be closed.
    mutating func receive(_ bytes: ByteBuffer) async throws -> Bool {
        let isShort = !waitsForMore && bytes.readableBytes <= Session.shortBytes
        decoder.append(bytes.readableBytesView)
        if isShort { return try await takeAll() }
        // More edits may take long, and others read and write on this thread.
        return try await withTaskExecutorPreference(globalConcurrentExecutor) {
            try await takeAll()
        }
    }

    /// Edits of so many bytes are read at once.
    private static let shortBytes = 4_096

    private mutating func takeAll() async throws -> Bool {
        do {
            while let message = try decoder.next() {
                try await take(message)
            }
            try await replies.flush()
            return true
        } catch let error as WireError {
            let nobody = MessageHeader(type: .noop)
            try await replies.acknowledge(
                nobody, errno: EBADMSG,
                message:
                    "This is not a netlink message: \(error.message). The connection is closed.")
            try await replies.flush()
            return false
        }
    }

    private mutating func take(_ message: [UInt8]) async throws {
        let header = Session.header(of: message)
        switch header.type {
        case .batchBegin: try await begin(message, header)
        case .batchEnd: try await end(header)
        case .noop, .done, .error: break
        case .newSession: try await settle(message, header)
        case _ where batch != nil: collect(message)
        case .followVersions: try await follow(header)
        default:
            try await withTaskExecutorPreference(globalConcurrentExecutor) {
                try await handler.handle(message, header, peer: peer, &replies)
            }
        }
    }

    /// Takes over what the client says about itself.
    private mutating func settle(_ message: [UInt8], _ header: MessageHeader) async throws {
        do throws(Refusal) {
            peer.session = try SessionSettings(try RequestHandler.read(message) as SessionMessage)
        } catch {
            return try await replies.refuse(header, error)
        }
        if header.flags.contains(.acknowledge) { try await replies.acknowledge(header) }
    }

    private static func header(of message: [UInt8]) -> MessageHeader {
        var reader = MessageReader(message.span.bytes)
        // The frame decoder gives whole messages only.
        guard let view = try? reader.next() else { return MessageHeader(type: .noop) }
        return view.header
    }

    // MARK: Batches

    private mutating func begin(_ message: [UInt8], _ header: MessageHeader) async throws {
        if batch != nil {
            batch = nil
            return try await replies.refuse(
                header, Refusal(EINVAL, "A batch begins inside of a batch; neither is carried out.")
            )
        }
        do {
            batch = open(header, try Session.options(of: message))
        } catch {
            batch = open(header, BatchOptions())
            batch?.refusal = Refusal(EINVAL, "The beginning of the batch cannot be read: \(error).")
        }
    }

    private func open(_ header: MessageHeader, _ options: BatchOptions) -> OpenBatch {
        OpenBatch(
            header: header, options: options, share: BatchQueue.Share(handler.queue),
            isAllowed: handler.configuration.allows(peer, .edit))
    }

    private static func options(of message: [UInt8]) throws(WireError) -> BatchOptions {
        var reader = MessageReader(message.span.bytes)
        guard let view = try reader.next() else { return BatchOptions() }
        return try BatchOptions(view)
    }

    private mutating func collect(_ message: [UInt8]) {
        // In its place: a copy for each of many edits would be a tenth of the work. The handler apart, since the batch is being changed.
        let handler = handler
        batch?.collect(message, for: handler)
    }

    private mutating func end(_ header: MessageHeader) async throws {
        guard let batch else {
            return try await replies.refuse(
                header, Refusal(EINVAL, "A batch ends that has not begun."))
        }
        self.batch = nil
        if let refusal = batch.refusal { return try await replies.refuse(batch.header, refusal) }
        let edits = EditBatch(
            options: batch.options, sequence: batch.header.sequence, received: batch.received)
        try await handler.edit(edits, batch.header, peer: peer, &replies)
        // Only now is its memory free.
        withExtendedLifetime(batch.share) {}
    }
}
