import Glibc

/// Reads a file as a whole.
enum InputFile {
    private static let pieceBytes = 1 << 16

    /// The bytes of a file; `-` is standard input.
    ///
    /// - Throws: the errno of `open` or `read`.
    static func read(_ path: String) throws(SystemCallError) -> [UInt8] {
        if path == "-" { return try readAll(STDIN_FILENO) }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemCallError("open") }
        defer { close(descriptor) }
        return try readAll(descriptor)
    }

    private static func readAll(_ descriptor: Int32) throws(SystemCallError) -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: pieceBytes)
        while true {
            let count = Glibc.read(descriptor, &piece, pieceBytes)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw SystemCallError("read") }
            if count == 0 { return bytes }
            bytes += piece[..<count]
        }
    }
}
