import Glibc

/// Where this program's user is connected from, as sshd says it.
enum SSHConnection {
    /// The environment variable that sshd sets: `ADDRESS PORT ADDRESS PORT`, the other end first.
    static let variable = "SSH_CONNECTION"

    /// The variable's value, from this program's environment or from that of a program that started it.
    ///
    /// Why the others: sudo and su keep it from what they start. Set to nothing, it means that there is no such connection.
    static var current: String? {
        guard let found = search(), !found.isEmpty else { return nil }
        return String(found.prefix(length))
    }

    /// More than any address and port; what is longer is no connection, and is cut off.
    private static let length = 200

    private static func search() -> String? {
        if let own = getenv(variable).map({ String(cString: $0) }) { return own }
        var pid = getppid()
        for _ in 0..<generations where pid > 1 {
            if let value = value(in: environment(of: pid)) { return value }
            guard let parent = parent(of: pid) else { return nil }
            pid = parent
        }
        return nil
    }

    /// How far up programs are asked.
    private static let generations = 32

    /// Of another user's program, only root may read it.
    private static func environment(of pid: pid_t) -> [UInt8] {
        (try? InputFile.read("/proc/\(pid)/environ")) ?? []
    }

    private static func value(in environment: [UInt8]) -> String? {
        let prefix = Array((variable + "=").utf8)
        var rest = environment[...]
        while !rest.isEmpty {
            let entry = rest.prefix { $0 != 0 }
            if entry.starts(with: prefix) {
                return String(decoding: entry.dropFirst(prefix.count), as: UTF8.self)
            }
            rest = rest[entry.endIndex...].dropFirst()
        }
        return nil
    }

    /// - Source: proc_pid_stat(5): `PID (NAME) STATE PPID …`; the name may hold anything, so the last parenthesis counts.
    private static func parent(of pid: pid_t) -> pid_t? {
        guard let bytes = try? InputFile.read("/proc/\(pid)/stat"),
            let end = bytes.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        let words = bytes[(end + 1)...].split(separator: UInt8(ascii: " "))
        guard words.count > 1 else { return nil }
        return pid_t(String(decoding: words[1], as: UTF8.self))
    }
}
