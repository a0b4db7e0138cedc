import NetlinkProto

/// `-p`: the transport protocol.
struct TransportMatch: MatchExtension {
    var name: String { "protocol" }
    var summary: String { "The transport protocol, by name or number" }
    var form: MatchForm { .head(text: 5, order: 3) }
    var options: [OptionSpecification] {
        [OptionSpecification("-p", "--protocol", values: ["PROTOCOL"], isNegatable: true)]
    }

    func compile(
        _ match: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        guard let option = match.options.first else { return }
        let number = try ProtocolName.parse(option.value)
        guard let number else {
            guard !option.isNegated else {
                throw RuleSyntaxError("no packet is of no protocol", at: option.value.index)
            }
            return
        }
        builder.append(
            Condition(.meta(.transportProtocol), equals: [number], negated: option.isNegated))
    }

    func claim(_ items: ArraySlice<Item>, _ state: PrintState) -> Claim? {
        guard let condition = items.first?.condition, condition.mask == nil,
            condition.selector == .meta(.transportProtocol),
            let (value, negated) = condition.equality, value.count == 1, value[0] != 0
        else { return nil }
        let name = ProtocolName.name(value[0])
        return Claim(options: ["-p"], words: (negated ? ["!"] : []) + ["-p", name])
    }

    /// The protocol of the first option for it that is not negated, wherever among the words it stands.
    static func protocolGiven(in words: [String], family: Family) -> UInt8? {
        word(in: words, family).flatMap { ProtocolName.number($0.text) }
    }

    /// Refuses a protocol that there is not.
    ///
    /// For when one of its options is in question: that there is no such protocol is the fault, not the option.
    static func checkProtocolGiven(
        in words: [String], family: Family
    ) throws(RuleSyntaxError) {
        if let word = word(in: words, family) { _ = try ProtocolName.parse(word) }
    }

    private static func word(in words: [String], _ family: Family) -> Word? {
        switch family {
        case .arp: nil
        case .bridge: OptionScan.word(of: BridgeHeaders.protocolOptions, in: words)
        default: OptionScan.word(of: ["-p", "--protocol"], in: words)
        }
    }
}

/// Looks for an option before the words are read.
enum OptionScan {
    /// The value of the first of these options that is not negated.
    static func word(of names: [String], in words: [String]) -> Word? {
        for (index, word) in words.enumerated() {
            let equals = word.hasPrefix("--") ? word.firstIndex(of: "=") : nil
            let name = equals.map { String(word[..<$0]) } ?? word
            guard names.contains(name), index == 0 || words[index - 1] != "!" else { continue }
            if let equals {
                return Word(text: String(word[word.index(after: equals)...]), index: index)
            }
            return index + 1 < words.count ? Word(text: words[index + 1], index: index + 1) : nil
        }
        return nil
    }
}
