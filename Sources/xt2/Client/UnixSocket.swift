import Glibc

/// A system call that failed.
struct SystemCallError: Error, Equatable {
    /// Its name.
    var call: String
    /// Its errno.
    var code: Int32

    /// Keeps the errno of the call that has just failed.
    init(_ call: String) {
        self.call = call
        self.code = errno
    }

    /// A failure that this program found out by itself.
    init(_ call: String, code: Int32) {
        self.call = call
        self.code = code
    }
}

/// A connected stream socket; closed when its owner is gone.
struct UnixSocket: ~Copyable {
    private let descriptor: Int32

    /// The longest path that fits `sockaddr_un`, without its terminating zero.
    static let pathBytes = MemoryLayout<sockaddr_un>.size - MemoryLayout<sa_family_t>.size - 1

    /// Takes over a descriptor that is connected already.
    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Connects to the socket at `path`.
    ///
    /// - Throws: the errno of `socket` or `connect`; ENAMETOOLONG past ``pathBytes``.
    init(path: String) throws(SystemCallError) {
        descriptor = try UnixSocket.connected(to: path)
    }

    private static func connected(to path: String) throws(SystemCallError) -> Int32 {
        guard path.utf8.count <= pathBytes else {
            throw SystemCallError("connect", code: ENAMETOOLONG)
        }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemCallError("socket") }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                retrying { connect(descriptor, address, size) }
            }
        }
        guard result == 0 else {
            let error = SystemCallError("connect")
            close(descriptor)
            throw error
        }
        return descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Writes all of `bytes`.
    ///
    /// - Throws: the errno of `send`; EPIPE, without the signal, when the other side has closed.
    func send(_ bytes: [UInt8]) throws(SystemCallError) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                let rest = UnsafeRawBufferPointer(rebasing: buffer[sent...])
                return UnixSocket.retrying {
                    Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
                }
            }
            guard count >= 0 else { throw SystemCallError("send") }
            sent += count
        }
    }

    /// Waits until something has come, or the other side has closed, but not longer than so many milliseconds.
    ///
    /// - Returns: whether that is so.
    func isReadable(within milliseconds: Int32) -> Bool {
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return Glibc.poll(&poll, 1, milliseconds) != 0
    }

    /// What has come, at most `limit` bytes.
    ///
    /// Waits for the first byte; empty when the other side has closed.
    /// - Throws: the errno of `recv`.
    func receive(limit: Int = 1 << 16) throws(SystemCallError) -> [UInt8] {
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, initialised in
            count = UnixSocket.retrying { recv(descriptor, buffer.baseAddress, limit, 0) }
            initialised = max(0, count)
        }
        guard count >= 0 else { throw SystemCallError("recv") }
        return bytes
    }

    /// Does a system call again for as long as a signal interrupts it.
    private static func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
        while true {
            let result = call()
            if result != -1 || errno != EINTR { return result }
        }
    }
}
