import CMnl  // sys/socket.h belongs to the module that includes it first
import Glibc
import Logging

/// Tells systemd how the daemon is, when systemd asked to be told.
///
/// - Source: sd_notify(3): one datagram to the Unix socket in NOTIFY_SOCKET; a name that begins with `@` is abstract.
enum SystemdNotifier {
    /// Sends a state such as `READY=1`; outside of systemd nothing happens.
    ///
    /// While systemd has no room for it, this waits, as sd_notify(3) does.
    static func notify(_ state: String, log: Logger) {
        guard let name = getenv("NOTIFY_SOCKET").map({ String(cString: $0) }), !name.isEmpty else {
            return
        }
        do {
            try send(state, to: name)
        } catch {
            log.error(
                "systemd cannot be told of the daemon's state",
                metadata: ["state": "\(state)", "error": "\(errorText(error.number))"])
        }
    }

    private static func send(_ state: String, to name: String) throws(Errno) {
        let descriptor = try retryingShortage {
            socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        }.get()
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(name.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw Errno(number: ENAMETOOLONG)
        }
        if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
        let message = Array(state.utf8)
        let sent = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                retryingShortage {
                    sendto(
                        descriptor, message, message.count, Int32(MSG_NOSIGNAL), address,
                        socklen_t(offset + bytes.count))
                }
            }
        }
        _ = try sent.get()
    }

    /// Runs a system call again if memory was short for a moment.
    private static func retryingShortage<Number: SignedInteger>(
        _ call: () -> Number
    ) -> Result<Number, Errno> {
        var result = retryingInterrupts(call)
        for _ in 1..<attempts {
            guard case .failure(let error) = result, [ENOBUFS, ENOMEM].contains(error.number)
            else { break }
            result = retryingInterrupts(call)
        }
        return result
    }

    private static let attempts = 3
}
