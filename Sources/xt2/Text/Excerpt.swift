import RuleSyntax

/// Shows a command line with a caret under the word at fault.
enum Excerpt {
    /// The width that an excerpt keeps to where it can, in characters.
    static let width = 96

    /// Two lines: the words as a shell would take them, and a caret under number `index`; behind the last word if there is
    /// no such word.
    static func lines(_ words: [String], caretAt index: Int) -> [String] {
        let quoted = words.map(CommandLine.quote)
        let index = min(index, words.count)
        var first = 0
        while first < index, length(quoted[first..<min(index + 1, quoted.count)]) > width - 2 {
            first += 1
        }
        var last = quoted.count
        while last > index + 1, length(quoted[first..<last]) > width - 4 { last -= 1 }
        let front = first > 0 ? ["…"] : []
        let before = (front + quoted[first..<index]).map { $0 + " " }.joined()
        let back = last < quoted.count ? ["…"] : []
        let text = (front + quoted[first..<last] + back).joined(separator: " ")
        let caretCount = index < quoted.count ? quoted[index].count : 1
        return [
            text,
            String(repeating: " ", count: before.count)
                + String(repeating: "^", count: max(1, caretCount)),
        ]
    }

    private static func length(_ words: ArraySlice<String>) -> Int {
        words.reduce(0) { $0 + $1.count + 1 }
    }
}
