extension OrderKey {
    /// Which of two neighbours was put into the chain last.
    public enum NewerNeighbour: Sendable {
        /// The rule before the new place.
        case lower
        /// The rule after the new place.
        case upper
        /// Not known.
        case neither
    }

    /// Makes a key that sorts after `lower` and before `upper`.
    ///
    /// Why the newer neighbour matters: edits come in runs at one place, each before or after the
    /// one inserted last. A run that steps away from its own last key by a fixed distance uses a
    /// gap up linearly; halving the gap each time would use it up in 32 edits.
    /// - `nil` as a bound means the end of the chain.
    /// - Returns: the key; `nil` if it would be longer than ``StoreLimits/orderKeyDigits``, which
    ///   takes thousands of inserts that go to and fro between the last two.
    /// - Precondition: `lower < upper`.
    public static func between(
        _ lower: OrderKey?, _ upper: OrderKey?, newer: NewerNeighbour = .neither
    ) -> OrderKey? {
        precondition(lower.flatMap { low in upper.map { low < $0 } } ?? true, "keys out of order")
        if let key = atEnd(lower, upper) { return key }
        return key(from: digitsBetween(lower, upper, newer))
    }

    /// The key of a rule at an end of its chain, where the next one is most likely to land again.
    private static func atEnd(_ lower: OrderKey?, _ upper: OrderKey?) -> OrderKey? {
        switch (lower, upper) {
        case (nil, nil): initial
        case (let lower?, nil) where lower.first < .max - endStep:
            OrderKey(first: lower.first + endStep, tail: [])
        case (nil, let upper?) where upper.first > endStep:
            OrderKey(first: upper.first - endStep, tail: [])
        default: nil
        }
    }

    private static func key(from digits: [UInt64]) -> OrderKey? {
        guard digits.count <= StoreLimits.orderKeyDigits else { return nil }
        return OrderKey(first: digits[0], tail: Array(digits[1...]))
    }

    /// Walks both keys digit by digit to the first place where a digit fits between them.
    private static func digitsBetween(
        _ lower: OrderKey?, _ upper: OrderKey?, _ newer: NewerNeighbour
    ) -> [UInt64] {
        var digits: [UInt64] = []
        var isBounded = upper != nil
        for index in 0... {
            // A key that has ended goes on with zeros; nothing ends with one, so what is greater is
            // a different key.
            let low = lower?.digit(at: index) ?? 0
            let high = isBounded ? upper?.digit(at: index) ?? 0 : nil
            if let digit = digit(after: low, before: high, newer) {
                digits.append(digit)
                break
            }
            digits.append(low)
            // Whatever follows a digit that is less than the upper key's leaves the result below
            // it.
            if let high, low < high { isBounded = false }
        }
        return digits
    }

    /// Picks a digit strictly between two others, 2^64 if the upper is `nil`; `nil` if there is
    /// none.
    private static func digit(
        after low: UInt64, before high: UInt64?, _ newer: NewerNeighbour
    ) -> UInt64? {
        let last = high.map { $0 &- 1 } ?? .max
        guard last > low, high != 0 else { return nil }
        let room = last - low
        let step = stepSize(in: room)
        switch newer {
        case .lower where step > 0: return low + step
        case .upper where step > 0: return last - (step - 1)
        default: return low + room / 2 + room % 2
        }
    }

    /// How far a run of inserts steps in a gap with room for `room` keys; 0 where only the middle
    /// is left.
    private static func stepSize(in room: UInt64) -> UInt64 {
        if room >= 1 << 48 { return 1 << 32 }
        return room >= 1 << 17 ? 1 << 16 : 0
    }
}
