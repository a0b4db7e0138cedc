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

    /// The protocol of the first `-p` that is not negated, wherever among the words it stands.
    static func protocolGiven(in words: [String]) -> UInt8? {
        for (index, word) in words.enumerated() {
            guard word == "-p" || word == "--protocol" || word.hasPrefix("--protocol="),
                index == 0 || words[index - 1] != "!"
            else { continue }
            let attached = word.hasPrefix("--protocol=") ? String(word.dropFirst(11)) : nil
            guard let name = attached ?? (index + 1 < words.count ? words[index + 1] : nil) else {
                return nil
            }
            return ProtocolName.number(name)
        }
        return nil
    }
}
