import Foundation
import Glibc
import RuleSyntax
import TestSupport

/// The real daemon, in a network namespace of its own, on a database and a socket of its own.
final class LiveDaemon: Sendable {
    /// The namespace whose nf_tables it writes to.
    let namespace: Namespace
    /// Its socket, its database and whatever a test wants to put beside them.
    var directory: String { temporary.path }
    private let temporary: TemporaryDirectory
    private let process: ChildProcess

    /// Where it listens.
    var socket: String { directory + "/socket" }

    /// Starts it and waits until it says that it is ready, as systemd would.
    init() throws {
        let namespace = try Namespace()
        let temporary = try TemporaryDirectory()
        let readiness = try ReadinessSocket(path: temporary.file("ready"))
        process = try namespace.run {
            try ChildProcess(
                Xt2.daemonPath,
                [
                    "--database", temporary.file("db"), "--socket", temporary.file("socket"),
                    "--log-level", "warning",
                ], environment: ["NOTIFY_SOCKET": temporary.file("ready")])
        }
        self.namespace = namespace
        self.temporary = temporary
        guard readiness.wait() else {
            process.signal(SIGKILL)
            throw CommandFailure("xt2d did not get ready: \(process.wait().errors)")
        }
    }

    /// Stops it; its files go with it.
    func stop() {
        process.signal(SIGTERM)
        _ = process.wait()
    }

    /// Runs `xt2` with these words.
    func run(_ words: [String], input: String = "") throws -> CommandResult {
        try ChildProcess(
            Xt2.path, words, input: input,
            environment: ["XT2_SOCKET": socket, "TZ": "UTC", "NO_COLOR": ""]
        ).wait()
    }

    /// Runs `xt2` with the words of a line; it must succeed.
    @discardableResult
    func check(_ line: String, input: String = "") throws -> String {
        let result = try run(RuleSyntax.CommandLine.split(line), input: input)
        guard result.status == 0 else {
            throw CommandFailure("xt2 \(line): exit status \(result.status): \(result.errors)")
        }
        return result.output
    }

    /// What the kernel has, as nft tells it.
    func kernelRules(_ table: String) throws -> String {
        try namespace.run { try Command.check("nft", "list", "table", "inet", table) }
    }
}

/// Where the daemon says `READY=1`.
private final class ReadinessSocket: Sendable {
    private let descriptor: Int32

    init(path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
        }
        var patience = timeval(tv_sec: 30, tv_usec: 0)
        let length = socklen_t(MemoryLayout<timeval>.size)
        guard bound == 0,
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, length) == 0
        else {
            throw CommandFailure("bind \(path): \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    /// Whether the daemon got ready; false if it says nothing for half a minute.
    func wait() -> Bool {
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        return count > 0 && String(decoding: bytes[..<count], as: UTF8.self).contains("READY=1")
    }
}
