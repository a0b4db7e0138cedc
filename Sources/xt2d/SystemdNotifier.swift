import CMnl  // sys/socket.h belongs to the module that includes it first
import Glibc

/// Tells systemd how the daemon is, when systemd asked to be told.
///
/// - Source: sd_notify(3): one datagram to the Unix socket in NOTIFY_SOCKET; a name that begins with `@` is abstract.
enum SystemdNotifier {
    /// Sends a state such as `READY=1`.
    ///
    /// Nothing happens outside of systemd, or if it does not listen.
    static func notify(_ state: String) {
        guard let name = getenv("NOTIFY_SOCKET").map({ String(cString: $0) }), !name.isEmpty else {
            return
        }
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(name.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
        let message = Array(state.utf8)
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = sendto(
                    descriptor, message, message.count, Int32(MSG_NOSIGNAL), $0,
                    socklen_t(offset + bytes.count))
            }
        }
    }
}
