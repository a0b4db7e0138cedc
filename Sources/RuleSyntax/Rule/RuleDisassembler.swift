import NetlinkProto

/// Finds the conditions in a rule's expressions again.
///
/// It follows what register 1 holds from a load to the test of it. What does not have that shape stays an expression.
struct RuleDisassembler {
    /// A step and the expressions that it was found in.
    struct Step {
        var item: Item
        var expressions: ArraySlice<Expression>
    }

    private let body: RuleBody

    init(_ body: RuleBody) { self.body = body }

    /// The steps in front of the counter, whether there is a counter, and what stands behind it.
    ///
    /// Without a counter, the steps end where the first expression is that is no test.
    func parts() -> (steps: [Step], hasCounter: Bool, tail: ArraySlice<Expression>) {
        let all = body.expressions[...]
        let counter = all.firstIndex { if case .counter = $0 { true } else { false } }
        let end = counter ?? all.endIndex
        var steps: [Step] = []
        var index = all.startIndex
        while index < end {
            if let (condition, next) = condition(all[index..<end]) {
                steps.append(Step(item: .condition(condition), expressions: all[index..<next]))
                index = next
            } else if counter == nil, !RuleDisassembler.isTest(all[index]) {
                return (steps, false, all[index...])
            } else {
                steps.append(
                    Step(item: .expression(all[index]), expressions: all[index...index]))
                index += 1
            }
        }
        return (steps, counter != nil, counter.map { all[($0 + 1)...] } ?? all[end...])
    }

    /// Whether an expression that stands alone belongs in front of the target.
    private static func isTest(_ expression: Expression) -> Bool {
        switch expression {
        case .limit, .compatMatch, .quota, .connectionLimit: true
        default: false
        }
    }

    private func condition(
        _ expressions: ArraySlice<Expression>
    ) -> (Condition, next: Int)? {
        var rest = expressions
        guard let selectors = loads(&rest) else { return nil }
        let mask = mask(&rest)
        let isTurned = turn(&rest)
        guard let test = test(&rest) else { return nil }
        return (Condition(selectors, mask: mask, isTurned: isTurned, test), rest.startIndex)
    }

    private func loads(_ rest: inout ArraySlice<Expression>) -> [Selector]? {
        var selectors: [Selector] = []
        var register = Register.r1
        var words = 0
        while let first = rest.first, let selector = Selector(loading: first, into: &register) {
            guard register == RuleAssembler.register(behind: words) else { break }
            selectors.append(selector)
            words += selector.wordCount
            rest.removeFirst()
        }
        return selectors.isEmpty ? nil : selectors
    }

    private func mask(_ rest: inout ArraySlice<Expression>) -> [UInt8]? {
        guard case .bitwise(let bitwise)? = rest.first, bitwise.source == .r1,
            bitwise.destination == .r1, bitwise.operation == .boolean, let mask = bitwise.mask,
            bitwise.xor?.allSatisfy({ $0 == 0 }) == true, mask.count == Int(bitwise.length)
        else { return nil }
        rest.removeFirst()
        return mask
    }

    private func turn(_ rest: inout ArraySlice<Expression>) -> Bool {
        guard case .byteorder(let turn)? = rest.first, turn.source == .r1, turn.destination == .r1,
            turn.operation == .hostToNetwork, turn.length == 4, turn.size == 4
        else { return false }
        rest.removeFirst()
        return true
    }

    private func test(_ rest: inout ArraySlice<Expression>) -> Condition.Test? {
        switch rest.popFirst() {
        case .compare(let compare)? where compare.source == .r1:
            guard compare.operation == .greaterOrEqual,
                case .compare(let upper)? = rest.first, upper.source == .r1,
                upper.operation == .lessOrEqual, upper.value.count == compare.value.count
            else { return .compare(compare.operation, compare.value) }
            rest.removeFirst()
            return .range(compare.value, upper.value, inverted: false)
        case .range(let range)? where range.source == .r1 && range.operation == .outside:
            return .range(range.from, range.to, inverted: true)
        case .lookup(let lookup)? where lookup.source == .r1 && lookup.destination == nil:
            guard lookup.set == RuleAssembler.setName, let number = lookup.setID,
                body.sets.indices.contains(Int(number) - 1)
            else { return nil }
            return .set(body.sets[Int(number) - 1], inverted: lookup.flags == 1)
        default: return nil
        }
    }
}
