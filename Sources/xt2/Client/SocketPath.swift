import Glibc
import NetlinkProto

/// Where the daemon listens, and what to tell somebody who cannot reach it there.
struct SocketPath: Equatable {
    /// Where xt2d listens unless it is told otherwise.
    static let standard = "/run/xt2/xt2d.sock"
    /// The environment variable that names another place.
    static let variable = "XT2_SOCKET"

    /// The path.
    var path: String

    /// The path from `--socket`, else from the environment, else the usual one.
    init(option: String?) {
        let environment = getenv(SocketPath.variable).map { String(cString: $0) }
        path = option ?? environment.flatMap { $0.isEmpty ? nil : $0 } ?? SocketPath.standard
    }

    /// What `--socket` says in words that are not parsed yet; nil if it is not among them.
    static func option(in words: [String]) -> String? {
        let name = "--socket"
        guard let index = words.firstIndex(where: { $0 == name || $0.hasPrefix(name + "=") }) else {
            return nil
        }
        if words[index] != name { return String(words[index].dropFirst(name.count + 1)) }
        return words.indices.contains(index + 1) ? words[index + 1] : nil
    }

    /// Connects to the daemon, and tells it where the user is connected from and what must not be cut.
    ///
    /// - Throws: what went wrong, and what to do about it.
    func connect(
        protecting connections: [String] = [], force: Bool = false
    ) throws(CommandError) -> Client {
        let session = SessionMessage(
            origin: SSHConnection.current, protect: connections, force: force)
        var client = try open()
        if !connections.isEmpty {
            // A daemon that cannot read them must not get what follows.
            try client.request(.newSession, session)
        } else if session != SessionMessage() {
            try client.tell(.newSession, session)
        }
        return client
    }

    /// Connects to the daemon, to ask and not to change anything.
    ///
    /// - Throws: what went wrong, and what to do about it.
    func open() throws(CommandError) -> Client {
        do {
            return Client(try UnixSocket(path: path))
        } catch {
            throw explain(error)
        }
    }

    /// What a failure to connect means to somebody who has not read the manual.
    func explain(_ error: SystemCallError) -> CommandError {
        switch error.code {
        case ENOENT, ENOTDIR:
            return CommandError(
                .absent, "xt2d is not running (no socket at \(path)).", hints: [startHint])
        case ECONNREFUSED:
            guard isSocket else {
                return CommandError(
                    .usage, "\(path) is not a socket.",
                    hints: ["name xt2d's: --socket PATH, or \(SocketPath.variable)"])
            }
            return CommandError(
                .absent, "xt2d is not running (it left its socket at \(path) behind).",
                hints: [startHint + "; it replaces the old socket by itself"])
        case EACCES, EPERM: return denied
        case ENAMETOOLONG:
            let limit = UnixSocket.pathBytes
            return CommandError(
                .usage, "the path of a socket has at most \(limit) bytes; \(path) is longer.")
        case EPROTOTYPE:
            return CommandError(.usage, "\(path) is not a socket that xt2d made.")
        default:
            return CommandError(
                .absent, "xt2d cannot be reached at \(path): \(systemErrorText(error.code)).",
                hints: [startHint])
        }
    }

    /// The kernel refuses a connection to any file, so the file itself must tell.
    private var isSocket: Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }

    private var startHint: String {
        path == SocketPath.standard
            ? "start it: systemctl start xt2d, or xt2d --database FILE --socket \(path)"
            : "start it: xt2d --database FILE --socket \(path), or name another: --socket PATH"
    }

    private var denied: CommandError {
        var status = stat()
        var owner = ""
        if stat(path, &status) == 0 {
            owner = " It belongs to user \(UserName.of(status.st_uid)) and group "
            owner += "\(UserName.ofGroup(status.st_gid)), mode 0"
            owner += String(status.st_mode & 0o777, radix: 8) + "."
        }
        return CommandError(
            .denied, "you may not use xt2d's socket at \(path).\(owner)",
            hints: ["run xt2 as that user or as a member of that group, or with sudo"])
    }
}
