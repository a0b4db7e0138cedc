extension OrderKey {
    /// Where many rules can stand between two others: keys with a first part in common, and a last digit a fixed step apart.
    struct Spread {
        /// The digits in front of the last.
        let prefix: [UInt64]
        /// The greatest digit that is not to be used.
        let low: UInt64
        let step: UInt64

        /// How many digits each key has.
        var digitCount: Int { prefix.count + 1 }

        /// The key of one of the rules, counted from 0.
        func key(_ index: Int) -> OrderKey {
            let last = low + step * UInt64(index + 1)
            guard let first = prefix.first else { return OrderKey(first: last, tail: []) }
            return OrderKey(first: first, tail: Array(prefix.dropFirst()) + [last])
        }

        /// The shortest keys for `count` rules between two others that leave room of `room` keys between each two; `nil` as a bound means the
        /// end of the chain.
        ///
        /// - Precondition: `lower < upper`; `count` and `room` together are far from 2^64.
        init(_ count: Int, between lower: OrderKey?, and upper: OrderKey?, room: UInt64) {
            var digits: [UInt64] = []
            var isBounded = upper != nil
            var low: UInt64 = 0
            var step: UInt64 = 0
            for index in 0... {
                low = lower?.digit(at: index) ?? 0
                let high = isBounded ? upper?.digit(at: index) ?? 0 : nil
                // The digits strictly between the two.
                let free = high.map { $0 > low ? $0 - low - 1 : 0 } ?? UInt64.max - low
                step = free / UInt64(count + 1)
                if step >= room { break }
                digits.append(low)
                // Whatever follows a digit that is less than the upper key's leaves the result below it.
                if let high, low < high { isBounded = false }
            }
            prefix = digits
            self.low = low
            self.step = step
        }
    }
}

extension OrderKey {
    /// Keys for all rules of a chain, as far apart as can be.
    public static func evenly(_ count: Int) -> [OrderKey] {
        let spread = Spread(count, between: nil, and: nil, room: 1)
        return (0..<count).map { spread.key($0) }
    }
}

extension Ruleset {
    /// Room that is left between two rules that get new keys: as between two that are appended.
    private static let respacedRoom: UInt64 = 1 << 32
    /// As many digits as the keys of an ordinary chain have.
    private static let respacedDigits = 2

    /// The changes that make room at an index of a chain that is worn out: the rules around it get shorter keys, further apart, and
    /// stand where they stood.
    ///
    /// Why not the whole chain: the rules with long keys are those that were put there since the last time, so each insert pays for a rule or two.
    /// - Returns: modifications of nothing but keys, which have to be applied together; then ``orderKey(forRuleAt:of:)`` gives a key.
    public func respacing(at index: Int, of chain: ObjectID) -> [Change] {
        guard let rules = places[chain] else { return [] }
        var width = 2
        while true {
            let first = max(0, index - width)
            let end = min(rules.count, index + width)
            let spread = OrderKey.Spread(
                end - first, between: first > 0 ? rules[first - 1].key : nil,
                and: end < rules.count ? rules[end].key : nil, room: Self.respacedRoom)
            let isWhole = first == 0 && end == rules.count
            if isWhole || spread.digitCount <= Self.respacedDigits {
                return rules[first..<end].enumerated().compactMap { offset, place in
                    guard let rule = objects[place.id] else { return nil }
                    var moved = rule
                    moved.orderKey = spread.key(offset)
                    return moved == rule ? nil : .modify(from: rule, to: moved)
                }
            }
            width *= 2
        }
    }
}
