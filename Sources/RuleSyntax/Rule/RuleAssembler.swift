import NetlinkProto

/// Turns conditions into expressions, in the way that nft does.
struct RuleAssembler {
    private(set) var expressions: [Expression] = []
    private(set) var sets: [AnonymousSet] = []

    mutating func append(_ item: Item) {
        switch item {
        case .expression(let expression): expressions.append(expression)
        case .condition(let condition): append(condition)
        }
    }

    /// Takes in a set that a later expression names by its number.
    mutating func append(_ set: AnonymousSet) { sets.append(set) }

    private mutating func append(_ condition: Condition) {
        var words = 0
        for selector in condition.selectors {
            expressions.append(selector.load(into: RuleAssembler.register(behind: words)))
            words += selector.wordCount
        }
        if let mask = condition.mask {
            expressions.append(
                .bitwise(
                    BitwiseExpression(
                        source: .r1, destination: .r1, operation: .boolean,
                        length: UInt32(mask.count), mask: mask,
                        xor: [UInt8](repeating: 0, count: mask.count))))
        }
        if condition.isTurned {
            expressions.append(
                .byteorder(
                    ByteorderExpression(
                        source: .r1, destination: .r1, operation: .hostToNetwork, length: 4,
                        size: 4)))
        }
        append(condition.test)
    }

    private mutating func append(_ test: Condition.Test) {
        switch test {
        case .compare(let operation, let value): compare(operation, value)
        case .range(let from, let to, inverted: false):
            compare(.greaterOrEqual, from)
            compare(.lessOrEqual, to)
        case .range(let from, let to, inverted: true):
            expressions.append(
                .range(RangeExpression(source: .r1, operation: .outside, from: from, to: to)))
        case .set(let set, let inverted):
            sets.append(set)
            expressions.append(
                .lookup(
                    LookupExpression(
                        source: .r1, set: RuleAssembler.setName, setID: UInt32(sets.count),
                        flags: inverted ? LookupExpression.inverted : 0)))
        }
    }

    private mutating func compare(_ operation: CompareExpression.Operation, _ value: [UInt8]) {
        expressions.append(
            .compare(CompareExpression(source: .r1, operation: operation, value: value)))
    }

    /// What an anonymous set is called before the kernel gives it a number.
    static let setName = "__set%d"

    /// The register of a field that so many words of a concatenation stand in front of.
    static func register(behind words: Int) -> Register {
        words == 0 ? .r1 : .word(UInt32(words))
    }
}
