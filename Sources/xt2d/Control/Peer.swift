import Glibc
import RuleStore

/// Who is at the other end of a connection, as the kernel says.
struct Peer: Sendable, Equatable {
    let uid: UInt32
    let gid: UInt32
    let pid: Int32
    /// What the process calls itself (`/proc/PID/comm`), or empty.
    let process: String
    /// The user who logged in (`/proc/PID/loginuid`), where the kernel keeps it.
    let loginUID: UInt32?
    /// All groups that it is in, its own included.
    let groups: Set<UInt32>
    /// What it has said about itself.
    var session = SessionSettings()

    /// The daemon itself, for what it does by itself.
    static var daemon: Peer {
        Peer(uid: getuid(), gid: getgid(), pid: getpid())
    }

    /// Looks the process up; it may be gone already, then name and login are unknown.
    init(uid: UInt32, gid: UInt32, pid: Int32, groups: [UInt32] = []) {
        self.uid = uid
        self.gid = gid
        self.pid = pid
        self.groups = Set(groups + [gid])
        process = SmallFile.read("/proc/\(pid)/comm") ?? ""
        let login = SmallFile.read("/proc/\(pid)/loginuid").flatMap { UInt32($0) }
        // (uid_t)-1 means that nobody logged in.
        loginUID = login == .max ? nil : login
    }

    /// Looks up the process that the kernel named.
    init(_ credentials: PeerCredentials) {
        self.init(
            uid: credentials.uid, gid: credentials.gid, pid: credentials.pid,
            groups: credentials.groups)
    }

    /// The same, for the store.
    var author: Author {
        Author(uid: uid, gid: gid, pid: pid, process: process)
    }

    /// Root, or the user whose daemon it is: they could write the database itself.
    var isOwner: Bool { uid == 0 || uid == geteuid() }
}

/// Reads the one-line files of /proc.
enum SmallFile {
    /// The text of a file of at most 255 bytes, without the line's end; nil if it cannot be read.
    static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 255)
        let count = bytes.withUnsafeMutableBytes { buffer in
            Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        }
        guard count >= 0 else { return nil }
        return String(decoding: bytes.prefix(count).prefix { $0 != 10 }, as: UTF8.self)
    }
}
