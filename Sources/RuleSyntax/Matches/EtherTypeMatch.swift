import NetlinkProto

/// `-p` in bridge tables: what the frame carries.
struct EtherTypeMatch: MatchExtension {
    var name: String { "ether-type" }
    var summary: String { "What the frame carries; LENGTH for those of IEEE 802.3" }
    var form: MatchForm { .head(text: 0, order: 3) }
    var options: [OptionSpecification] {
        [
            OptionSpecification(
                "-p", "--protocol", "--proto", values: ["IPv4|IPv6|ARP|802_1Q|LENGTH|0xNUMBER"],
                isNegatable: true)
        ]
    }

    private static let lengthName = "LENGTH"
    /// What is smaller is a length.
    private static let firstType: UInt16 = 0x600

    /// The type of the first `-p` that is not negated; ``EtherType/length`` for `LENGTH`.
    static func typeGiven(in words: [String], family: Family) -> UInt16? {
        guard family == .bridge,
            let text = OptionScan.word(of: ["-p", "--protocol", "--proto"], in: words)?.text
        else { return nil }
        if text.uppercased() == lengthName { return EtherType.length }
        return (try? EtherType.field.number(text[...], at: 0)).map {
            UInt16(truncatingIfNeeded: $0)
        }
    }

    func compile(
        _ match: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        guard let option = match.options.first else { return }
        let word = option.value
        if word.text.uppercased() == EtherTypeMatch.lengthName {
            return builder.append(EtherTypeMatch.length(negated: option.isNegated))
        }
        let number = try EtherType.field.number(word.text[...], at: word.index)
        guard number >= UInt64(EtherTypeMatch.firstType) else {
            throw RuleSyntaxError(
                "an EtherType is at least 0x600, not \(word.text)", at: word.index,
                hint: "LENGTH is for the frames that have a length instead")
        }
        builder.append(
            Condition(
                EtherType.selector, equals: UInt16(truncatingIfNeeded: number).networkBytes,
                negated: option.isNegated))
    }

    private static func length(negated: Bool) -> Condition {
        Condition(
            [EtherType.selector],
            .compare(negated ? .greaterOrEqual : .less, firstType.networkBytes))
    }

    /// Whether a condition asks for frames of IEEE 802.3.
    static func isLength(_ condition: Condition) -> Bool { condition == length(negated: false) }

    func claim(_ items: ArraySlice<Item>, _ state: PrintState) -> Claim? {
        guard let condition = items.first?.condition, condition.selector == EtherType.selector
        else { return nil }
        for negated in [false, true] where condition == EtherTypeMatch.length(negated: negated) {
            return claim(EtherTypeMatch.lengthName, negated)
        }
        guard condition.mask == nil, let (value, negated) = condition.equality, value.count == 2
        else { return nil }
        return claim(EtherType.field.text(UInt64(UInt16(networkBytes: value))), negated)
    }

    private func claim(_ text: String, _ negated: Bool) -> Claim {
        Claim(options: ["-p"], words: (negated ? ["!"] : []) + ["-p", text])
    }
}
