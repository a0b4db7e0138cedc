import Foundation
import TestSupport

/// The built program, run as a user runs it.
enum Xt2 {
    /// Where it is.
    static var path: String { get throws { try BuiltProgram.path("xt2") } }

    /// Where the daemon is.
    static var daemonPath: String { get throws { try BuiltProgram.path("xt2d") } }

    /// Runs it to its end; the socket is the one of `daemon`, or one that is not there.
    static func run(
        _ arguments: String..., daemon: ScriptedDaemon? = nil, input: String = ""
    ) throws -> CommandResult {
        let environment = [
            "XT2_SOCKET": daemon?.path ?? "/nonexistent/xt2d.sock", "TZ": "UTC", "NO_COLOR": "",
        ]
        return try ChildProcess(path, arguments, input: input, environment: environment).wait()
    }
}
