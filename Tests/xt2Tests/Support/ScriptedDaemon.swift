import Foundation
import Glibc
import NetlinkProto
import Synchronization
import TestSupport

/// A daemon that answers what a test tells it to, on a socket of its own; it has no rules and no kernel.
final class ScriptedDaemon: Sendable {
    /// One message of a request.
    struct Request: Sendable {
        var header: MessageHeader
        var bytes: [UInt8]
    }

    /// What is sent back for the messages of a request or a batch.
    typealias Script = @Sendable ([Request]) -> [UInt8]

    /// Where it listens.
    let path: String
    private let directory: TemporaryDirectory
    private let listener: Int32
    private let received = Mutex<[Request]>([])

    /// All messages that have come so far.
    var requests: [Request] { received.withLock { $0 } }

    /// Listens, and answers each request with what `script` says; an empty answer closes the connection.
    init(_ script: @escaping Script) throws {
        directory = try TemporaryDirectory()
        path = directory.file("socket")
        listener = try listen(at: path)
        let thread = Thread { [listener] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { break }
                self.serve(connection, script)
                close(connection)
            }
            // Closed here and not in `stop`, which another daemon's new socket might overtake under the same number.
            close(listener)
        }
        thread.start()
    }

    /// Stops listening and removes the socket.
    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        unlink(path)
    }

    private func serve(_ connection: Int32, _ script: Script) {
        var decoder = FrameDecoder()
        var request: [Request] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(connection, &piece, piece.count, 0)
            guard count > 0 else { return }
            decoder.append(piece[..<count])
            while let message = try? decoder.next() {
                guard let header = ScriptedDaemon.header(of: message) else { return }
                request.append(Request(header: header, bytes: message))
                let isOpen = request[0].header.type == .batchBegin && header.type != .batchEnd
                if isOpen { continue }
                received.withLock { $0 += request }
                let answer = script(request)
                request = []
                if answer.isEmpty { return }
                var sent = 0
                while sent < answer.count {
                    let count = answer[sent...].withUnsafeBytes {
                        Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                    }
                    guard count > 0 else { return }
                    sent += count
                }
            }
        }
    }

    private static func header(of message: [UInt8]) -> MessageHeader? {
        var reader = MessageReader(message.span.bytes)
        guard let view = try? reader.next() else { return nil }
        return view.header
    }
}

/// A socket that listens at `path`.
func listen(at path: String) throws -> Int32 {
    // Without the limits of others: it may stand idle as long as a test takes.
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    let bound = UnixAddress.withAddress(path) { bind(descriptor, $0, $1) }
    guard bound == 0, Glibc.listen(descriptor, 8) == 0 else {
        throw CommandFailure("listen at \(path): \(String(cString: strerror(errno)))")
    }
    return descriptor
}
