import Glibc

/// Asks until there is an answer, for what gives no sign when it happens.
///
/// Pauses between the questions: a few threads that ask without one keep the kernel's own from running, which end disk writes among
/// other things. Beside four pairs of them, a single fdatasync took 15 seconds on Linux 6.18 with two processors.
/// - Returns: the first answer that is not nil.
/// - Throws: ``CommandFailure`` that names `what` after a time that only a daemon that hangs needs; what `ask` throws.
public func eventualValue<Value>(_ what: String, _ ask: () throws -> Value?) throws -> Value {
    let end = monotonicSeconds() + Patience.seconds
    while true {
        if let value = try ask() { return value }
        guard monotonicSeconds() < end else {
            throw CommandFailure("in vain for \(Patience.seconds) seconds: \(what)")
        }
        poll(nil, 0, 1)
    }
}

/// Asks until something is so, as ``eventualValue(_:_:)`` does.
public func eventually(_ what: String, _ isSo: () throws -> Bool) throws {
    try eventualValue(what) { try isSo() ? () : nil }
}

private func monotonicSeconds() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec
}
