import Glibc
import NetlinkProto
import RuleSyntax

/// What the daemon has to say about a version beside that it is made.
enum Warnings {
    /// Writes each to standard error, so that it is seen and does not get into a pipe.
    static func show(_ version: VersionMessage?) {
        guard let notices = version?.notice, !notices.isEmpty else { return }
        var errors = Output(descriptor: STDERR_FILENO)
        do throws(CommandError) {
            try errors.lines(notices.map { "xt2: warning: \($0)" })
            try errors.flush()
        } catch {
            // Nobody is left to be told; the version is made all the same.
        }
    }

    /// The sentences as a list.
    static func json(_ version: VersionMessage?) -> JSONValue {
        .array((version?.notice ?? []).map(JSONValue.string))
    }
}
