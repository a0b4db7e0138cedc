import Glibc
import NetlinkProto

/// A conversation with the daemon: one request or batch at a time, and its reply.
struct Client: ~Copyable {
    private let socket: UnixSocket
    private var decoder = FrameDecoder(messageLimitBytes: WireLimits.replyBytes)
    /// The sequence number of the next request; 0 is never used.
    private var nextSequence: UInt32 = 1

    /// Speaks over `socket`.
    init(_ socket: consuming UnixSocket) {
        self.socket = socket
    }

    /// Sends a request that lists things, and hands on each part of the reply.
    ///
    /// - Throws: what the daemon refused, or why its reply cannot be read.
    mutating func list(
        _ type: MessageType, _ body: some ControlBody,
        _ receive: (borrowing MessageView) throws(WireError) -> Void
    ) throws(CommandError) {
        try request(type, body, flags: [.request, .acknowledge, .dump], receive)
    }

    /// Sends a request that is answered as things happen, and hands on each part of the reply.
    ///
    /// - Throws: what the daemon refused, or that it has ended.
    mutating func follow(
        _ type: MessageType, _ body: some ControlBody,
        _ receive: (borrowing MessageView) throws(WireError) -> Void
    ) throws(CommandError) {
        do {
            try list(type, body, receive)
        } catch  where error.kind == .absent {
            throw CommandError(
                .absent, "xt2d has ended the connection: nothing more will come.",
                hints: ["it may have been stopped; when it runs again, the same command follows on"]
            )
        }
    }

    /// Sends one of xt2's own requests, and hands on each part of the reply.
    ///
    /// - Throws: what the daemon refused, or why its reply cannot be read.
    @discardableResult
    mutating func request(
        _ type: MessageType, _ body: some ControlBody,
        flags: MessageFlags = [.request, .acknowledge],
        _ receive: (borrowing MessageView) throws(WireError) -> Void = { _ in }
    ) throws(CommandError) -> Acknowledgement {
        var writer = MessageWriter()
        body.write(MessageHeader(type: type, flags: flags, sequence: takeSequence()), to: &writer)
        return try done(exchange(writer, receive))
    }

    /// Sends a message that is not answered.
    ///
    /// Why: the daemon reads it while the request that follows is being made, and nobody waits.
    ///
    /// - Throws: if it cannot be sent.
    mutating func tell(_ type: MessageType, _ body: some ControlBody) throws(CommandError) {
        var writer = MessageWriter()
        body.write(
            MessageHeader(type: type, flags: .request, sequence: takeSequence()), to: &writer)
        try send(writer)
    }

    /// Sends a message about rules that is not an edit.
    ///
    /// - Throws: what the daemon refused, or why its reply cannot be read.
    mutating func request(_ type: MessageType, _ rule: RuleMessage) throws(CommandError) {
        let flags: MessageFlags = [.request, .acknowledge]
        var writer = MessageWriter()
        rule.write(MessageHeader(type: type, flags: flags, sequence: takeSequence()), to: &writer)
        _ = try done(exchange(writer) { _ in })
    }

    private func done(_ reply: Acknowledgement) throws(CommandError) -> Acknowledgement {
        if reply.errno != 0 { throw CommandError(reply) }
        return reply
    }

    /// Sends what `writer` holds, and hands on each part of the reply up to its end.
    ///
    /// - Parameter progress: is told again and again that there is no answer yet.
    /// - Returns: the acknowledgement that ends the reply, good or bad.
    /// - Throws: if nothing can be sent, or the reply ends early or cannot be read.
    mutating func exchange(
        _ writer: consuming MessageWriter, progress: Progress? = nil,
        _ receive: (borrowing MessageView) throws(WireError) -> Void
    ) throws(CommandError) -> Acknowledgement {
        try send(writer)
        return try answer(progress, receive)
    }

    /// Hands on each part of the reply to what was sent, up to its end.
    ///
    /// - Parameter progress: is told again and again that there is no answer yet.
    /// - Returns: the acknowledgement that ends the reply, good or bad.
    /// - Throws: if the reply ends early or cannot be read.
    mutating func answer(
        _ progress: Progress? = nil,
        _ receive: (borrowing MessageView) throws(WireError) -> Void
    ) throws(CommandError) -> Acknowledgement {
        while true {
            do {
                while let message = try decoder.next() {
                    if let end = try Client.read(message, receive) { return end }
                }
            } catch {
                throw CommandError(error)
            }
            try fill(progress)
        }
    }

    /// Numbers for the messages of a request: the first of `count` that follow each other.
    mutating func takeSequence(_ count: Int = 1) -> SequenceNumber {
        defer { nextSequence &+= UInt32(clamping: count) }
        return SequenceNumber(nextSequence)
    }

    private static func read(
        _ message: [UInt8], _ receive: (borrowing MessageView) throws(WireError) -> Void
    ) throws(WireError) -> Acknowledgement? {
        var reader = MessageReader(message.span.bytes)
        guard let view = try reader.next() else { return nil }
        switch view.header.type {
        case .error: return try Acknowledgement(view)
        case .done: return try Acknowledgement(view)
        default: try receive(view)
        }
        return nil
    }

    private func send(_ writer: consuming MessageWriter) throws(CommandError) {
        let bytes: [UInt8]
        do {
            bytes = try writer.finish()
        } catch {
            throw CommandError(.usage, "this does not fit into one message: \(error)")
        }
        try send(bytes)
    }

    /// Sends whole messages.
    ///
    /// - Throws: if they cannot be sent.
    func send(_ bytes: [UInt8]) throws(CommandError) {
        do {
            try socket.send(bytes)
        } catch {
            // A daemon that refuses a request before it has read all of it closes; its reply tells why.
            if error.code != EPIPE && error.code != ECONNRESET { throw lost(error) }
        }
    }

    private mutating func fill(_ progress: Progress?) throws(CommandError) {
        if let progress {
            while !socket.isReadable(within: Progress.milliseconds) { progress.tick() }
        }
        let bytes: [UInt8]
        do {
            bytes = try socket.receive()
        } catch {
            throw lost(error)
        }
        guard !bytes.isEmpty else { throw lost(nil) }
        decoder.append(bytes)
    }

    private func lost(_ error: SystemCallError?) -> CommandError {
        let reason = error.map { " (\($0.call): \(systemErrorText($0.code)))" } ?? ""
        return CommandError(
            .absent, "xt2d closed the connection before it answered\(reason).",
            hints: ["it may have been stopped; whether the change was made: xt2 log -n 3"])
    }
}
