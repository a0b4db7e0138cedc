import Foundation
import Glibc

/// A program started by a test, with its output collected in unlinked temporary files.
///
/// Files instead of pipes: a child that prints much never waits for the test to read.
public final class ChildProcess: Sendable {
    /// Its process id; it belongs to the test until ``wait()`` returns.
    public let pid: Int32
    private let standardOutput: TemporaryFile
    private let standardError: TemporaryFile

    /// Starts `program` (looked up in PATH) in the calling thread's network namespace.
    ///
    /// - Throws: ``CommandFailure`` if it cannot be started.
    public init(
        _ program: String, _ arguments: [String] = [], input: String = "",
        environment: [String: String] = [:]
    ) throws {
        let standardInput = try TemporaryFile(containing: Array(input.utf8))
        standardOutput = try TemporaryFile()
        standardError = try TemporaryFile()
        pid = try spawn(
            program, arguments, environment: environment,
            files: [
                standardInput.descriptor, standardOutput.descriptor, standardError.descriptor,
            ])
    }

    /// What it has printed so far.
    public var output: String { standardOutput.text }

    /// What it has complained about so far.
    public var errors: String { standardError.text }

    /// Sends it a signal.
    public func signal(_ number: Int32) {
        kill(pid, number)
    }

    /// Whether it has ended; ``wait()`` still has to be called.
    public var hasEnded: Bool {
        var information = siginfo_t()
        let found = waitid(P_PID, id_t(pid), &information, WEXITED | WNOHANG | WNOWAIT)
        return found != 0 || information.si_signo != 0
    }

    /// Waits until it ends and returns all that came of it; one that hangs is killed, and says so.
    ///
    /// To be called once.
    public func wait() -> CommandResult {
        var status: Int32 = 0
        if let process = try? ProcessDescriptor(pid),
            !Patience.readable(process.descriptor, seconds: Patience.programSeconds)
        {
            // Some tests do not look at what becomes of a program: `Scripts/test` looks for this line.
            let line = "✘ killed after \(Patience.programSeconds) seconds: \(KernelView.of(pid))\n"
            FileHandle.standardError.write(Data(line.utf8))
            signal(SIGKILL)
        }
        while waitpid(pid, &status, 0) == -1 && errno == EINTR {}
        return CommandResult(waitStatus: status, output: output, errors: errors)
    }
}

/// What the kernel says of a process.
private enum KernelView {
    /// Its words, and where each of its threads stands.
    static func of(_ pid: Int32) -> String {
        let directory = "/proc/\(pid)"
        let threads =
            (try? FileManager.default.contentsOfDirectory(atPath: directory + "/task")) ?? []
        let places = threads.map { read("\(directory)/task/\($0)/wchan") }
        let words = read(directory + "/cmdline").split(separator: "\0").joined(separator: " ")
        return "\(words) [\(places.joined(separator: " "))]"
    }

    private static func read(_ path: String) -> String {
        (try? String(contentsOfFile: path, encoding: .utf8)) ?? "?"
    }
}

/// What came of a program.
public struct CommandResult: Sendable {
    /// The exit status; 128 and the signal's number when a signal ended it, as shells count.
    public let status: Int32
    /// What it printed.
    public let output: String
    /// What it complained about.
    public let errors: String

    init(waitStatus: Int32, output: String, errors: String) {
        let signal = waitStatus & 0x7F
        status = signal == 0 ? (waitStatus >> 8) & 0xFF : 128 + signal
        self.output = output
        self.errors = errors
    }
}

/// A program that could not be started, or that ended with another status than 0.
public struct CommandFailure: Error, CustomStringConvertible {
    /// What happened.
    public let description: String

    /// A failure that says this.
    public init(_ description: String) { self.description = description }
}

/// Runs programs to their end.
public enum Command {
    /// Runs `program` and returns all that came of it, whatever its exit status.
    ///
    /// - Throws: ``CommandFailure`` if it cannot be started.
    public static func run(
        _ program: String, _ arguments: String..., input: String = "",
        environment: [String: String] = [:]
    ) throws -> CommandResult {
        try ChildProcess(program, arguments, input: input, environment: environment).wait()
    }

    /// Runs `program` and returns what it printed.
    ///
    /// - Throws: ``CommandFailure`` with its complaints unless its exit status is 0.
    @discardableResult
    public static func check(
        _ program: String, _ arguments: String..., input: String = "",
        environment: [String: String] = [:]
    ) throws -> String {
        let result = try ChildProcess(
            program, arguments, input: input, environment: environment
        ).wait()
        guard result.status == 0 else {
            let line = ([program] + arguments).joined(separator: " ")
            throw CommandFailure("\(line): exit status \(result.status): \(result.errors)")
        }
        return result.output
    }
}

/// An open file without a name, gone when it is let go.
private final class TemporaryFile: Sendable {
    let descriptor: Int32

    init(containing bytes: [UInt8] = []) throws {
        var template = Array("/tmp/xt2-test-XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        guard descriptor >= 0 else {
            throw CommandFailure("a temporary file: \(String(cString: strerror(errno)))")
        }
        unlink(template)
        guard bytes.isEmpty || write(descriptor, bytes, bytes.count) == bytes.count else {
            throw CommandFailure("a temporary file: \(String(cString: strerror(errno)))")
        }
        lseek(descriptor, 0, SEEK_SET)
    }

    deinit { close(descriptor) }

    /// All of it, read without moving the place where the child writes.
    var text: String {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = pread(descriptor, &piece, piece.count, off_t(bytes.count))
            guard count > 0 else { break }
            bytes += piece[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

private func spawn(
    _ program: String, _ arguments: [String], environment: [String: String], files: [Int32]
) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (number, file) in files.enumerated() {
        posix_spawn_file_actions_adddup2(&actions, file, Int32(number))
    }
    try closeOthers(&actions, from: Int32(files.count))
    let merged = ProcessInfo.processInfo.environment
        // Whoever runs the tests over SSH is not whom they are about.
        .merging(["LC_ALL": "C", "SSH_CONNECTION": ""]) { $1 }
        .merging(environment) { $1 }
    var argv = ([program] + arguments).map { strdup($0) } + [nil]
    var envp = merged.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in argv + envp { free(text) } }
    var pid: pid_t = 0
    let failure = posix_spawnp(&pid, program, &actions, nil, &argv, &envp)
    guard failure == 0 else {
        throw CommandFailure("\(program): \(String(cString: strerror(failure)))")
    }
    return pid
}

/// Lets a program inherit nothing but its own files: a connection of another test would stay open for as long as the program runs.
private func closeOthers(_ actions: inout posix_spawn_file_actions_t, from first: Int32) throws {
    // Looked up by name: glibc shows it only to those who define `_GNU_SOURCE`.
    typealias Add =
        @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32
    guard let symbol = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np"),
        unsafeBitCast(symbol, to: Add.self)(&actions, first) == 0
    else { throw CommandFailure("closing files in a new program needs glibc 2.34") }
}
