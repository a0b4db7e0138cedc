import ArgumentParser
import TestSupport
import Testing

@testable import xt2

@Suite struct HelpTests {
    /// Each command of the tree, with the words that name it.
    static let commands: [(path: [String], type: any ParsableCommand.Type)] = tree(RootCommand.self)

    private static func tree(
        _ command: any ParsableCommand.Type, _ path: [String] = []
    ) -> [(path: [String], type: any ParsableCommand.Type)] {
        let path = path + [command._commandName]
        return [(path, command)] + command.configuration.subcommands.flatMap { tree($0, path) }
    }

    @Test func allHelpIsAsRecorded() throws {
        let pages = HelpTests.commands.map { path, type in
            let text = RootCommand.helpMessage(for: type, columns: 80)
            return "==== \(path.joined(separator: " "))\n\(text)\n"
        }
        try Golden.expect(pages.joined(separator: "\n"), "help.txt")
    }

    @Test func everyCommandHasTwoExamples() {
        for (path, type) in HelpTests.commands {
            let examples = type.configuration.discussion.split(separator: "\n").filter {
                $0.hasPrefix("  xt2 ") || $0.contains("| xt2 ") || $0.contains("=$(xt2 ")
            }
            #expect(examples.count >= 2, "\(path)")
        }
    }

    /// A wrapped example cannot be copied.
    @Test func examplesFitEightyColumns() {
        for (path, type) in HelpTests.commands {
            for line in type.configuration.discussion.split(separator: "\n")
            where line.hasPrefix("  ") {
                #expect(line.count <= 79, "\(path): \(line)")
            }
        }
    }

    @Test func abstractsAreSentences() {
        for (path, type) in HelpTests.commands {
            #expect(type.configuration.abstract.hasSuffix("."), "\(path)")
        }
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func completionScriptsAreWritten(shell: String) throws {
        let result = try Xt2.run("--generate-completion-script", shell)
        #expect(result.status == 0)
        for name in ["append", "rollback", "candidates"] { #expect(result.output.contains(name)) }
    }
}
