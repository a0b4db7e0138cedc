import NetlinkProto

/// Finds the commands of a saved ruleset.
///
/// Nearly all lines of a large one are rules of the chain that the line before is about, and begin with the same words. Such a line
/// is neither split nor copied.
struct SaveScanner {
    private let text: [UInt8]
    private var reader = SaveReader()
    private var next = 0
    private var line = 0
    /// What the last rule's command began with, up to its text, and where that rule belongs.
    private var prefix: [UInt8] = []
    private var place: SaveReader.RulePlace?

    private static let newline = UInt8(ascii: "\n")
    private static let backslash = UInt8(ascii: "\\")

    init(_ text: [UInt8]) { self.text = text }

    /// Reads the whole text.
    mutating func tables() throws(SourceError) -> [SavedRuleset.Table] {
        while next < text.count {
            line += 1
            let start = next
            let end = endOfLine(from: start)
            next = end + 1
            if isBlankOrComment(start..<end) { continue }
            if let place, continues(start..<end) {
                reader.add(
                    SavedRuleset.Rule(
                        line: line, place: start..<end, textStart: start + prefix.count), at: place)
            } else {
                try readCommand(start..<end)
            }
        }
        return reader.tables
    }

    private func endOfLine(from start: Int) -> Int {
        var end = start
        while end < text.count, text[end] != SaveScanner.newline { end += 1 }
        return end
    }

    private func isBlankOrComment(_ range: Range<Int>) -> Bool {
        for byte in text[range] {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): continue
            case UInt8(ascii: "#"): return true
            default: return false
            }
        }
        return true
    }

    /// Whether a line is one more rule of the same chain, written the same way and whole.
    private func continues(_ range: Range<Int>) -> Bool {
        let start = range.lowerBound + prefix.count
        guard start < range.upperBound, text[range.upperBound - 1] != SaveScanner.backslash,
            SaveScanner.beginsText(text[start])
        else { return false }
        for (index, byte) in prefix.enumerated() where text[range.lowerBound + index] != byte {
            return false
        }
        return true
    }

    private static func beginsText(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "-") || byte == UInt8(ascii: "!")
    }

    /// Reads a command by its words, with the lines that continue it.
    private mutating func readCommand(_ first: Range<Int>) throws(SourceError) {
        let (start, number) = (first.lowerBound, line)
        var end = first.upperBound
        while text[end - 1] == SaveScanner.backslash, next < text.count {
            line += 1
            end = endOfLine(from: next)
            next = end + 1
        }
        let words = try SavedRuleset.words(text[start..<end], line: number)
        if words.isEmpty { return }
        do {
            guard let found = try reader.read(words, line: number) else { return }
            let isWhole = end == first.upperBound && text[end - 1] != SaveScanner.backslash
            keepPrefix(of: words, found, isWhole ? start..<end : start..<start)
            let textStart = place == nil ? nil : start + prefix.count
            reader.add(
                SavedRuleset.Rule(line: number, place: start..<end, textStart: textStart),
                at: found)
        } catch {
            throw SourceError(line: number, words: words, cause: error)
        }
    }

    /// Remembers how this command begins, if it is written plainly: only then the text behind it is as it is.
    private mutating func keepPrefix(
        of words: [String], _ found: SaveReader.RulePlace, _ range: Range<Int>
    ) {
        place = nil
        prefix = Array((CommandLine.join(Array(words[..<found.firstWord])) + " ").utf8)
        if continues(range) { place = found }
    }
}
