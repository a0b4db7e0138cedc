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
        environment.withUnsafeBytes { bytes in
            var start = 0
            while start < bytes.count {
                let entry = UnsafeRawBufferPointer(rebasing: bytes[start...])
                let end = entry.firstIndex(of: 0) ?? entry.count
                if let value = value(of: UnsafeRawBufferPointer(rebasing: entry[..<end])) {
                    return value
                }
                start += end + 1
            }
            return nil
        }
    }

    /// What stands behind the variable's name; nil if it is another variable.
    private static func value(of entry: UnsafeRawBufferPointer) -> String? {
        let length = variable.utf8.count
        guard entry.count > length, entry[length] == UInt8(ascii: "="),
            zip(entry, variable.utf8).allSatisfy({ $0 == $1 })
        else { return nil }
        return String(decoding: entry[(length + 1)...], as: UTF8.self)
    }

    /// - Source: proc_pid_stat(5): `PID (NAME) STATE PPID …`; the name may hold anything, so the last parenthesis counts.
    private static func parent(of pid: pid_t) -> pid_t? {
        guard let bytes = try? InputFile.read("/proc/\(pid)/stat"),
            let end = bytes.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        var parent: pid_t?
        // Behind the parenthesis: a blank, a letter, a blank.
        for byte in bytes.dropFirst(end + 4) {
            let digit = pid_t(byte) - pid_t(UInt8(ascii: "0"))
            guard (0...9).contains(digit) else { break }
            parent = (parent ?? 0) &* 10 &+ digit
        }
        return parent
    }
}
