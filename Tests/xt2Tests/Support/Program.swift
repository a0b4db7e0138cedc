import Foundation
import TestSupport

/// The built program, run as a user runs it.
enum Xt2 {
    /// Where the build put it: beside the test bundle.
    static var path: String { built("xt2") }

    /// Where the build put the daemon.
    static var daemonPath: String { built("xt2d") }

    private static func built(_ name: String) -> String {
        URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: name).path(percentEncoded: false)
    }

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
