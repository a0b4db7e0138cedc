import NetlinkProto

/// A mark and the bits of it that count, as `0x1/0xff`.
struct MarkValue: Hashable, Sendable {
    var value: UInt32
    var mask: UInt32

    /// `0x1`, or `0x1/0xff` unless every bit counts.
    var text: String {
        Number.hexadecimal(value) + (mask == .max ? "" : "/" + Number.hexadecimal(mask))
    }

    /// Reads `MARK` or `MARK/MASK`.
    static func parse(_ word: Word) throws(RuleSyntaxError) -> MarkValue {
        let parts = word.text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let value = try Number.parse32(parts.first ?? "", "a mark", at: word.index)
        guard parts.count == 2 else { return MarkValue(value: value, mask: .max) }
        return MarkValue(
            value: value, mask: try Number.parse32(parts[1], "a mask", at: word.index))
    }
}

/// The condition that a mark has a value; `-m mark` and `-m connmark` differ in whose mark it is.
private enum MarkCondition {
    static func compile(
        _ match: ParsedExtension, _ name: String, _ selector: Selector,
        into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        guard let option = match["--mark"] else {
            throw RuleSyntaxError("-m \(name) needs --mark", at: match.index)
        }
        let mark = try MarkValue.parse(option.value)
        guard mark.value & ~mark.mask == 0 else {
            throw RuleSyntaxError(
                "the mark has bits outside of its mask, so no packet has it",
                at: option.value.index)
        }
        builder.append(
            Condition(
                selector, equals: mark.value.hostBytes,
                mask: mark.mask == .max ? nil : mark.mask.hostBytes, negated: option.isNegated))
    }

    static func claim(_ items: ArraySlice<Item>, _ selector: Selector) -> Claim? {
        guard let condition = items.first?.condition, condition.selector == selector,
            let (value, negated) = condition.equality, value.count == 4
        else { return nil }
        let mark = MarkValue(
            value: UInt32(hostBytes: value),
            mask: condition.mask.map { UInt32(hostBytes: $0) } ?? .max)
        return Claim(options: ["--mark"], words: (negated ? ["!"] : []) + ["--mark", mark.text])
    }

    static let options = [
        OptionSpecification("--mark", values: ["MARK[/MASK]"], isNegatable: true)
    ]
}

/// `-m mark`: the packet's mark.
struct MarkMatch: MatchExtension {
    var name: String { "mark" }
    var summary: String { "The packet's mark" }
    var form: MatchForm { .named }
    var options: [OptionSpecification] { MarkCondition.options }

    func compile(
        _ match: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        try MarkCondition.compile(match, name, .meta(.mark), into: &builder)
    }

    func claim(_ items: ArraySlice<Item>, _ state: PrintState) -> Claim? {
        MarkCondition.claim(items, .meta(.mark))
    }
}

/// `-m connmark`: the connection's mark.
struct ConnmarkMatch: MatchExtension {
    var name: String { "connmark" }
    var summary: String { "The mark of the packet's connection" }
    var form: MatchForm { .named }
    var options: [OptionSpecification] { MarkCondition.options }

    func compile(
        _ match: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        try MarkCondition.compile(match, name, .conntrack(.mark, direction: nil), into: &builder)
    }

    func claim(_ items: ArraySlice<Item>, _ state: PrintState) -> Claim? {
        MarkCondition.claim(items, .conntrack(.mark, direction: nil))
    }
}
