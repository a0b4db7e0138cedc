import Glibc
import NetlinkProto

/// A connection to xt2d that stays open: what the daemon takes for a request, without the start of a command.
final class Connection {
    private let descriptor: Int32
    private var decoder = FrameDecoder()
    private var sequence: UInt32 = 1

    init(path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(100)) }
        let result = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else {
            let problem = Failure.system(path)
            close(descriptor)
            throw problem
        }
    }

    deinit { close(descriptor) }

    /// Puts a rule at the head of the chain `ip bench input`.
    ///
    /// - Returns: microseconds from the request's first byte to the reply's last.
    func insert(_ body: RuleBody, chain: String = "input") throws -> Double {
        var writer = MessageWriter()
        let first = sequence
        sequence += 3
        BatchOptions().writeBegin(sequence: SequenceNumber(first), to: &writer)
        let header = MessageHeader(
            type: .newRule, flags: [.request, .create, .echo], sequence: SequenceNumber(first + 1))
        RuleMessage(family: .ip, table: "bench", chain: chain, body: body).write(
            header, to: &writer)
        Batch.end(sequence: SequenceNumber(first + 2), to: &writer)
        let bytes = try writer.finish()
        let start = Clock.microseconds
        try exchange(bytes)
        return Clock.microseconds - start
    }

    /// Asks how the daemon is, and waits for the answer.
    func status() throws {
        var writer = MessageWriter()
        let header = MessageHeader(
            type: .getStatus, flags: [.request, .acknowledge], sequence: SequenceNumber(sequence))
        sequence += 1
        writer.message(header) { $0.netfilterHeader(family: .unspecified) }
        try exchange(try writer.finish())
    }

    private func exchange(_ bytes: [UInt8]) throws {
        guard send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw Failure.system("send")
        }
        try receiveAcknowledgement()
    }

    private func receiveAcknowledgement() throws {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            while let message = try decoder.next() {
                guard let error = try Connection.errno(of: message) else { continue }
                guard error == 0 else { throw Failure("xt2d refused an edit: errno \(error)") }
                return
            }
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { throw Failure("xt2d closed the connection") }
            decoder.append(buffer[..<count])
        }
    }

    /// The errno of an acknowledgement; nil for another message.
    private static func errno(of message: [UInt8]) throws -> Int32? {
        var reader = MessageReader(message.span.bytes)
        guard let view = try reader.next(), view.header.type == .error else { return nil }
        return try Acknowledgement(view).errno
    }
}
