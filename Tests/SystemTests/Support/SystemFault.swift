import TestSupport
import Testing

/// A system call that strace makes fail, or makes the daemon's last.
struct SystemFault: CustomStringConvertible {
    /// The calls that are counted, a comma between them.
    let calls: String
    /// What becomes of the call, as strace's `inject` says it: `error=EIO`, `signal=KILL`.
    let effect: String
    /// The first call that is hit, and, if that stays, all after it.
    var number = 1
    var stays = false

    /// Kills at each call that changes a file or the kernel, before the call is made.
    ///
    /// What lies between two of these leaves nothing behind that could be found differently.
    static let kill = SystemFault(
        calls: "pwrite64,fdatasync,fsync,ftruncate,unlink,sendto,recvfrom", effect: "signal=KILL")

    /// The faults that each piece of work has to stand.
    static let all = [
        kill,
        SystemFault(calls: "pwrite64", effect: "error=EIO"),
        SystemFault(calls: "pwrite64", effect: "error=EIO", stays: true),
        SystemFault(calls: "pwrite64", effect: "error=ENOSPC"),
        SystemFault(calls: "pwrite64", effect: "error=ENOSPC", stays: true),
        SystemFault(calls: "fdatasync,fsync", effect: "error=EIO"),
        SystemFault(calls: "pread64", effect: "error=EIO"),
        SystemFault(calls: "sendto", effect: "error=ENOBUFS"),
        SystemFault(calls: "recvfrom", effect: "error=ENOBUFS"),
    ]

    /// Faults of calls that hardly any work makes but a start.
    ///
    /// Not openat: where libdispatch cannot open a file of /proc once a second, it ends the process itself. Not fcntl: built for
    /// debugging, SwiftNIO ends it where a socket cannot be made non-blocking, which the kernel never refuses.
    static let ofStarts = [
        SystemFault(calls: "newfstatat,fstat,lstat,stat", effect: "error=EIO"),
        SystemFault(calls: "ftruncate,unlink,unlinkat", effect: "error=EIO"),
        SystemFault(calls: "socket,bind,listen,setsockopt", effect: "error=ENOBUFS"),
    ]

    var isKill: Bool { effect == "signal=KILL" }

    var description: String { "\(calls) \(effect) \(number)\(stays ? "+" : "")" }

    /// The arguments of strace that make it so.
    func arguments(_ trace: String) -> [String] {
        [
            "-f", "-qq", "-o", trace, "-e", "trace=\(calls)", "-e",
            "inject=\(calls):\(effect):when=\(number)\(stays ? "+" : "")",
        ]
    }
}

/// What became of something that a client asked for.
enum Outcome {
    case acknowledged
    case refused
    /// The connection was lost, or the daemon does not know itself; it may have been done or not.
    case unknown

    /// What becomes of a request.
    init(of request: () throws -> some Any) {
        do {
            _ = try request()
            self = .acknowledged
        } catch let refused as Refused {
            // EINPROGRESS says that it is not known yet.
            self = refused.errno == 115 ? .unknown : .refused
        } catch {
            self = .unknown
        }
    }
}

extension DaemonEnded {
    /// Whether a daemon may end like this by a fault: it must say why; a crash is no answer.
    func isAnAnswer(to fault: SystemFault) -> Bool {
        if fault.isKill { return result.status == 128 + 9 }
        // The loader's own reading fails too.
        let isLoader = result.status == 127 && result.errors.contains("shared libraries")
        return (result.status == 1 || isLoader) && !result.errors.isEmpty
    }
}

extension Daemon {
    /// Starts a daemon with a fault, and ends it; its status.
    ///
    /// What strace says of it stands in `trace`.
    static func status(
        ofStartIn namespace: Namespace, _ directory: TemporaryDirectory, with fault: SystemFault,
        trace: String
    ) throws -> Int32 {
        do {
            let faulty = try Daemon(
                in: namespace, directory: directory,
                prefix: ["strace", "-D"] + fault.arguments(trace))
            return try faulty.stop().status
        } catch let error as DaemonEnded {
            #expect(error.isAnAnswer(to: fault), "\(fault): \(error)")
            return error.result.status
        }
    }
}
