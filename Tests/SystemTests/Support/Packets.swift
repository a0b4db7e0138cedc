import Glibc
import TestSupport

extension Daemon {
    /// Sends a datagram over the loopback device of the daemon's namespace; it has passed the output hook on return.
    func sendDatagram(bytes count: Int, port: UInt16 = 9) throws {
        try namespace.run {
            let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
            // Without a receiver the kernel would send an ICMP error, which would be counted too.
            let receiver = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
            defer {
                close(descriptor)
                close(receiver)
            }
            _ = InternetAddress.withAddress("127.0.0.1", port) { bind(receiver, $0, $1) }
            let bytes = [UInt8](repeating: 0, count: count)
            let sent = InternetAddress.withAddress("127.0.0.1", port) {
                sendto(descriptor, bytes, count, 0, $0, $1)
            }
            // EPERM: a rule drops it.
            guard sent == count || errno == EPERM else {
                throw CommandFailure("sendto: \(String(cString: strerror(errno)))")
            }
        }
    }
}

extension Daemon {
    /// Joins the daemon's namespace to another by a pair of devices: `host`, 10.9.8.1/24, here and `guest`, 10.9.8.2/24, there.
    func join(_ other: Namespace) throws {
        try run(
            "ip", "link", "add", "host", "type", "veth", "peer", "name", "guest", "netns",
            "\(other.threadID)")
        try run("ip", "address", "add", "10.9.8.1/24", "dev", "host")
        try run("ip", "link", "set", "host", "up")
        try other.run {
            try Command.check("ip", "address", "add", "10.9.8.2/24", "dev", "guest")
            try Command.check("ip", "link", "set", "guest", "up")
        }
    }
}

/// A TCP port that somebody listens on, in the namespace of the thread that makes it.
final class Listener: Sendable {
    private let descriptor: Int32
    let port: UInt16

    init(port: UInt16) throws {
        self.port = port
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let bound = InternetAddress.withAddress("0.0.0.0", port) { bind(descriptor, $0, $1) }
        guard bound == 0, listen(descriptor, 16) == 0 else {
            throw CommandFailure("listen: \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }
}

/// Whether a connection can be made from the namespace of the calling thread: 0, or the error number.
func connectionErrno(to address: String, port: UInt16) -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    let result = InternetAddress.withAddress(address, port) { connect(descriptor, $0, $1) }
    return result == 0 ? 0 : errno
}

/// An IPv4 address and port.
enum InternetAddress {
    static func withAddress<Result>(
        _ text: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, text, &address.sin_addr)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
