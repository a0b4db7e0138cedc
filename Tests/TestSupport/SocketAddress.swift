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

/// A TCP port that somebody listens on, in the namespace of the thread that makes it.
public final class PortListener: Sendable {
    private let descriptor: Int32
    /// The port, at all addresses.
    public let port: UInt16

    /// Begins to listen.
    ///
    /// - Throws: ``CommandFailure`` if somebody else does.
    public init(port: UInt16) throws {
        self.port = port
        descriptor = makeSocket(AF_INET, SOCK_STREAM)
        let bound = InternetAddress.withAddress("0.0.0.0", port) { bind(descriptor, $0, $1) }
        guard bound == 0, listen(descriptor, 16) == 0 else {
            throw CommandFailure("listen: \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }
}

/// A socket that no program inherits which another test starts, and on which no wait is endless; -1 if there is none.
public func makeSocket(_ family: Int32, _ type: __socket_type, _ number: Int32 = 0) -> Int32 {
    let descriptor = socket(family, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), number)
    Patience.limit(descriptor)
    return descriptor
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
