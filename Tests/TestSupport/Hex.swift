/// Bytes as text, for people who compare them.
public enum Hex {
    /// Two digits a byte, without spaces.
    public static func text(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// The bytes that `text` shows; blanks are passed over.
    ///
    /// Nil if there is anything else, or half a byte.
    public static func bytes(_ text: some StringProtocol) -> [UInt8]? {
        let digits = text.filter { !$0.isWhitespace }.map(\.hexDigitValue)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digits[index], let low = digits[index + 1] else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        return bytes
    }

    /// Lines of sixteen bytes with their offset.
    public static func dump(_ bytes: [UInt8]) -> String {
        lines(bytes).joined(separator: "\n")
    }

    /// Both side by side, lines that differ marked with `!`; for the message of a failed
    /// expectation.
    public static func difference(_ expected: [UInt8], _ actual: [UInt8]) -> String {
        let left = lines(expected)
        let right = lines(actual)
        var text = "expected \(expected.count) bytes, got \(actual.count)\n"
        for index in 0..<max(left.count, right.count) {
            let one = index < left.count ? left[index] : ""
            let other = index < right.count ? right[index] : ""
            let blanks = String(repeating: " ", count: max(0, 54 - one.count))
            text += "\(one == other ? " " : "!") \(one)\(blanks)\(other)\n"
        }
        return text
    }

    private static func lines(_ bytes: [UInt8]) -> [String] {
        stride(from: 0, to: bytes.count, by: 16).map { start in
            let offset = String(start, radix: 16)
            let line = bytes[start..<min(start + 16, bytes.count)].map { text([$0]) }
            return String(repeating: "0", count: max(0, 4 - offset.count)) + offset + "  "
                + line.joined(separator: " ")
        }
    }
}
