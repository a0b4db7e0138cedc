import CLinux
import Glibc

/// A program that was started.
struct Program {
    let pid: Int32
    private let output: Int32
    private let start: Double

    /// Starts a program with its output in a file without a name; `input` is a path.
    init(_ words: [String], input: String = "/dev/null") throws {
        output = bench_memory_file()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var pid: pid_t = 0
        start = Clock.microseconds
        let problem = posix_spawnp(&pid, words[0], &actions, nil, &arguments, environ)
        guard problem == 0 else {
            close(output)
            throw Failure("\(words[0]): \(String(cString: strerror(problem)))")
        }
        self.pid = pid
    }

    /// Waits for its end.
    ///
    /// - Returns: what it printed, and the microseconds from its start to its end.
    /// - Throws: if its exit status is not 0.
    func wait() throws -> (output: String, microseconds: Double) {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
        let microseconds = Clock.microseconds - start
        let text = try collect()
        guard status == 0 else { throw Failure("exit status \(status >> 8): \(text.suffix(500))") }
        return (text, microseconds)
    }

    /// Stops it and waits for its end.
    func stop(_ signal: Int32 = SIGTERM) {
        kill(pid, signal)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
        close(output)
    }

    private func collect() throws -> String {
        defer { close(output) }
        let size = Int(lseek(output, 0, SEEK_END))
        let bytes = [UInt8](unsafeUninitializedCapacity: max(size, 1)) { buffer, count in
            count = max(0, pread(output, buffer.baseAddress, size, 0))
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Runs a program to its end.
    @discardableResult
    static func run(_ words: [String], input: String = "/dev/null") throws -> (
        output: String, microseconds: Double
    ) {
        do {
            return try Program(words, input: input).wait()
        } catch {
            throw Failure("\(words.joined(separator: " ").prefix(200)): \(error)")
        }
    }
}

/// A clock that only goes forward.
enum Clock {
    static var microseconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
    }
}
