import ArgumentParser
import NetlinkProto
import RuleSyntax

/// The text of a batch file, and where in it things are.
struct BatchSource {
    /// What the file is called in error messages.
    let name: String
    /// Its text, in UTF-8.
    let bytes: [UInt8]

    /// An edit and the line that says it.
    struct LineEdit {
        var line: RuleSyntax.CommandLine.Line
        var edit: Edit
    }

    /// A text that did not come from a file.
    init(name: String, text: String) {
        self.name = name
        bytes = Array(text.utf8)
    }

    /// Reads a file; `-` is standard input.
    ///
    /// - Throws: if it cannot be read or is not UTF-8.
    init(file: String) throws(CommandError) {
        let source = try SourceFile(file)
        name = source.name
        guard String(validating: source.bytes, as: UTF8.self) != nil else {
            throw CommandError(.usage, "\(name) is not UTF-8 text.")
        }
        bytes = source.bytes
    }

    /// The edits that the lines say.
    ///
    /// - Throws: the first line that says none, with its number and a caret under the word at fault.
    func edits() throws(CommandError) -> [LineEdit] {
        var reader = BatchReader(self)
        return try reader.edits(limit: .max)
    }

    /// The same error, with file, line number and the line itself.
    func error(_ error: CommandError, in line: RuleSyntax.CommandLine.Line) -> CommandError {
        var error = error.at("\(name):\(line.number)").quoting(line.words)
        if error.excerpt.isEmpty { error.excerpt = [RuleSyntax.CommandLine.join(line.words)] }
        return error
    }

    /// The same error, with file and line number, and the line itself, which is looked for.
    func error(_ error: CommandError, inLine number: Int) -> CommandError {
        var reader = RuleSyntax.CommandLine.LineReader(bytes)
        while let line = try? reader.next() {
            if line.number == number { return self.error(error, in: line) }
        }
        return error
    }

    /// About how many commands there are: lines that are neither empty nor comments.
    var lineCount: Int {
        var count = 0
        var isAtStart = true
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\n"): isAtStart = true
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): break
            case _ where isAtStart:
                isAtStart = false
                if byte != UInt8(ascii: "#") { count += 1 }
            default: break
            }
        }
        return count
    }
}

/// Reads the edits of a batch file one after the other.
struct BatchReader {
    private let source: BatchSource
    private var lines: RuleSyntax.CommandLine.LineReader
    private let progress: Progress?
    private let total: Int
    private var stencils = RuleStencils()
    /// The line that each edit so far begins on.
    private(set) var numbers: [Int] = []

    init(_ source: BatchSource, _ progress: Progress? = nil) {
        self.source = source
        self.progress = progress
        lines = RuleSyntax.CommandLine.LineReader(source.bytes)
        total = progress == nil ? 0 : source.lineCount
    }

    /// The next edit; nil behind the last.
    ///
    /// - Throws: a line that says none, with its number and a caret under the word at fault.
    mutating func next() throws(CommandError) -> BatchSource.LineEdit? {
        if numbers.count % 256 == 0 { progress?.read(numbers.count, of: total) }
        let next: RuleSyntax.CommandLine.Line?
        do {
            next = try lines.next()
        } catch {
            throw SourceFile.error(error, in: source.name)
        }
        guard let line = next else { return nil }
        do {
            let edit = try BatchLine.edit(line.words, &stencils)
            numbers.append(line.number)
            return BatchSource.LineEdit(line: line, edit: edit)
        } catch {
            throw source.error(error, in: line)
        }
    }

    /// The next edits, at most so many.
    mutating func edits(limit: Int) throws(CommandError) -> [BatchSource.LineEdit] {
        var edits: [BatchSource.LineEdit] = []
        while edits.count < limit, let edit = try next() { edits.append(edit) }
        return edits
    }
}

/// One line of a batch.
enum BatchLine {
    /// The edit that `words` say.
    static func edit(_ words: [String]) throws(CommandError) -> Edit {
        var stencils = RuleStencils()
        return try edit(words, &stencils)
    }

    /// The edit that `words` say; its rule may resemble others that were read before.
    static func edit(
        _ words: [String], _ stencils: inout RuleStencils
    ) throws(CommandError) -> Edit {
        let plain = try PlainLine.edit(words) { (rule) throws(CommandError) in
            try rule.edit(&stencils)
        }
        if let plain { return plain }
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
            options.reason.message != nil || options.candidate != nil || options.connection.json
            || options.connection.socket != nil || options.confirm.span != nil
            || !options.guarded.isEmpty
        guard hasOption else { return }
        throw CommandError(
            .usage,
            "--message, --tx, --confirm, --protect, --force, --json and --socket are said once for the whole batch.",
            hints: ["xt2 batch -m WHY FILE"])
    }
}
