import Glibc
import TestSupport

/// Where a daemon says that it is ready, as systemd would listen for it.
///
/// - Source: sd_notify(3).
final class ReadySocket: Sendable {
    let path: String
    private let descriptor: Int32

    /// Longest wait for anything; only a daemon that hangs needs so long.
    private static let patienceMilliseconds: Int32 = 60_000

    init(path: String) throws {
        self.path = path
        unlink(path)
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let bound = UnixAddress.withAddress(path) { bind(descriptor, $0, $1) }
        guard descriptor >= 0, bound == 0 else {
            throw CommandFailure("\(path): \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    /// Waits for a message, or for the end of a process.
    ///
    /// - Returns: the message; nil if the process ended without one.
    func wait(orEndOf pid: Int32) throws -> String? {
        let process = try ReadySocket.open(pid)
        defer { close(process) }
        var polled = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: process, events: Int16(POLLIN), revents: 0),
        ]
        guard poll(&polled, 2, ReadySocket.patienceMilliseconds) > 0 else {
            throw CommandFailure("the daemon neither gets ready nor ends")
        }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }

    /// A descriptor that becomes readable when the process ends.
    private static func open(_ pid: Int32) throws -> Int32 {
        // Looked up by name: the header of pidfd_open(2) is not in Swift's module of glibc.
        typealias Open = @convention(c) (Int32, UInt32) -> Int32
        guard let symbol = dlsym(nil, "pidfd_open") else {
            throw CommandFailure("pidfd_open needs glibc 2.36")
        }
        let descriptor = unsafeBitCast(symbol, to: Open.self)(pid, 0)
        guard descriptor >= 0 else {
            throw CommandFailure("pidfd_open: \(String(cString: strerror(errno)))")
        }
        return descriptor
    }
}

/// The address of a Unix socket.
enum UnixAddress {
    static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
