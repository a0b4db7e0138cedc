import Glibc

/// The C library's words for an error number.
func errorText(_ number: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    // glibc's strerror_r may return a static text instead of filling the buffer.
    return buffer.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress, let text = strerror_r(number, base, buffer.count) else {
            return "error \(number)"
        }
        return String(cString: text)
    }
}

/// Runs a system call until it is not interrupted; the one place where EINTR is retried.
///
/// - Returns: what the call returned, or the positive error number.
func retryingInterrupts<Number: SignedInteger>(_ call: () -> Number) -> Result<Number, Errno> {
    while true {
        let result = call()
        if result >= 0 { return .success(result) }
        let number = errno
        if number != EINTR { return .failure(Errno(number: number)) }
    }
}

/// A positive error number, as an error.
struct Errno: Error, Equatable {
    let number: Int32
}
