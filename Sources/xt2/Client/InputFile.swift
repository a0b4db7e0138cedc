import Glibc

/// Reads a file as a whole.
enum InputFile {
    /// Most of what is read for an edit, files of `/proc`, is smaller.
    private static let firstPiece = 1 << 12
    private static let largestPiece = 1 << 20

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
        var bytes = try readPiece(descriptor, upTo: firstPiece)
        var room = firstPiece
        while !bytes.isEmpty {
            room = min(room * 2, largestPiece)
            let piece = try readPiece(descriptor, upTo: room)
            if piece.isEmpty { break }
            bytes += piece
        }
        return bytes
    }

    /// What one `read` gives; nothing at the end.
    private static func readPiece(
        _ descriptor: Int32, upTo room: Int
    ) throws(SystemCallError) -> [UInt8] {
        var count = -1
        let piece = [UInt8](unsafeUninitializedCapacity: room) { buffer, filled in
            repeat {
                count = Glibc.read(descriptor, buffer.baseAddress, room)
            } while count < 0 && errno == EINTR
            filled = max(count, 0)
        }
        guard count >= 0 else { throw SystemCallError("read") }
        return piece
    }
}
