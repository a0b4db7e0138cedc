import Foundation
import Glibc
import NetlinkProto
import TestSupport

/// Both ends of a connection: the near one is for a client, which closes it.
final class SocketPair: Sendable {
    let near: Int32
    private let far: Int32

    init() throws {
        var ends: [Int32] = [0, 0]
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else {
            throw CommandFailure("socketpair: \(String(cString: strerror(errno)))")
        }
        for end in ends { Patience.limit(end) }
        (near, far) = (ends[0], ends[1])
    }

    deinit { close(far) }

    /// Says no more to the client.
    func closeFar() {
        shutdown(far, Int32(SHUT_RDWR))
    }

    /// What the client will read.
    func write(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(far, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// What the client has written.
    func read() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = recv(far, &bytes, bytes.count, 0)
        return Array(bytes.prefix(max(0, count)))
    }
}

/// Work on a thread of its own.
final class Background: Sendable {
    private let done = DispatchSemaphore(value: 0)

    init(_ work: @escaping @Sendable () -> Void) {
        let done = self.done
        Thread {
            work()
            done.signal()
        }.start()
    }

    /// Waits for its end; to be called once.
    func wait() { done.wait() }
}

extension MessageHeader {
    /// The header of a client's first request.
    static let any = MessageHeader(
        type: .getStatus, flags: [.request, .acknowledge], sequence: SequenceNumber(1))
}

extension ScriptedDaemon.Request {
    /// A client's first request.
    static let first = ScriptedDaemon.Request(header: .any, bytes: [])
}
