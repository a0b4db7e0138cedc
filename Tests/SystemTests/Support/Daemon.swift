import Foundation
import Glibc
import Synchronization
import TestSupport

/// A running `xt2d`: the built program, in a private network namespace, on a database of its own.
final class Daemon: Sendable {
    let namespace: Namespace
    let directory: TemporaryDirectory
    let database: String
    private let prefix: [String]
    private let arguments: [String]
    private let process = Mutex<ChildProcess?>(nil)

    /// Starts a daemon and waits until it is ready.
    ///
    /// - Parameters:
    ///   - prefix: a program with its arguments that runs the daemon, such as strace.
    ///   - arguments: what the daemon is told beside its database and its socket.
    ///   - killedFirst: daemons that are started and killed before, each after so many microseconds.
    /// - Throws: ``DaemonEnded`` if it ends instead.
    init(
        in namespace: Namespace? = nil, directory: TemporaryDirectory? = nil,
        database: String? = nil, prefix: [String] = [], arguments: [String] = [],
        killedFirst: [UInt32] = []
    ) throws {
        let directory = try directory ?? TemporaryDirectory()
        self.namespace = try namespace ?? Namespace()
        self.directory = directory
        self.database = database ?? directory.file("rules.db")
        self.prefix = prefix
        self.arguments = arguments
        for moment in killedFirst {
            try launch { child in
                // Not a wait for anything: the moment of the kill is what a test varies.
                usleep(moment)
                child.signal(SIGKILL)
                _ = child.wait()
            }
        }
        try start()
    }

    deinit {
        process.withLock { process in
            guard let process else { return }
            process.signal(SIGKILL)
            _ = process.wait()
        }
    }

    var socketPath: String { directory.file("xt2d.sock") }

    /// The daemon's process.
    var pid: Int32 { process.withLock { $0?.pid ?? -1 } }

    /// What it has written to its log.
    var log: String { process.withLock { $0?.errors ?? "" } }

    func connect() throws -> ControlClient { try ControlClient(path: socketPath) }

    /// Connects again and again, until the daemon takes the client.
    func connectPatiently() throws -> ControlClient {
        try eventualValue("the daemon takes the client") {
            let client = try connect()
            do {
                _ = try client.status()
                return client
            } catch is ConnectionLost {
            } catch let error as Refused where error.errno == EAGAIN {
            }
            return nil
        }
    }

    // MARK: Life

    /// Starts it again, after it has ended.
    func start() throws {
        let ready = try ReadySocket(path: directory.file("notify"))
        let child = try launch(ready)
        process.withLock { $0 = child }
        guard let state = try ready.wait(orEndOf: child.pid) else {
            process.withLock { $0 = nil }
            throw DaemonEnded(result: child.wait())
        }
        guard state == "READY=1" else { throw CommandFailure("the daemon said \(state)") }
    }

    /// Starts it without waiting until it is ready; `body` has to see to its end.
    func launch(_ body: (ChildProcess) throws -> Void) throws {
        try body(try launch(try ReadySocket(path: directory.file("notify"))))
    }

    private func launch(_ ready: ReadySocket) throws -> ChildProcess {
        let command =
            prefix + [
                try BuiltProgram.path("xt2d"), "--database", database, "--socket", socketPath,
            ] + arguments
        return try namespace.run {
            try ChildProcess(
                command[0], Array(command.dropFirst()), environment: ["NOTIFY_SOCKET": ready.path])
        }
    }

    /// Ends it with a signal and waits for its end.
    @discardableResult
    func stop(_ signal: Int32 = SIGTERM) throws -> CommandResult {
        guard let child = process.withLock({ $0.take() }) else {
            throw CommandFailure("there is no daemon to stop")
        }
        child.signal(signal)
        return child.wait()
    }

    /// Sends a signal, and waits for nothing.
    func signal(_ number: Int32) { process.withLock { $0?.signal(number) } }

    /// Stops it gracefully and starts it again.
    func restart() throws {
        let result = try stop()
        guard result.status == 0 else {
            throw CommandFailure("the daemon ended with \(result.status): \(result.errors)")
        }
        try start()
    }

    /// Puts strace onto the running daemon; it is at work on return, and ends with the daemon.
    ///
    /// - Returns: nil if strace's fault has ended the daemon already, by a call that nobody asked for.
    /// - Throws: ``CommandFailure`` if strace cannot do what it is told.
    func attach(_ arguments: [String]) throws -> ChildProcess? {
        let pid = pid
        let tracer = try ChildProcess("strace", ["-p", "\(pid)"] + arguments)
        let isAlive = try eventualValue("strace has the daemon's threads") { () -> Bool? in
            if try isTraced(pid) { return true }
            // Looked at first: the daemon's end is strace's too.
            let hasFailed = tracer.hasEnded
            if hasEnded { return false }
            if hasFailed { throw CommandFailure("strace: \(tracer.wait().errors)") }
            return nil
        }
        if isAlive { return tracer }
        _ = tracer.wait()
        return nil
    }

    /// Whether it has ended, for whatever reason.
    var hasEnded: Bool { process.withLock { $0?.hasEnded ?? true } }

    /// Whether a tracer has all threads of a process.
    private func isTraced(_ pid: Int32) throws -> Bool {
        let tasks = "/proc/\(pid)/task"
        return try FileManager.default.contentsOfDirectory(atPath: tasks).allSatisfy { task in
            // A thread that has ended meanwhile has no file any more.
            let status = try? String(contentsOfFile: "\(tasks)/\(task)/status", encoding: .utf8)
            return status?.contains("TracerPid:\t0\n") != true
        }
    }

    // MARK: Looking at it

    /// Runs a program in the daemon's namespace and returns what it printed.
    @discardableResult
    func run(_ program: String, _ arguments: String..., input: String = "") throws -> String {
        let result = try namespace.run {
            try ChildProcess(program, arguments, input: input).wait()
        }
        guard result.status == 0 else {
            throw CommandFailure(
                "\(program) \(arguments.joined(separator: " ")): \(result.errors)")
        }
        return result.output
    }

    /// What nft says about the kernel's rules.
    func kernel() throws -> KernelListing {
        try KernelListing(run("nft", "-a", "--debug=netlink", "list", "ruleset"))
    }

    /// Kilobytes of memory that it has in use.
    func memoryKilobytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
        return Int(line.filter(\.isNumber)) ?? 0
    }
}

/// A daemon that ended instead of getting ready.
struct DaemonEnded: Error, CustomStringConvertible {
    let result: CommandResult
    var description: String { "the daemon ended with \(result.status): \(result.errors)" }
}
