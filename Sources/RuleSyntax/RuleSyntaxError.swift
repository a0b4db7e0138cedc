/// Why text was refused: what, where, and what to do.
public struct RuleSyntaxError: Error, Hashable, Sendable {
    /// What was refused and what belongs there, as a sentence without a full stop.
    public var message: String
    /// Which of the words given to the parser is at fault, from 0; their count means that something is missing at the end.
    public var wordIndex: Int?
    /// What was perhaps meant, as a sentence without a full stop.
    public var hint: String?
    /// What iptables would have ended with for this, where that is known: 2 for a wrong parameter.
    public var status: Int32?

    /// Describes one fault.
    public init(_ message: String, at wordIndex: Int? = nil, hint: String? = nil) {
        self.message = message
        self.wordIndex = wordIndex
        self.hint = hint
    }

    /// The words in one line, and a second line that marks the word at fault.
    ///
    /// Empty if it is not known which word is at fault.
    public func caret(under words: [String]) -> String {
        guard let wordIndex, wordIndex >= 0, wordIndex <= words.count else { return "" }
        let quoted = words.map(CommandLine.quote)
        let before = quoted[..<wordIndex].reduce(0) { $0 + $1.count + 1 }
        let length = wordIndex < quoted.count ? quoted[wordIndex].count : 1
        let marks = "^" + String(repeating: "~", count: max(0, length - 1))
        return quoted.joined(separator: " ") + "\n" + String(repeating: " ", count: before) + marks
    }
}

extension RuleSyntaxError: CustomStringConvertible {
    /// The message, and the hint in brackets.
    public var description: String {
        guard let hint else { return message }
        return "\(message) (\(hint))"
    }
}

/// A fault in a text of several lines.
public struct SourceError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The line, from 1.
    public var line: Int
    /// The words of that line.
    public var words: [String]
    /// What is wrong with it.
    public var cause: RuleSyntaxError

    /// Describes a fault in line `line`.
    public init(line: Int, words: [String] = [], cause: RuleSyntaxError) {
        self.line = line
        self.words = words
        self.cause = cause
    }

    /// The message, and the hint in brackets.
    public var description: String {
        let marked = cause.caret(under: words)
        return "line \(line): \(cause)" + (marked.isEmpty ? "" : "\n" + marked)
    }
}
