import Glibc

/// The listening Unix socket: made, guarded against a second daemon, and removed again.
struct ControlSocket: Sendable {
    let path: String
    let descriptor: Int32

    private static let backlog: Int32 = 128
    private let settings: SocketSettings

    /// Binds `path`, mode 0660 and group `xt2` where there is one, unless the settings say otherwise.
    ///
    /// A socket that nobody listens on is left over from a crash and is replaced; anything else at that path is not touched.
    /// - Throws: ``StartError`` if another daemon listens there, or the path cannot be used.
    init(path: String, _ settings: SocketSettings) throws(StartError) {
        self.path = path
        self.settings = settings
        try ControlSocket.clear(path)
        descriptor = try ControlSocket.make()
        do {
            try bind()
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// Stops listening at the path.
    ///
    /// The descriptor is closed by whoever it was handed to.
    func remove() {
        unlink(path)
    }

    private static func make() throws(StartError) -> Int32 {
        let kind =
            Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else {
            throw StartError("A Unix socket cannot be made: \(errorText(errno)).")
        }
        return descriptor
    }

    private func bind() throws(StartError) {
        // The mode must be right from the first moment, so it comes from the mask, not from a later chmod.
        let mask = umask(~settings.mode & 0o777)
        let result = ControlSocket.withAddress(path) { Glibc.bind(descriptor, $0, $1) }
        let number = errno
        umask(mask)
        guard let result else {
            throw StartError("The socket path \(path) is too long: 107 bytes fit.")
        }
        guard result == 0 else {
            throw StartError(
                "The socket \(path) cannot be made: \(errorText(number)). Its directory must exist and be writable for this user."
            )
        }
        if let group = settings.group ?? Account.gid(named: AccessRules.readerGroup) {
            // Only root can give a file away; without it the group stays the daemon's own.
            _ = chown(path, uid_t.max, group)
        }
        guard listen(descriptor, ControlSocket.backlog) == 0 else {
            throw StartError("The socket \(path) cannot be listened on: \(errorText(errno)).")
        }
    }

    /// Removes a stale socket.
    private static func clear(_ path: String) throws(StartError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw StartError(
                "\(path) is there and is not a socket; it is not removed. Choose another --socket.")
        }
        let probe = try make()
        defer { close(probe) }
        let result = withAddress(path) { connect(probe, $0, $1) }
        guard result != 0 else {
            throw StartError(
                "Another xt2d listens on \(path); stop it first, or choose another --socket.")
        }
        guard errno == ECONNREFUSED else {
            throw StartError("The socket \(path) cannot be checked: \(errorText(errno)).")
        }
        unlink(path)
    }

    /// Calls `body` with the path as a socket address; nil if it is too long.
    private static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard bytes.count < capacity else { return nil }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
