import NetlinkProto

/// Numbers as they are written in rules: decimal, or hexadecimal behind `0x`.
enum Number {
    /// Reads a number up to `limit`.
    ///
    /// - Throws: ``RuleSyntaxError`` that says what belongs here.
    static func parse(
        _ text: some StringProtocol, _ what: String, limit: UInt64, at index: Int
    ) throws(RuleSyntaxError) -> UInt64 {
        guard let number = value(text) else {
            throw RuleSyntaxError("“\(text)” is not \(what)", at: index)
        }
        guard number <= limit else {
            throw RuleSyntaxError("\(what) is at most \(limit), not \(text)", at: index)
        }
        return number
    }

    /// Reads a number of 32 bits.
    static func parse32(
        _ text: some StringProtocol, _ what: String, at index: Int
    ) throws(RuleSyntaxError) -> UInt32 {
        UInt32(truncatingIfNeeded: try parse(text, what, limit: UInt64(UInt32.max), at: index))
    }

    /// The number, or nil.
    ///
    /// A leading zero is refused: iptables takes it for octal, people take it for decimal.
    static func value(_ text: some StringProtocol) -> UInt64? {
        let lowered = text.lowercased()
        let isHexadecimal = lowered.hasPrefix("0x")
        let digits = isHexadecimal ? lowered.dropFirst(2) : lowered[...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ isDigit($0, isHexadecimal) }),
            isHexadecimal || digits == "0" || !digits.hasPrefix("0")
        else { return nil }
        return UInt64(digits, radix: isHexadecimal ? 16 : 10)
    }

    private static func isDigit(_ byte: UInt8, _ isHexadecimal: Bool) -> Bool {
        (0x30...0x39).contains(byte) || (isHexadecimal && (0x61...0x66).contains(byte))
    }

    /// `0x` and the number without leading zeros, as iptables prints marks.
    static func hexadecimal(_ number: UInt32) -> String {
        "0x" + String(number, radix: 16)
    }
}

extension FixedWidthInteger {
    /// The bytes in the order of this machine, as registers hold what the kernel computes.
    var hostBytes: [UInt8] {
        withUnsafeBytes(of: self) { [UInt8]($0) }
    }

    /// The bytes in network order.
    var networkBytes: [UInt8] { bigEndian.hostBytes }

    /// Reads as many bytes as fit, the first of them lowest in memory.
    init(hostBytes bytes: some Sequence<UInt8>) {
        var value: Self = 0
        withUnsafeMutableBytes(of: &value) { target in
            for (index, byte) in bytes.prefix(target.count).enumerated() { target[index] = byte }
        }
        self = value
    }

    /// Reads a number in network order.
    init(networkBytes bytes: some Sequence<UInt8>) {
        self.init(bigEndian: Self(hostBytes: bytes))
    }
}

/// A number, or all numbers between two, as `5` or `5:9`.
struct NumberRange: Hashable, Sendable {
    var lower: UInt64
    var upper: UInt64

    var isSingle: Bool { lower == upper }

    /// Reads `N`, `N:M`, `N:` or `:M`.
    static func parse(
        _ text: some StringProtocol, separator: Character = ":", _ what: String, limit: UInt64,
        at index: Int
    ) throws(RuleSyntaxError) -> NumberRange {
        let parts = text.split(separator: separator, omittingEmptySubsequences: false)
        guard parts.count <= 2, let first = parts.first, let last = parts.last,
            parts.count == 1 || !first.isEmpty || !last.isEmpty
        else { throw RuleSyntaxError("“\(text)” is neither \(what) nor a range", at: index) }
        let lower =
            parts.count == 2 && first.isEmpty
            ? 0 : try Number.parse(first, what, limit: limit, at: index)
        let upper =
            parts.count == 2 && last.isEmpty
            ? limit : try Number.parse(last, what, limit: limit, at: index)
        guard lower <= upper else {
            throw RuleSyntaxError(
                "the range \(text) is empty", at: index,
                hint: "the smaller number comes first: \(upper)\(separator)\(lower)")
        }
        return NumberRange(lower: lower, upper: upper)
    }

    /// `5` or `5:9`.
    func text(separator: String = ":") -> String {
        isSingle ? "\(lower)" : "\(lower)\(separator)\(upper)"
    }

    /// A condition on a four-byte number in host order.
    func condition(on selector: Selector, negated: Bool) -> Condition {
        let low = UInt32(truncatingIfNeeded: lower)
        let high = UInt32(truncatingIfNeeded: upper)
        guard !isSingle else {
            return Condition(selector, equals: low.hostBytes, negated: negated)
        }
        return Condition(
            [selector], isTurned: true,
            .range(low.networkBytes, high.networkBytes, inverted: negated))
    }

    /// The range that a condition on a four-byte number in host order asks for.
    init?(_ condition: Condition) {
        guard condition.mask == nil else { return nil }
        if let (value, _) = condition.equality, value.count == 4 {
            let number = UInt64(UInt32(hostBytes: value))
            self.init(lower: number, upper: number)
        } else if condition.isTurned, case .range(let from, let to, _) = condition.test,
            from.count == 4
        {
            self.init(
                lower: UInt64(UInt32(networkBytes: from)), upper: UInt64(UInt32(networkBytes: to)))
        } else {
            return nil
        }
    }

    init(lower: UInt64, upper: UInt64) {
        self.lower = lower
        self.upper = upper
    }
}

extension Condition {
    /// Whether the test must fail; false for tests that cannot be turned around.
    var isNegated: Bool {
        switch test {
        case .compare(let operation, _): operation == .notEqual
        case .range(_, _, let inverted), .set(_, let inverted): inverted
        }
    }
}
