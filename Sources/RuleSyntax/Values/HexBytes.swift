/// Bytes as two hexadecimal digits each.
enum HexBytes {
    /// Reads bytes; blanks are passed over.
    static func parse(_ word: Word) throws(RuleSyntaxError) -> [UInt8] {
        try parse(word.text.utf8[...], at: word.index)
    }

    static func parse(
        _ text: Substring.UTF8View, at index: Int
    ) throws(RuleSyntaxError) -> [UInt8] {
        var bytes: [UInt8] = []
        var high: UInt8?
        for byte in text where byte != UInt8(ascii: " ") {
            guard let digit = digit(byte) else {
                throw RuleSyntaxError("hexadecimal bytes belong here", at: index)
            }
            if let first = high {
                bytes.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        guard high == nil else {
            throw RuleSyntaxError("half a byte is missing at the end", at: index)
        }
        return bytes
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x61...0x66: byte - 0x61 + 10
        case 0x41...0x46: byte - 0x41 + 10
        default: nil
        }
    }

    /// The bytes as text.
    static func text(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
