/// Lines of words: splits and joins them with the quotes that shells and `iptables-save` use.
public enum CommandLine {
    /// One command of a file.
    public struct Line: Hashable, Sendable {
        /// The line that it begins on, from 1.
        public var number: Int
        /// Its words, without quotes.
        public var words: [String]

        /// A command.
        public init(number: Int, words: [String]) {
            self.number = number
            self.words = words
        }
    }

    /// Splits a line into words: quotes `'…'` and `"…"`, a backslash in front of any character, and `#` at the start of a
    /// word for a comment up to the end.
    ///
    /// - Throws: ``RuleSyntaxError`` if a quote is not closed.
    public static func split(_ line: String) throws(RuleSyntaxError) -> [String] {
        var splitter = WordSplitter(line)
        return try splitter.words()
    }

    /// Joins words into a line that ``split(_:)`` takes apart again.
    public static func join(_ words: [String]) -> String {
        var line = ""
        for word in words {
            if !line.isEmpty { line += " " }
            line += quote(word)
        }
        return line
    }

    /// The word, in double quotes if it would not stay one word, or not stay as it is, in a shell.
    public static func quote(_ word: String) -> String {
        if !word.isEmpty, word == "!" || word.utf8.allSatisfy(isPlain) { return word }
        var text = "\""
        for scalar in word.unicodeScalars {
            if "\"\\$`".unicodeScalars.contains(scalar) { text += "\\" }
            text.unicodeScalars.append(scalar)
        }
        return text + "\""
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "_-.,:/=@%+^".utf8.contains(byte)
        }
    }

    /// The commands of a text: empty lines and comments are left out, a backslash at the end of a line joins the next.
    ///
    /// - Throws: ``SourceError`` that names the line of a quote that is not closed.
    public static func lines(of text: String) throws(SourceError) -> [Line] {
        var lines: [Line] = []
        var pending = ""
        var start = 1
        let all = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, bytes) in all.enumerated() {
            if pending.isEmpty { start = index + 1 }
            let line = String(Substring(bytes))
            if line.hasSuffix("\\"), !isComment(pending + line), index < all.count - 1 {
                pending += line.dropLast() + " "
                continue
            }
            do {
                let words = try split(pending + line)
                if !words.isEmpty { lines.append(Line(number: start, words: words)) }
            } catch {
                throw SourceError(line: start, cause: error)
            }
            pending = ""
        }
        return lines
    }

    private static func isComment(_ line: String) -> Bool {
        line.unicodeScalars.first { $0 != " " && $0 != "\t" } == "#"
    }
}

/// Takes a line apart.
private struct WordSplitter {
    private var rest: Substring.UnicodeScalarView
    private var done: [String] = []
    private var word: String?

    init(_ line: String) { rest = line[...].unicodeScalars }

    mutating func words() throws(RuleSyntaxError) -> [String] {
        while let scalar = rest.popFirst() {
            switch scalar {
            case " ", "\t", "\r", "\n": finish()
            case "#" where word == nil: rest = rest[rest.endIndex...]
            case "'", "\"": try quoted(by: scalar)
            case "\\": append(rest.popFirst() ?? "\\")
            default: append(scalar)
            }
        }
        finish()
        return done
    }

    private mutating func finish() {
        if let word { done.append(word) }
        word = nil
    }

    private mutating func append(_ scalar: Unicode.Scalar) {
        word = word ?? ""
        word?.unicodeScalars.append(scalar)
    }

    private mutating func quoted(by quote: Unicode.Scalar) throws(RuleSyntaxError) {
        word = word ?? ""
        while let scalar = rest.popFirst() {
            if scalar == quote { return }
            if scalar == "\\", quote == "\"", let next = rest.popFirst() {
                append(next)
            } else {
                append(scalar)
            }
        }
        throw RuleSyntaxError("the quote \(quote) is not closed", at: done.count)
    }
}
