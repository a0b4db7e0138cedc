import Glibc

/// The right to use a store, held by one process at a time.
///
/// Why: two daemons would each think that they know the head. SQLite's own locks are taken and
/// given back with each transaction.
/// - Shape: an exclusive `flock` on a file beside the database; the kernel drops it with the
///   process. The file holds the process id of its owner for others to name, and stays behind.
final class StoreLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock on `path`.
    ///
    /// - Throws: ``StoreError`` `locked` if another process has it, `readOnly` or `io` if the file
    ///   cannot be made.
    init(path: String) throws(StoreError) {
        descriptor = try StoreLock.take(path)
        writeOwner()
    }

    /// The locked file.
    ///
    /// Not a part of `init`: once `descriptor` is set, an `init` that throws runs `deinit`, and what that truncates and closes
    /// would be another's.
    private static func take(_ path: String) throws(StoreError) -> Int32 {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        if descriptor < 0 { throw StoreError.opening(path, errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            defer { close(descriptor) }
            throw reason == EWOULDBLOCK
                ? inUse(path, by: owner(descriptor)) : StoreError.opening(path, reason)
        }
        return descriptor
    }

    deinit {
        // Truncated first: a lock file without a number has no owner to name.
        ftruncate(descriptor, 0)
        // Said, not left to close(): a child that another part of the process has just forked holds the descriptor, and with
        // it the lock, until it calls exec.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    private func writeOwner() {
        // Only the message to a second daemon depends on it, so a full disk is no reason to refuse.
        ftruncate(descriptor, 0)
        let text = Array("\(getpid())\n".utf8)
        _ = pwrite(descriptor, text, text.count, 0)
    }

    private static func owner(_ descriptor: Int32) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 1 else { return nil }
        return Int32(String(decoding: bytes[..<(count - 1)], as: UTF8.self))
    }

    private static func inUse(_ path: String, by owner: Int32?) -> StoreError {
        let who = owner.map { "process \($0)" } ?? "another process"
        return StoreError(
            .locked,
            "the rule store is in use by \(who); stop it first, or use another database file",
            path: path)
    }
}

extension StoreError {
    /// Describes a file that could not be opened or made, by its errno.
    static func opening(_ path: String, _ reason: Int32) -> StoreError {
        let words = String(cString: strerror(reason))
        switch reason {
        case EACCES, EPERM, EROFS:
            return StoreError(
                .readOnly, "cannot be written: \(words). Check its owner, mode and file system",
                path: path)
        case ENOENT, ENOTDIR:
            return StoreError(.io, "its directory does not exist; make it first", path: path)
        case ENOSPC, EDQUOT:
            return StoreError(.full, "the disk is full. Free some space and try again", path: path)
        default:
            return StoreError(.io, "cannot be opened: \(words)", path: path)
        }
    }
}
