import Glibc

/// Reads the numbers of a date and a time from the front of a text.
struct DigitReader {
    private var rest: Substring

    /// Starts at the beginning of `text`.
    init(_ text: String) {
        rest = text[...]
    }

    /// Whether all of the text has been read.
    var isAtEnd: Bool { rest.isEmpty }

    /// Passes over `character`, if it is the next.
    mutating func skip(_ character: Character) -> Bool {
        guard rest.first == character else { return false }
        rest.removeFirst()
        return true
    }

    /// Reads a number of exactly so many digits.
    mutating func number(digits count: Int) -> Int? {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
            return nil
        }
        rest = rest.dropFirst(count)
        return Int(digits)
    }

    /// Reads `HH:MM`, `HH:MM:SS` or `HH:MM:SS.fraction`.
    ///
    /// - Returns: the fraction, in microseconds; nil if there is no such time.
    mutating func timeOfDay(into parts: inout tm) -> UInt64? {
        guard let hour = number(digits: 2), hour < 24, skip(":"),
            let minute = number(digits: 2), minute < 60
        else { return nil }
        parts.tm_hour = Int32(hour)
        parts.tm_min = Int32(minute)
        guard skip(":") else { return 0 }
        guard let second = number(digits: 2), second <= 60 else { return nil }
        parts.tm_sec = Int32(second)
        return skip(".") ? fraction() : 0
    }

    /// Reads `Z` or `+HH:MM`.
    ///
    /// - Returns: seconds east of Greenwich.
    mutating func zone() -> Int? {
        if skip("Z") || skip("z") { return 0 }
        let sign: Int
        if skip("+") { sign = 1 } else if skip("-") { sign = -1 } else { return nil }
        guard let hours = number(digits: 2), hours < 24, skip(":"),
            let minutes = number(digits: 2), minutes < 60
        else { return nil }
        return sign * (hours * 3_600 + minutes * 60)
    }

    private mutating func fraction() -> UInt64? {
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty else { return nil }
        rest = rest.dropFirst(digits.count)
        let six = (digits + "000000").prefix(6)
        return UInt64(six)
    }
}
