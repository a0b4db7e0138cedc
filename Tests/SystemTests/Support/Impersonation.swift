import Glibc
import TestSupport

/// Another user's view: for as long as a body runs, the calling thread has another user and other groups.
enum Impersonation {
    /// Runs `body` as a user; only this thread changes, other tests run on as they are.
    static func run<Result>(
        uid: UInt32, gid: UInt32, groups: [UInt32] = [], _ body: () throws -> Result
    ) throws -> Result {
        try take(uid: uid, gid: gid, groups: groups)
        defer {
            // The saved user is still the old one, so that this cannot fail.
            try? take(uid: getuid(), gid: getgid(), groups: [])
        }
        return try body()
    }

    private static func take(uid: UInt32, gid: UInt32, groups: [UInt32]) throws {
        let unchanged = UInt(UInt32.max)
        // Back to the old user first, who may change the groups.
        var failed = call(Number.setresuid, unchanged, UInt(getuid()), unchanged)
        failed |= groups.withUnsafeBufferPointer { list in
            call(Number.setgroups, UInt(groups.count), UInt(bitPattern: list.baseAddress), 0)
        }
        failed |= call(Number.setresgid, unchanged, UInt(gid), unchanged)
        failed |= call(Number.setresuid, unchanged, UInt(uid), unchanged)
        guard failed == 0 else {
            throw CommandFailure("another user: \(String(cString: strerror(errno))); run as root")
        }
    }

    /// The system calls themselves: glibc's functions change all threads.
    private enum Number {
        #if arch(x86_64)
            static let (setgroups, setresuid, setresgid) = (116, 117, 119)
        #else
            static let (setgroups, setresuid, setresgid) = (159, 147, 149)
        #endif
    }

    private static func call(_ number: Int, _ first: UInt, _ second: UInt, _ third: UInt) -> Int {
        typealias SystemCall = @convention(c) (Int, UInt, UInt, UInt) -> Int
        guard let symbol = dlsym(nil, "syscall") else { return -1 }
        return unsafeBitCast(symbol, to: SystemCall.self)(number, first, second, third)
    }
}

extension Daemon {
    /// Connects as another user; the daemon's directory is opened for everybody.
    func connect(uid: UInt32, gid: UInt32 = 65_534, groups: [UInt32] = []) throws -> ControlClient {
        chmod(directory.path, 0o755)
        return try Impersonation.run(uid: uid, gid: gid, groups: groups) { try connect() }
    }

    /// Writes the configuration file that the daemon was started with.
    func configure(_ text: String) throws { try Daemon.write(text, to: directory.file("conf")) }

    /// Starts a daemon with a configuration.
    static func configured(_ text: String, prefix: [String] = []) throws -> Daemon {
        let directory = try TemporaryDirectory()
        let file = directory.file("conf")
        try write(text, to: file)
        return try Daemon(directory: directory, prefix: prefix, arguments: ["--config", file])
    }

    private static func write(_ text: String, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw CommandFailure("\(path) cannot be written")
        }
    }
}
