import Glibc
import TestSupport

extension Daemon {
    /// Sends a datagram over the loopback device of the daemon's namespace; it has passed the output hook on return.
    func sendDatagram(bytes count: Int, port: UInt16 = 9) throws {
        try namespace.run {
            let descriptor = makeSocket(AF_INET, SOCK_DGRAM)
            // Without a receiver the kernel would send an ICMP error, which would be counted too.
            let receiver = makeSocket(AF_INET, SOCK_DGRAM)
            defer {
                close(descriptor)
                close(receiver)
            }
            // The last receiver may still be there: a program that another test is starting has it until it runs.
            var again: Int32 = 1
            setsockopt(receiver, SOL_SOCKET, SO_REUSEADDR, &again, socklen_t(4))
            let bound = InternetAddress.withAddress("127.0.0.1", port) { bind(receiver, $0, $1) }
            guard bound == 0 else {
                throw CommandFailure("bind: \(String(cString: strerror(errno)))")
            }
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
