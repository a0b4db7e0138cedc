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
        let names: [String]
        switch family {
        case .arp: return nil
        case .bridge: names = BridgeHeaders.protocolOptions
        default: names = ["-p", "--protocol"]
        }
        return OptionScan.value(of: names, in: words).flatMap(ProtocolName.number)
    }
}

/// Looks for an option before the words are read.
enum OptionScan {
    /// The value of the first of these options that is not negated.
    static func value(of names: [String], in words: [String]) -> String? {
        for (index, word) in words.enumerated() {
            let equals = word.hasPrefix("--") ? word.firstIndex(of: "=") : nil
            let name = equals.map { String(word[..<$0]) } ?? word
            guard names.contains(name), index == 0 || words[index - 1] != "!" else { continue }
            if let equals { return String(word[word.index(after: equals)...]) }
            return index + 1 < words.count ? words[index + 1] : nil
        }
        return nil
    }
}
