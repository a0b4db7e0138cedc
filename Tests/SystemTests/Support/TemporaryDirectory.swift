import Glibc
import TestSupport

/// A directory of its own for one test, removed with all that is in it.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/xt2-system-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw CommandFailure("a temporary directory: \(String(cString: strerror(errno)))")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { _ = try? Command.run("rm", "-rf", path) }

    /// A path in the directory.
    func file(_ name: String) -> String { path + "/" + name }
}
