import RuleSyntax

/// A file that somebody gave, for its content and for messages about it.
struct SourceFile {
    /// What it is called in messages.
    let name: String
    /// What is in it.
    let bytes: [UInt8]

    /// Reads a file; `-` is standard input.
    ///
    /// - Throws: if it cannot be read.
    init(_ path: String) throws(CommandError) {
        name = path == "-" ? "standard input" : path
        do {
            bytes = try InputFile.read(path)
        } catch {
            throw CommandError(.usage, "\(path) cannot be read: \(systemErrorText(error.code)).")
        }
    }

    /// A line that cannot be read, with a caret under the word at fault.
    func error(_ error: SourceError) -> CommandError {
        SourceFile.error(error, in: name)
    }

    /// A line of a file called `name` that cannot be read, with a caret under the word at fault.
    static func error(_ error: SourceError, in name: String) -> CommandError {
        let cause = error.cause
        var failure = CommandError(.usage, cause.message, hints: cause.hint.map { [$0] } ?? [])
            .at("\(name):\(error.line)")
        guard let index = cause.wordIndex else {
            if !error.words.isEmpty { failure.excerpt = [RuleSyntax.CommandLine.join(error.words)] }
            return failure
        }
        return failure.pointing(at: index, of: error.words).quoting(error.words)
    }

    /// What the daemon said about a line, with the line.
    func error(_ error: CommandError, line: Int?) -> CommandError {
        guard let line else { return error }
        var error = error.at("\(name):\(line)")
        let text = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if text.indices.contains(line - 1), !text[line - 1].isEmpty, error.excerpt.isEmpty {
            error.excerpt = [String(decoding: text[line - 1], as: UTF8.self)]
        }
        return error
    }
}
