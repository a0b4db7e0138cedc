public import Glibc

/// The address of a Unix socket.
public enum UnixAddress {
    /// Gives `body` the address for connect(2) and bind(2).
    public static func withAddress<Result>(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withGenericAddress(address, body)
    }
}

/// An IPv4 address and port.
public enum InternetAddress {
    /// Gives `body` the address for connect(2), bind(2) and sendto(2).
    public static func withAddress<Result>(
        _ text: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, text, &address.sin_addr)
        return withGenericAddress(address, body)
    }

    /// Whether a TCP connection can be made from the namespace of the calling thread: 0, or the error number.
    public static func connectionErrno(to address: String, port: UInt16) -> Int32 {
        let descriptor = makeSocket(AF_INET, SOCK_STREAM)
        defer { close(descriptor) }
        let result = withAddress(address, port) { connect(descriptor, $0, $1) }
        return result == 0 ? 0 : errno
    }
}

private func withGenericAddress<Address, Result>(
    _ address: Address, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result {
    withUnsafePointer(to: address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<Address>.size))
        }
    }
}
