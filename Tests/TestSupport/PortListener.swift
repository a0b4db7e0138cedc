import Glibc

/// A TCP port that somebody listens on, at all addresses, in the namespace of the thread that makes it.
public final class PortListener: Sendable {
    private let descriptor: Int32

    /// Begins to listen.
    ///
    /// - Throws: ``CommandFailure`` if somebody else does.
    public init(port: UInt16) throws {
        descriptor = makeSocket(AF_INET, SOCK_STREAM)
        let bound = InternetAddress.withAddress("0.0.0.0", port) { bind(descriptor, $0, $1) }
        guard bound == 0, listen(descriptor, 16) == 0 else {
            throw CommandFailure("listen: \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }
}
