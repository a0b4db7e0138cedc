import Glibc

/// The C library's words for an error number.
func errorText(_ number: Int32) -> String {
    // glibc keeps the texts; it returns "Unknown error N" for a number that has none.
    strerror(number).map { String(cString: $0) } ?? "error \(number)"
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
