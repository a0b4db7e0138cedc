import Foundation
import Testing

/// Texts that are kept in `Tests/xt2Tests/Golden`.
enum Golden {
    private static var directory: URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Golden")
    }

    /// Expects `text` to be what the file holds.
    ///
    /// A file that is missing, or `XT2_RECORD=1`, writes it and fails: a green run has never written its own expectation.
    static func expect(
        _ text: String, _ name: String, at location: SourceLocation = #_sourceLocation
    ) throws {
        let file = directory.appending(path: name)
        let wanted = try? String(contentsOf: file, encoding: .utf8)
        let records = ProcessInfo.processInfo.environment["XT2_RECORD"] == "1"
        if let wanted, !records {
            if text != wanted {
                Issue.record(difference(text, wanted, name), sourceLocation: location)
            }
            return
        }
        if wanted == text { return }
        try Data(text.utf8).write(to: file)
        Issue.record("recorded \(name); look at it and run again", sourceLocation: location)
    }

    /// The first line that differs, with what stands in front of it.
    private static func difference(_ text: String, _ wanted: String, _ name: String) -> Comment {
        let found = text.split(separator: "\n", omittingEmptySubsequences: false)
        let lines = wanted.split(separator: "\n", omittingEmptySubsequences: false)
        let index = zip(found, lines).prefix { $0 == $1 }.count
        let before = lines[max(0, index - 3)..<index].map { "  \($0)\n" }.joined()
        let expected = index < lines.count ? lines[index] : "(end)"
        let actual = index < found.count ? found[index] : "(end)"
        return "\(name):\(index + 1):\n\(before)- \(expected)\n+ \(actual)"
    }
}
