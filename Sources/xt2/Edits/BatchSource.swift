import ArgumentParser
import NetlinkProto
import RuleSyntax

/// The text of a batch file, and where in it things are.
struct BatchSource {
    /// What the file is called in error messages.
    let name: String
    /// Its text.
    let text: String

    /// An edit and the line that says it.
    struct LineEdit {
        var line: RuleSyntax.CommandLine.Line
        var edit: Edit
    }

    /// A text that did not come from a file.
    init(name: String, text: String) {
        self.name = name
        self.text = text
    }

    /// Reads a file; `-` is standard input.
    ///
    /// - Throws: if it cannot be read or is not UTF-8.
    init(file: String) throws(CommandError) {
        let source = try SourceFile(file)
        name = source.name
        guard let text = String(validating: source.bytes, as: UTF8.self) else {
            throw CommandError(.usage, "\(name) is not UTF-8 text.")
        }
        self.text = text
    }

    /// The edits that the lines say.
    ///
    /// - Throws: the first line that says none, with its number and a caret under the word at fault.
    func edits(_ progress: Progress? = nil) throws(CommandError) -> [LineEdit] {
        let lines: [RuleSyntax.CommandLine.Line]
        do {
            lines = try RuleSyntax.CommandLine.lines(of: text)
        } catch {
            throw SourceFile.error(error, in: name)
        }
        var edits: [LineEdit] = []
        edits.reserveCapacity(lines.count)
        for line in lines {
            if edits.count % 256 == 0 { progress?.read(edits.count, of: lines.count) }
            do {
                edits.append(LineEdit(line: line, edit: try BatchLine.edit(line.words)))
            } catch {
                throw self.error(error, in: line)
            }
        }
        return edits
    }

    /// The same error, with file, line number and the line itself.
    func error(_ error: CommandError, in line: RuleSyntax.CommandLine.Line) -> CommandError {
        var error = error.at("\(name):\(line.number)").quoting(line.words)
        if error.excerpt.isEmpty { error.excerpt = [RuleSyntax.CommandLine.join(line.words)] }
        return error
    }
}

/// One line of a batch.
enum BatchLine {
    /// The edit that `words` say.
    static func edit(_ words: [String]) throws(CommandError) -> Edit {
        if let edit = try RuleEdit(line: words) { return try edit.edit() }
        do {
            try Program.checkCommandName(words)
            guard let command = try RootCommand.parseAsRoot(words) as? any EditCommand else {
                throw CommandError(
                    .usage, "only edits can stand in a batch.",
                    hints: ["add, append, insert, replace, delete, flush, policy, rename"]
                ).pointing(at: 0, of: words)
            }
            try refuseOptions(command.options)
            return try command.edit()
        } catch let error as CommandError {
            throw error
        } catch {
            throw CommandError(.usage, RootCommand.message(for: error))
        }
    }

    /// What is said for the batch as a whole cannot be said for one line.
    private static func refuseOptions(_ options: EditOptions) throws(CommandError) {
        let hasOption =
            options.message != nil || options.candidate != nil || options.connection.json
            || options.connection.socket != nil || options.confirm.span != nil
            || !options.guarded.isEmpty
        guard hasOption else { return }
        throw CommandError(
            .usage,
            "--message, --tx, --confirm, --protect, --force, --json and --socket are said once for the whole batch.",
            hints: ["xt2 batch -m WHY FILE"])
    }
}
