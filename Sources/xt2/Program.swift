import ArgumentParser
import Glibc
import RuleSyntax

/// The `xt2` program: reads its words, does what they say, and ends with a status that a script can rely on.
@main
enum Program {
    /// The release, which `xt2 --version` prints.
    static let release = "0.1.0"

    static func main() {
        let arguments = Swift.CommandLine.arguments
        if let (program, words) = CompatProgram.called(arguments) {
            exit(program.run(words))
        }
        exit(run(Array(arguments.dropFirst())))
    }

    /// Does what the words that were typed behind `xt2` say.
    ///
    /// - Returns: the exit status.
    static func run(_ typed: [String]) -> Int32 {
        let words = frontOptionsMoved(typed)
        do {
            if words == ["--version"] {
                try show("xt2 \(release)")
                return 0
            }
            let path = SocketPath(option: SocketPath.option(in: words))
            try RuleText.using(KernelRevisions.extensions(path)) { try runCommand(words) }
            return 0
        } catch let error as CommandError {
            complain(error.quoting(["xt2"] + typed).report)
            return error.kind.rawValue
        } catch {
            return end(with: error)
        }
    }

    private static func runCommand(_ words: [String]) throws {
        if let edit = try PlainEdit(words) { return try edit.run() }
        if let run = PlainRun(words) { return try run.run() }
        if let page = PlainPage(words) { return try page.run() }
        try checkCommandName(words)
        var command = try parse(words)
        try command.run()
    }

    /// Reads the words by the parser of the one command that they name.
    ///
    /// Why: to make the parsers of all commands takes longer than most commands. Where the one fails, all are made, because only
    /// then the help and the usage say the whole name.
    private static func parse(_ words: [String]) throws -> any ParsableCommand {
        let path = commandPath(words)
        if let command = path.last, command.configuration.subcommands.isEmpty,
            let parsed = try? command.parseAsRoot(Array(words.dropFirst(path.count)))
        {
            return parsed
        }
        return try RootCommand.parseAsRoot(words)
    }

    /// Help, versions and completion scripts come as errors from the parser, and so do its own complaints.
    private static func end(with error: any Error) -> Int32 {
        let status = RootCommand.exitCode(for: error).rawValue
        let text = RootCommand.fullMessage(for: error)
        guard status == 0 else {
            if !text.isEmpty { complain(text) }
            return status
        }
        do throws(CommandError) {
            if !text.isEmpty { try show(text) }
            return 0
        } catch {
            complain(error.report)
            return error.kind.rawValue
        }
    }

    private static func show(_ text: String) throws(CommandError) {
        var output = Output()
        try output.write(text + "\n")
        try output.flush()
    }

    private static func complain(_ text: String) {
        var output = Output(descriptor: STDERR_FILENO)
        do throws(CommandError) {
            try output.write(text + "\n")
            try output.flush()
        } catch {
            // Nobody is left to be told; the exit status still says it.
        }
    }

    /// Moves `--socket PATH` and `--json` from in front of the command's name to behind it, where they are declared.
    static func frontOptionsMoved(_ words: [String]) -> [String] {
        var rest = words[...]
        var front: [String] = []
        while let word = rest.first {
            if word == "--json" || word.hasPrefix("--socket=") {
                front.append(rest.removeFirst())
            } else if word == "--socket", rest.count >= 2 {
                front += rest.prefix(2)
                rest = rest.dropFirst(2)
            } else {
                break
            }
        }
        // As most commands are typed; who reads their names below has to know all commands.
        if front.isEmpty { return words }
        let path = commandPath(Array(rest))
        // A word that is no command's name has to be the first that is complained about.
        guard !path.isEmpty else { return rest + front }
        return path.map { $0._commandName } + front + rest.dropFirst(path.count)
    }

    /// The commands that the first words name, such as `add` and `table`.
    private static func commandPath(_ words: [String]) -> [any ParsableCommand.Type] {
        var path: [any ParsableCommand.Type] = []
        var candidates = RootCommand.configuration.subcommands
        for word in words {
            guard let command = candidates.first(where: { $0._commandName == word }) else { break }
            path.append(command)
            candidates = command.configuration.subcommands
        }
        return path
    }

    /// Says so, and what may have been meant, when a word that must name a command does not.
    static func checkCommandName(_ words: [String]) throws(CommandError) {
        let path = commandPath(words)
        let last = path.last ?? RootCommand.self
        guard path.count < words.count, !words[path.count].hasPrefix("-"),
            last.configuration.defaultSubcommand == nil
        else { return }
        var names = last.configuration.subcommands.map { $0._commandName }
        if names.isEmpty { return }
        if path.isEmpty { names.append("help") }
        let name = words[path.count]
        if names.contains(name) { return }
        let typed = (path.map { $0._commandName } + [name]).joined(separator: " ")
        let meant = Suggestion.nearest(to: name, among: names).map { " Did you mean '\($0)'?" }
        let help = (["xt2"] + path.map { $0._commandName } + ["--help"]).joined(separator: " ")
        throw CommandError(
            .usage, "unknown command '\(typed)'.\(meant ?? "")",
            hints: ["all commands: \(help)"])
    }
}
