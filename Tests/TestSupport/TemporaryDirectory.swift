import Glibc

/// A directory of its own for one test, removed with all that is in it when the value goes away.
public final class TemporaryDirectory: Sendable {
    /// Where it is.
    public let path: String

    /// Makes one below `/tmp`.
    ///
    /// - Throws: ``CommandFailure`` if it cannot be made.
    public init() throws {
        var template = Array("/tmp/xt2-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw CommandFailure("a temporary directory: \(String(cString: strerror(errno)))")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { _ = try? Command.run("rm", "-rf", path) }

    /// A path in the directory.
    public func file(_ name: String) -> String { path + "/" + name }
}
