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
        try split(Array(line.utf8)[...])
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

    /// Joins words as ``join(_:)`` does, into UTF-8.
    public static func joinedBytes(_ words: [String]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(128)
        for (index, word) in words.enumerated() {
            if index > 0 { bytes.append(space) }
            bytes.append(contentsOf: quote(word).utf8)
        }
        return bytes
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
        // Digits with . / - and :, and letters.
        case 0x2D...0x3A, 0x41...0x5A, 0x61...0x7A: true
        default: "_,=@%+^".utf8.contains(byte)
        }
    }

    /// The commands of a text: empty lines and comments are left out, a backslash at the end of a line joins the next.
    ///
    /// - Throws: ``SourceError`` that names the line of a quote that is not closed.
    public static func lines(of text: String) throws(SourceError) -> [Line] {
        var lines: [Line] = []
        var reader = LineReader(Array(text.utf8))
        while let line = try reader.next() { lines.append(line) }
        return lines
    }

    /// Reads the commands of a text one after the other, as ``lines(of:)`` does.
    public struct LineReader: Sendable {
        private let text: [UInt8]
        private var start = 0
        private var number = 0

        /// A reader of UTF-8.
        public init(_ text: [UInt8]) { self.text = text }

        /// The next command; nil behind the last.
        ///
        /// - Throws: ``SourceError`` that names the line of a quote that is not closed.
        public mutating func next() throws(SourceError) -> Line? {
            while start <= text.count {
                let first = number + 1
                let line = takeLine()
                do {
                    let words = try joined(line)
                    if !words.isEmpty { return Line(number: first, words: words) }
                } catch {
                    throw SourceError(line: first, cause: error)
                }
            }
            return nil
        }

        /// The words of a line, and of those that continue it.
        private mutating func joined(_ first: Range<Int>) throws(RuleSyntaxError) -> [String] {
            guard continues(text[first]) else {
                return try CommandLine.split(text[first])
            }
            var whole: [UInt8] = []
            var line = text[first]
            while continues(whole + line) {
                whole += line.dropLast() + [CommandLine.space]
                line = text[takeLine()]
            }
            whole += line
            return try CommandLine.split(whole[...])
        }

        /// Whether a line, with those that it continues, goes on in the next.
        private func continues(_ line: some BidirectionalCollection<UInt8>) -> Bool {
            guard line.last == CommandLine.backslash, start <= text.count else { return false }
            return line.first { $0 != CommandLine.space && $0 != CommandLine.tab }
                != CommandLine.hash
        }

        /// Goes behind the next line; the last has no newline behind it and may be empty.
        private mutating func takeLine() -> Range<Int> {
            let end = text[start...].firstIndex(of: CommandLine.newline) ?? text.count
            defer {
                start = end + 1
                number += 1
            }
            return start..<end
        }
    }

    fileprivate static func split(_ line: ArraySlice<UInt8>) throws(RuleSyntaxError) -> [String] {
        var splitter = WordSplitter(line)
        return try splitter.words()
    }

    fileprivate static let space = UInt8(ascii: " ")
    fileprivate static let tab = UInt8(ascii: "\t")
    fileprivate static let newline = UInt8(ascii: "\n")
    fileprivate static let hash = UInt8(ascii: "#")
    fileprivate static let backslash = UInt8(ascii: "\\")
}

/// Takes a line apart.
///
/// By its bytes: all that divides words is ASCII.
private struct WordSplitter {
    private let line: ArraySlice<UInt8>
    private var next: Int
    private var done: [String] = []

    init(_ line: ArraySlice<UInt8>) {
        self.line = line
        next = line.startIndex
    }

    mutating func words() throws(RuleSyntaxError) -> [String] {
        done.reserveCapacity(12)
        while next < line.endIndex, line[next] != CommandLine.hash {
            if WordSplitter.isBlank(line[next]) {
                next += 1
            } else {
                done.append(try word())
            }
        }
        return done
    }

    /// The word that begins here.
    private mutating func word() throws(RuleSyntaxError) -> String {
        let start = next
        while next < line.endIndex, WordSplitter.isPlain(line[next]) { next += 1 }
        guard next < line.endIndex, !WordSplitter.isBlank(line[next]) else {
            return String(decoding: line[start..<next], as: UTF8.self)
        }
        var word = Array(line[start..<next])
        while next < line.endIndex, !WordSplitter.isBlank(line[next]) {
            let byte = line[next]
            next += 1
            switch byte {
            case UInt8(ascii: "'"), UInt8(ascii: "\""): try quoted(by: byte, to: &word)
            case CommandLine.backslash: word.append(take() ?? byte)
            default: word.append(byte)
            }
        }
        return String(decoding: word, as: UTF8.self)
    }

    private mutating func take() -> UInt8? {
        guard next < line.endIndex else { return nil }
        defer { next += 1 }
        return line[next]
    }

    private mutating func quoted(
        by quote: UInt8, to word: inout [UInt8]
    ) throws(RuleSyntaxError) {
        while let byte = take() {
            if byte == quote { return }
            if byte == CommandLine.backslash, quote == UInt8(ascii: "\""), let next = take() {
                word.append(next)
            } else {
                word.append(byte)
            }
        }
        throw RuleSyntaxError(
            "the quote \(Character(Unicode.Scalar(quote))) is not closed", at: done.count)
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == CommandLine.space || byte == CommandLine.tab || byte == UInt8(ascii: "\r")
            || byte == CommandLine.newline
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        !isBlank(byte) && byte != UInt8(ascii: "'") && byte != UInt8(ascii: "\"")
            && byte != CommandLine.backslash
    }
}
