import Glibc

/// Where a daemon says that it is ready, as systemd would listen for it.
///
/// - Source: sd_notify(3).
public final class ReadySocket: Sendable {
    /// Where it is, for `NOTIFY_SOCKET`.
    public let path: String
    private let descriptor: Int32

    /// Makes one.
    ///
    /// - Throws: ``CommandFailure`` if it cannot be bound.
    public init(path: String) throws {
        self.path = path
        unlink(path)
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let bound = UnixAddress.withAddress(path) { bind(descriptor, $0, $1) }
        guard descriptor >= 0, bound == 0 else {
            throw CommandFailure("\(path): \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    /// Waits for a message, or for the end of a process.
    ///
    /// - Returns: the message; nil if the process ended without one.
    public func wait(orEndOf pid: Int32) throws -> String? {
        let process = try ProcessDescriptor(pid)
        var polled = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: process.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        guard poll(&polled, 2, Int32(Patience.seconds) * 1_000) > 0 else {
            throw CommandFailure("the daemon neither gets ready nor ends")
        }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }
}
