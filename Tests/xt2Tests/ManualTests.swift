import ArgumentParser
import Foundation
import RuleSyntax
import Testing

@testable import xt2

/// `docs/commands.md` says what the program does.
@Suite struct ManualTests {
    private static let text: String = {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return (try? String(contentsOf: root.appending(path: "docs/commands.md"), encoding: .utf8))
            ?? ""
    }()

    /// The command lines of its examples, without `xt2` and without what the shell does.
    private static var examples: [[String]] {
        text.split(separator: "\n").filter { $0.hasPrefix("$ ") }.compactMap { line in
            let command = line.dropFirst(2).replacing(/^tx=\$\(/, with: "").replacing(
                /\)$/, with: ""
            )
            .replacing(#/ > .*/#, with: "").replacing("$tx", with: "2")
            return try? RuleSyntax.CommandLine.split(String(command))
        }
    }

    /// One example shows a misspelled word; it is the only one that may be wrong.
    @Test func examplesAreRight() throws {
        let examples = ManualTests.examples
        #expect(examples.count >= 50)
        for words in examples where !words.contains("--dprot") {
            #expect(words.first == "xt2")
            let words = Array(words.dropFirst())
            if words.first == "--generate-completion-script" { continue }
            do {
                try Program.checkCommandName(words)
                let command = try RootCommand.parseAsRoot(words)
                if let edit = command as? any EditCommand { _ = try edit.edit() }
            } catch {
                Issue.record("\(words): \(RootCommand.message(for: error))")
            }
        }
    }

    @Test func everyCommandIsThere() {
        let shown = Set(ManualTests.examples.compactMap { $0.dropFirst().first })
        for command in RootCommand.configuration.subcommands {
            let name = command._commandName
            #expect(shown.contains(name) || ManualTests.text.contains("`\(name)"), "\(name)")
        }
    }

    /// The keys that the recorded conversations show.
    @Test func everyKeyIsThere() throws {
        let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "Golden")
        let files = ["edits", "candidates", "versions", "audit-status", "confirmations", "names"]
        let section = try #require(ManualTests.text.split(separator: "\n## JSON\n").last)
        for file in files {
            let text = try String(
                contentsOf: directory.appending(path: file + ".txt"), encoding: .utf8)
            for match in text.matches(of: #/"(\w+)": /#) {
                #expect(section.contains(match.1), "\(match.1)")
            }
        }
    }
}
