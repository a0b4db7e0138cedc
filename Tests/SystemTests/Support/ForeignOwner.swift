import Glibc
import TestSupport

/// An nft that has a table to itself: the kernel lets nobody else change it while that runs, and deletes it with it.
final class ForeignOwner: Sendable {
    private let nft: ChildProcess
    private let descriptor: Int32
    private let directory: TemporaryDirectory

    /// Makes the table.
    ///
    /// - Parameter lines: what is done in it besides.
    init(_ namespace: Namespace, table: String, _ lines: String...) throws {
        directory = try TemporaryDirectory()
        let pipe = directory.file("pipe")
        guard mkfifo(pipe, 0o600) == 0 else { throw CommandFailure("mkfifo: errno \(errno)") }
        // Open for reading as well, so that nft's end does not wait for another.
        descriptor = open(pipe, O_RDWR | O_CLOEXEC)
        nft = try namespace.run {
            try ChildProcess("sh", ["-c", "exec nft -i <\"$0\"", pipe])
        }
        for line in ["add table \(table) { flags owner; }"] + lines { try write(line) }
        try write("add counter \(table) done")
        try eventually("nft has made its table") {
            try namespace.run { try Command.run("nft", "list counter \(table) done") }.status == 0
        }
    }

    var pid: Int32 { nft.pid }

    private func write(_ line: String) throws {
        let bytes = Array((line + "\n").utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw CommandFailure("nft's input: errno \(errno)")
        }
    }

    /// Ends it, and with it the table.
    deinit {
        nft.signal(SIGKILL)
        _ = nft.wait()
        close(descriptor)
    }
}
