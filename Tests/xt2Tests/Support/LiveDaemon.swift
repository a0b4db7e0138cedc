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
        let readiness = try ReadySocket(path: temporary.file("ready"))
        process = try namespace.run {
            try ChildProcess(
                Xt2.daemonPath,
                [
                    "--database", temporary.file("db"), "--socket", temporary.file("socket"),
                    "--log-level", "warning",
                ], environment: ["NOTIFY_SOCKET": readiness.path])
        }
        self.namespace = namespace
        self.temporary = temporary
        guard (try? readiness.wait(orEndOf: process.pid)) == "READY=1" else {
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
