import NetlinkProto

/// `-p tcp`: ports, flags and options of TCP.
struct TCPMatch: MatchExtension {
    var name: String { "tcp" }
    var summary: String { "Ports, flags and options of tcp" }
    var form: MatchForm { .transport([6]) }
    var options: [OptionSpecification] {
        PortOptions.options + [
            OptionSpecification("--tcp-option", values: ["NUMBER"], isNegatable: true),
            OptionSpecification(
                "--tcp-flags", values: ["EXAMINED[,…]", "SET[,…]"], isNegatable: true),
            OptionSpecification("--syn", isNegatable: true),
        ]
    }

    private static let flagNames: [(UInt8, String)] = [
        (0x01, "FIN"), (0x02, "SYN"), (0x04, "RST"), (0x08, "PSH"), (0x10, "ACK"), (0x20, "URG"),
    ]
    private static let flagsSelector = Selector.payload(.transport, offset: 13, length: 1)

    func compile(
        _ match: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        try PortOptions.compile(match, into: &builder)
        if let option = match["--tcp-option"] { try compileOption(option, into: &builder) }
        if let option = match["--tcp-flags"] {
            guard match["--syn"] == nil else {
                throw RuleSyntaxError(
                    "--syn is a case of --tcp-flags; only one of them fits", at: option.index)
            }
            try compileFlags(option, into: &builder)
        }
        if let option = match["--syn"] {
            builder.append(TCPMatch.flags(0x02, of: 0x17, negated: option.isNegated))
        }
    }

    private func compileFlags(
        _ option: ParsedOption, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        guard option.values.count == 2 else { return }
        let examined = try TCPMatch.parseFlags(option.values[0])
        let set = try TCPMatch.parseFlags(option.values[1])
        guard set & ~examined == 0 else {
            throw RuleSyntaxError(
                "a flag that must be set is not among those examined", at: option.values[1].index)
        }
        builder.append(TCPMatch.flags(set, of: examined, negated: option.isNegated))
    }

    private static func flags(_ set: UInt8, of examined: UInt8, negated: Bool) -> Condition {
        Condition(flagsSelector, equals: [set], mask: [examined], negated: negated)
    }

    private static func parseFlags(_ word: Word) throws(RuleSyntaxError) -> UInt8 {
        var flags: UInt8 = 0
        for part in word.text.split(separator: ",", omittingEmptySubsequences: false) {
            switch part.uppercased() {
            case "ALL": flags |= 0x3F
            case "NONE": break
            case let name:
                guard let flag = flagNames.first(where: { $0.1 == name }) else {
                    throw RuleSyntaxError(
                        "“\(part)” is not a TCP flag", at: word.index,
                        hint: "there are: FIN SYN RST PSH ACK URG ALL NONE")
                }
                flags |= flag.0
            }
        }
        return flags
    }

    private static func text(flags: UInt8) -> String {
        let names = flagNames.filter { flags & $0.0 != 0 }.map(\.1)
        return names.isEmpty ? "NONE" : names.joined(separator: ",")
    }

    private func compileOption(
        _ option: ParsedOption, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        let number = try Number.parse(
            option.value.text, "a TCP option", limit: 255, at: option.value.index)
        builder.append(
            Condition(
                .extensionHeader(
                    .tcpOption, type: UInt8(truncatingIfNeeded: number), offset: 0, length: 1,
                    flags: 1),
                equals: [option.isNegated ? 0 : 1]))
    }

    func claim(_ items: ArraySlice<Item>, _ state: PrintState) -> Claim? {
        guard state.transport == 6, let condition = items.first?.condition else { return nil }
        if let claim = PortOptions.claim(items) { return claim }
        guard let (value, negated) = condition.equality, value.count == 1 else { return nil }
        switch condition.selector {
        case TCPMatch.flagsSelector:
            guard let mask = condition.mask, mask.count == 1, (mask[0] | value[0]) <= 0x3F else {
                return nil
            }
            return Claim(
                options: ["--tcp-flags"],
                words: (negated ? ["!"] : [])
                    + [
                        "--tcp-flags", TCPMatch.text(flags: mask[0]),
                        TCPMatch.text(flags: value[0]),
                    ]
            )
        case .extensionHeader(.tcpOption, let type, offset: 0, length: 1, flags: 1):
            guard condition.mask == nil, !negated, value[0] <= 1 else { return nil }
            return Claim(
                options: ["--tcp-option"],
                words: (value[0] == 0 ? ["!"] : []) + ["--tcp-option", "\(type)"])
        default: return nil
        }
    }
}
