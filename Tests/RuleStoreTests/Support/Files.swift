import GRDB
import Glibc
import TestSupport

extension TemporaryDirectory {
    /// The path of a store in the directory.
    func file() -> String { file("rules.db") }
}

struct TestFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// The bytes of a file.
func readFile(_ path: String) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw TestFailure("open \(path): errno \(errno)") }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = read(descriptor, &buffer, buffer.count)
        guard count >= 0 else { throw TestFailure("read \(path): errno \(errno)") }
        if count == 0 { return bytes }
        bytes += buffer[..<count]
    }
}

/// Makes a file with these bytes.
func writeFile(_ path: String, _ bytes: [UInt8], mode: mode_t = 0o600) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw TestFailure("open \(path): errno \(errno)") }
    defer { close(descriptor) }
    guard write(descriptor, bytes, bytes.count) == bytes.count else {
        throw TestFailure("write \(path): errno \(errno)")
    }
}

/// The descriptors by which this process has a file open.
func openDescriptors(of path: String) -> [Int32] {
    (0..<Int32(1024)).filter { descriptor in
        var target = [CChar](repeating: 0, count: 4_096)
        let count = readlink("/proc/self/fd/\(descriptor)", &target, target.count - 1)
        return count > 0
            && String(decoding: target[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
                == path
    }
}

/// Makes a database of these bytes, without a log.
func writeDatabase(_ path: String, _ bytes: [UInt8]) throws {
    unlink(path + "-wal")
    unlink(path + "-shm")
    try writeFile(path, bytes)
}

/// Copies a database and its log as they are at this moment; at most `walBytes` of the log.
func copyFiles(from source: String, to copy: String, walBytes: Int = .max) throws {
    try writeFile(copy, try readFile(source))
    try writeFile(copy + "-wal", Array(try readFile(source + "-wal").prefix(walBytes)))
}

/// Runs SQL on a closed store as somebody with another program would, schema and constraints
/// notwithstanding.
func editRaw(_ path: String, _ sql: String) throws {
    let queue = try DatabaseQueue(path: path)
    try queue.writeWithoutTransaction { database in
        try database.execute(
            sql: "PRAGMA ignore_check_constraints = ON; PRAGMA writable_schema = ON; \(sql)")
    }
    try queue.close()
}
