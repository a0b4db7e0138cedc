import Foundation

/// The programs of this package, as the tests run them.
public enum BuiltProgram {
    /// Where one is: in the directory `XT2_PROGRAMS`, or beside the tests.
    ///
    /// `make test` names the release build there, which is what people run, and which starts several times faster.
    /// - Throws: ``CommandFailure`` if it is not there.
    public static func path(_ name: String) throws -> String {
        let path = directory.appending(path: name).path(percentEncoded: false)
        guard access(path, X_OK) == 0 else {
            throw CommandFailure("\(path) is not there; build it first, or run make test")
        }
        return path
    }

    private static let directory: URL = {
        if let path = ProcessInfo.processInfo.environment["XT2_PROGRAMS"] {
            return URL(filePath: path)
        }
        // The test runner's bundle is `.build/DEBUG/xt2PackageTests.xctest`.
        let arguments = CommandLine.arguments
        let bundle = arguments.first { $0.hasSuffix(".xctest") } ?? arguments[0]
        return URL(filePath: bundle).deletingLastPathComponent()
    }()
}
