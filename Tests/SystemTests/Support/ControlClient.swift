import Glibc
import NetlinkProto
import TestSupport

/// A client of the control socket, as plain as can be: bytes out, messages in, one thread.
final class ControlClient {
    private let descriptor: Int32
    private var decoder = FrameDecoder()
    private var sequence: UInt32 = 1

    init(path: String) throws {
        descriptor = makeSocket(AF_UNIX, SOCK_STREAM)
        guard UnixAddress.withAddress(path, { connect(descriptor, $0, $1) }) == 0 else {
            // What was opened is closed by `deinit`, which runs for a value that did not come to be, too.
            throw CommandFailure("\(path): \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    // MARK: Bytes

    /// Sends bytes, whatever they are.
    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw ConnectionLost() }
            rest = rest.dropFirst(count)
        }
    }

    /// Waits until the daemon has taken all that was sent out of the socket.
    func waitUntilRead() throws {
        try eventually("the daemon reads what was sent") {
            var unread: Int32 = 0
            return ioctl(descriptor, UInt(TIOCOUTQ), &unread) != 0 || unread == 0
        }
    }

    /// Says that nothing more will come.
    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Waits until the daemon has closed the connection, and reads nothing of what came before.
    func waitForHangup() throws {
        var polled = pollfd(fd: descriptor, events: 0, revents: 0)
        guard poll(&polled, 1, Int32(Patience.seconds) * 1_000) > 0 else {
            throw CommandFailure("the daemon does not hang up")
        }
    }

    /// The next message from the daemon.
    ///
    /// - Throws: ``ConnectionLost`` if the daemon closed the connection; ``CommandFailure`` if it hangs.
    func receive() throws -> Message {
        while true {
            if let bytes = try decoder.next() { return try Message(bytes) }
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0, errno == EAGAIN {
                throw CommandFailure("the daemon has said nothing for \(Patience.seconds) seconds")
            }
            guard count > 0 else { throw ConnectionLost() }
            decoder.append(buffer[..<count])
        }
    }

    /// Whether something has come from the daemon that was not received yet.
    var hasAnswer: Bool {
        Patience.readable(descriptor, seconds: 0)
    }

    /// Waits until the daemon closes the connection; returns the messages that came before.
    func drain() throws -> [Message] {
        var messages: [Message] = []
        do {
            while true { messages.append(try receive()) }
        } catch is ConnectionLost {
            return messages
        }
    }

    // MARK: Requests

    /// Sends a batch and reads what comes of it.
    ///
    /// - Throws: ``Refused``; ``ConnectionLost``.
    @discardableResult
    func commit(
        _ options: BatchOptions = BatchOptions(), _ build: (inout EditScript) -> Void
    ) throws -> Reply {
        var script = EditScript(firstSequence: 1 << 20)
        build(&script)
        return try commit(script, options)
    }

    /// Sends a batch that was written before and reads what comes of it.
    @discardableResult
    func commit(_ script: EditScript, _ options: BatchOptions = BatchOptions()) throws -> Reply {
        sequence += 1
        try send(script.batch(options, sequence: sequence))
        return try reply(to: sequence)
    }

    /// Sends a request that is acknowledged and reads what comes of it.
    @discardableResult
    func ask(_ type: MessageType, _ body: (some ControlBody)? = RulesetRequest?.none) throws
        -> Reply
    {
        try send(request(type, [.request, .acknowledge], body))
        return try reply(to: sequence)
    }

    /// Sends a request for a list and reads all of it.
    func list(_ type: MessageType, _ body: some ControlBody) throws -> [Message] {
        try send(request(type, [.request, .dump], body))
        return try reply(to: sequence).messages
    }

    /// Sends a request without attributes and reads nothing.
    func begin(_ type: MessageType) throws {
        try send(request(type, [.request, .dump], RulesetRequest?.none))
    }

    /// Sends a request for a list and reads nothing; returns by which number ``reply(to:)`` finds the list.
    func begin(_ type: MessageType, _ body: some ControlBody) throws -> UInt32 {
        try send(request(type, [.request, .dump], body))
        return sequence
    }

    private func request(
        _ type: MessageType, _ flags: MessageFlags, _ body: (some ControlBody)?
    ) throws -> [UInt8] {
        sequence += 1
        let header = MessageHeader(
            type: type, flags: flags, sequence: SequenceNumber(sequence))
        var writer = MessageWriter()
        if let body {
            body.write(header, to: &writer)
        } else {
            writer.message(header) { $0.netfilterHeader(family: .unspecified) }
        }
        return try writer.finish()
    }

    /// Reads up to the end of the reply to one request.
    func reply(to sequence: UInt32) throws -> Reply {
        var messages: [Message] = []
        while true {
            let message = try receive()
            switch message.header.type {
            case .error:
                let answer = try message.read { try Acknowledgement($0) }
                guard answer.errno == 0 else { throw Refused(answer) }
                return Reply(messages: messages, note: answer.message)
            case .done: return Reply(messages: messages, note: "")
            default: messages.append(message)
            }
        }
    }
}

/// One message from the daemon.
struct Message {
    let header: MessageHeader
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) throws {
        self.bytes = bytes
        var reader = MessageReader(bytes.span.bytes)
        guard let view = try reader.next() else { throw ConnectionLost() }
        header = view.header
    }

    /// Reads the message as something.
    func read<Value>(_ make: (borrowing MessageView) throws -> Value) throws -> Value {
        var reader = MessageReader(bytes.span.bytes)
        guard let view = try reader.next() else { throw ConnectionLost() }
        return try make(view)
    }
}

/// What came of a request that was carried out.
struct Reply {
    let messages: [Message]
    /// What the acknowledgement says.
    let note: String

    /// The version that came of it; nil if nothing was to change.
    var version: VersionMessage? {
        get throws {
            try messages.first { $0.header.type == .newVersion }?.read { try VersionMessage($0) }
        }
    }

    /// The candidate that it is about.
    var candidate: CandidateMessage? {
        get throws {
            try messages.first { $0.header.type == .newCandidate }?
                .read { try CandidateMessage($0) }
        }
    }

    /// The ids of the rules that it made or replaced, in order.
    var ids: [UInt64] {
        get throws {
            try messages.filter { $0.header.type == .newRule }
                .map { try $0.read { try RuleMessage($0).handle?.rawValue ?? 0 } }
        }
    }
}

/// What the daemon refused.
struct Refused: Error, CustomStringConvertible {
    let errno: Int32
    let message: String
    let sequence: UInt32
    let offset: Int?

    init(_ answer: Acknowledgement) {
        errno = answer.errno
        message = answer.message
        sequence = answer.request.sequence.rawValue
        offset = answer.offset
    }

    var description: String { "errno \(errno): \(message)" }
}

/// The daemon has closed the connection, or is gone.
struct ConnectionLost: Error {}

/// What a request was refused for; nil if it was carried out.
func refusal(_ body: () throws -> some Any) throws -> Refused? {
    do {
        _ = try body()
        return nil
    } catch let error as Refused {
        return error
    }
}
