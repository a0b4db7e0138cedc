import Glibc

/// A descriptor that becomes readable when a process ends.
///
/// - Source: pidfd_open(2).
struct ProcessDescriptor: ~Copyable {
    let descriptor: Int32

    init(_ pid: Int32) throws {
        // Looked up by name: the header of pidfd_open(2) is not in Swift's module of glibc.
        typealias Open = @convention(c) (Int32, UInt32) -> Int32
        guard let symbol = dlsym(nil, "pidfd_open") else {
            throw CommandFailure("pidfd_open needs glibc 2.36")
        }
        let opened = unsafeBitCast(symbol, to: Open.self)(pid, 0)
        guard opened >= 0 else {
            throw CommandFailure("pidfd_open: \(String(cString: strerror(errno)))")
        }
        descriptor = opened
    }

    deinit { close(descriptor) }
}
