import Glibc

/// A point in time: microseconds since 1970, UTC.
struct Moment: Hashable, Comparable {
    /// Microseconds since 1970, UTC.
    var microseconds: UInt64

    /// A point in time.
    init(microseconds: UInt64) {
        self.microseconds = microseconds
    }

    /// A point in time; what lies before 1970 is taken for 1970.
    init(seconds: Int) {
        microseconds = UInt64(clamping: max(0, seconds)) &* 1_000_000
    }

    /// The present.
    static var now: Moment { Moment(seconds: time(nil)) }

    static func < (left: Moment, right: Moment) -> Bool {
        left.microseconds < right.microseconds
    }

    /// Whole seconds since 1970.
    var seconds: Int { Int(microseconds / 1_000_000) }

    /// Local time as RFC 3339 has it: `2026-03-01T14:05:09+01:00`.
    ///
    /// ``init(_:now:)`` reads it back.
    var local: String {
        var seconds = time_t(self.seconds)
        var parts = tm()
        guard localtime_r(&seconds, &parts) != nil else { return "\(microseconds) µs" }
        let offset = parts.tm_gmtoff / 60
        let zone = (offset < 0 ? "-" : "+") + two(abs(offset) / 60) + ":" + two(abs(offset) % 60)
        return Moment.dateAndTime(parts) + zone
    }

    /// UTC as RFC 3339 has it, with microseconds: `2026-03-01T13:05:09.000250Z`.
    var utc: String {
        var seconds = time_t(self.seconds)
        var parts = tm()
        guard gmtime_r(&seconds, &parts) != nil else { return "\(microseconds) µs" }
        let fraction = String(1_000_000 + microseconds % 1_000_000).dropFirst()
        return Moment.dateAndTime(parts) + "." + fraction + "Z"
    }

    private static func dateAndTime(_ parts: tm) -> String {
        "\(Int(parts.tm_year) + 1900)-\(two(Int(parts.tm_mon) + 1))-\(two(Int(parts.tm_mday)))T"
            + "\(two(Int(parts.tm_hour))):\(two(Int(parts.tm_min))):\(two(Int(parts.tm_sec)))"
    }
}

private func two(_ number: Int) -> String {
    number < 10 ? "0\(number)" : String(number)
}

extension Moment {
    /// Reads a time: RFC 3339; `2026-03-01`, `2026-03-01 14:05` or `2026-03-01 14:05:09` in local time; `90s ago`, `2h ago`,
    /// `3 days ago`; `now`, `today`, `yesterday`.
    ///
    /// - Throws: a usage error that names the forms.
    init(_ text: String, now: Moment) throws(CommandError) {
        let words = text.lowercased().split(separator: " ").map(String.init)
        let found = Moment.relative(words, now: now) ?? Moment.calendar(text)
        guard let found else {
            throw CommandError(
                .usage, "'\(text)' is not a time.",
                hints: [
                    "write 2026-03-01, '2026-03-01 14:05', 2026-03-01T14:05:00Z, '2h ago' or yesterday"
                ])
        }
        self = found
    }

    private static func relative(_ words: [String], now: Moment) -> Moment? {
        switch words {
        case ["now"]: return now
        case ["today"]: return midnight(now, daysBack: 0)
        case ["yesterday"]: return midnight(now, daysBack: 1)
        default: break
        }
        guard words.count >= 2, words.count <= 3, words.last == "ago" else { return nil }
        let span = words.dropLast().joined()
        let digits = span.prefix { $0.isASCII && $0.isNumber }
        guard let count = Int(digits), count < 1 << 40 else { return nil }
        guard let unit = unitSeconds(String(span.dropFirst(digits.count))) else { return nil }
        return Moment(seconds: now.seconds - count * unit)
    }

    private static func unitSeconds(_ name: String) -> Int? {
        switch name {
        case "s", "sec", "second", "seconds": 1
        case "m", "min", "minute", "minutes": 60
        case "h", "hour", "hours": 3_600
        case "d", "day", "days": 86_400
        case "w", "week", "weeks": 604_800
        default: nil
        }
    }

    private static func midnight(_ now: Moment, daysBack: Int32) -> Moment? {
        var seconds = time_t(now.seconds)
        var parts = tm()
        guard localtime_r(&seconds, &parts) != nil else { return nil }
        parts.tm_mday -= daysBack
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (0, 0, 0)
        parts.tm_isdst = -1
        return Moment(seconds: mktime(&parts))
    }

    /// Reads a date, a date and a time, or either with a zone.
    private static func calendar(_ text: String) -> Moment? {
        var reader = DigitReader(text)
        guard let year = reader.number(digits: 4), reader.skip("-"),
            let month = reader.number(digits: 2), reader.skip("-"),
            let day = reader.number(digits: 2), isDay(day, month: month, year: year)
        else { return nil }
        var parts = tm()
        parts.tm_year = Int32(year - 1900)
        parts.tm_mon = Int32(month - 1)
        parts.tm_mday = Int32(day)
        parts.tm_isdst = -1
        if reader.isAtEnd { return Moment(seconds: mktime(&parts)) }
        guard reader.skip("T") || reader.skip("t") || reader.skip(" ") else { return nil }
        guard let fraction = reader.timeOfDay(into: &parts) else { return nil }
        let seconds: Int
        if reader.isAtEnd {
            seconds = mktime(&parts)
        } else {
            guard let offset = reader.zone(), reader.isAtEnd else { return nil }
            seconds = timegm(&parts) - offset
        }
        var moment = Moment(seconds: seconds)
        moment.microseconds += fraction
        return moment
    }

    private static func isDay(_ day: Int, month: Int, year: Int) -> Bool {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return lengths.indices.contains(month - 1) && (1...lengths[month - 1]).contains(day)
    }
}
