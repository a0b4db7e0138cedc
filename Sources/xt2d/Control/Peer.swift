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

    /// Another program, as the kernel names it.
    static func foreign(_ process: ForeignProcess) -> Peer {
        Peer(process)
    }

    private init(_ process: ForeignProcess) {
        uid = process.uid ?? ForeignProcess.unknownID
        gid = process.gid ?? ForeignProcess.unknownID
        pid = process.pid
        self.process = process.name
        loginUID = nil
        groups = []
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
    /// The first line of a file, at most 255 bytes of it; nil if it cannot be read.
    static func read(_ path: String) -> String? {
        text(path, limit: 255).map { String($0.prefix { $0 != "\n" }) }
    }

    /// The text of a file, at most `limit` bytes of it; nil if it cannot be read.
    static func text(_ path: String, limit: Int = 4_096) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = bytes.withUnsafeMutableBytes { buffer in
            Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        }
        guard count >= 0 else { return nil }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
