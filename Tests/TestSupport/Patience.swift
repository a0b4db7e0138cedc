public import Glibc

/// How long tests wait for what only something that hangs does not do.
///
/// Every wait for a program or on a socket has an end: a thread that waits for ever keeps other tests from running too, and says nothing.
public enum Patience {
    /// For an answer, or for something to become so.
    public static let seconds = 120
    /// For the end of a program.
    public static let programSeconds = Soak.count(300, 7_200)

    /// Gives each wait on a socket an end: what receives or sends fails with EAGAIN then.
    public static func limit(_ descriptor: Int32) {
        var time = timeval(tv_sec: seconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, size)
    }

    /// Waits until a descriptor can be read; whether it can.
    public static func readable(_ descriptor: Int32, seconds: Int = Patience.seconds) -> Bool {
        var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&polled, 1, Int32(seconds) * 1_000) > 0
    }
}

/// A socket that no program inherits which another test starts, and on which no wait is endless; -1 if there is none.
public func makeSocket(_ family: Int32, _ type: __socket_type, _ number: Int32 = 0) -> Int32 {
    let descriptor = socket(family, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), number)
    if descriptor >= 0 { Patience.limit(descriptor) }
    return descriptor
}
