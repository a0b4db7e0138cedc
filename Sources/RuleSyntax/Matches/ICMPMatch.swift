import NetlinkProto

/// `-p icmp` and `-p ipv6-icmp`: types and codes.
struct ICMPMatch: MatchExtension {
    private let family: Family

    init(_ family: Family) { self.family = family }

    private var isIP6: Bool { family == .ip6 }
    var name: String { isIP6 ? "icmp6" : "icmp" }
    var aliases: [String] { isIP6 ? ["ipv6-icmp", "icmpv6"] : [] }
    var summary: String { isIP6 ? "Types and codes of ICMPv6" : "Types and codes of ICMP" }
    var form: MatchForm { .transport([isIP6 ? 58 : 1]) }
    private var option: String { isIP6 ? "--icmpv6-type" : "--icmp-type" }

    var options: [OptionSpecification] {
        let values = ["TYPE[/CODE]"]
        return isIP6
            ? [
                OptionSpecification(
                    "--icmpv6-type", "--icmp6-type", values: values, isNegatable: true)
            ] : [OptionSpecification("--icmp-type", values: values, isNegatable: true)]
    }

    private static let typeSelector = Selector.payload(.transport, offset: 0, length: 1)
    private static let codeSelector = Selector.payload(.transport, offset: 1, length: 1)
    private static let bothSelector = Selector.payload(.transport, offset: 0, length: 2)

    func compile(
        _ match: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        guard let option = match.options.first else { return }
        if !builder.context.family.isMixed {
            try builder.require(family, at: option.index)
        }
        guard let (type, code) = try ICMPName.parse(option.value, isIP6: isIP6) else {
            guard !option.isNegated else {
                throw RuleSyntaxError("no packet is of none of the types", at: option.value.index)
            }
            return
        }
        builder.append(condition(type, code, negated: option.isNegated))
    }

    private func condition(_ type: UInt8, _ code: UInt8?, negated: Bool) -> Condition {
        guard let code else {
            return Condition(ICMPMatch.typeSelector, equals: [type], negated: negated)
        }
        guard negated else {
            return Condition(ICMPMatch.bothSelector, equals: [type, code])
        }
        return Condition(
            [ICMPMatch.typeSelector, ICMPMatch.codeSelector],
            .set(
                AnonymousSet(kind, values: [[type, 0, 0, 0, code, 0, 0, 0]]), inverted: true))
    }

    /// A type and a code as nft's concatenation.
    private var kind: SetKind {
        let header: UInt32 = isIP6 ? 14 : 4
        let types: (type: UInt32, code: UInt32) = isIP6 ? (29, 33) : (14, 32)
        return .concatenation([
            .payload(keyType: types.type, length: 1, header: header, field: 1),
            .payload(keyType: types.code, length: 1, header: header, field: 2),
        ])
    }

    func claim(_ items: ArraySlice<Item>, _ state: PrintState) -> Claim? {
        guard state.transport == (isIP6 ? 58 : 1), let condition = items.first?.condition,
            condition.mask == nil, let text = text(condition)
        else { return nil }
        return Claim(
            options: [option], words: (condition.isNegated ? ["!"] : []) + [option, text])
    }

    private func text(_ condition: Condition) -> String? {
        if let (value, _) = condition.equality {
            switch condition.selector {
            case ICMPMatch.typeSelector where value.count == 1: return "\(value[0])"
            case ICMPMatch.bothSelector where value.count == 2: return "\(value[0])/\(value[1])"
            default: return nil
            }
        }
        guard condition.selectors == [ICMPMatch.typeSelector, ICMPMatch.codeSelector],
            case .set(let set, inverted: true) = condition.test,
            let values = set.values, values.count == 1, values[0].count == 8
        else { return nil }
        return "\(values[0][0])/\(values[0][4])"
    }
}

/// The names of ICMP types and codes, for input only; they are printed as numbers.
///
/// - Source: RFC 792, RFC 4443, RFC 4861, IANA ICMP parameters; spelled as iptables does.
enum ICMPName {
    private static let ip: [String: (UInt8, UInt8?)] = [
        "echo-reply": (0, nil), "pong": (0, nil), "destination-unreachable": (3, nil),
        "network-unreachable": (3, 0), "host-unreachable": (3, 1),
        "protocol-unreachable": (3, 2), "port-unreachable": (3, 3),
        "fragmentation-needed": (3, 4), "source-route-failed": (3, 5),
        "network-unknown": (3, 6), "host-unknown": (3, 7), "network-prohibited": (3, 9),
        "host-prohibited": (3, 10), "TOS-network-unreachable": (3, 11),
        "TOS-host-unreachable": (3, 12), "communication-prohibited": (3, 13),
        "host-precedence-violation": (3, 14), "precedence-cutoff": (3, 15),
        "source-quench": (4, nil), "redirect": (5, nil), "network-redirect": (5, 0),
        "host-redirect": (5, 1), "TOS-network-redirect": (5, 2), "TOS-host-redirect": (5, 3),
        "echo-request": (8, nil), "ping": (8, nil), "router-advertisement": (9, nil),
        "router-solicitation": (10, nil), "time-exceeded": (11, nil), "ttl-exceeded": (11, nil),
        "ttl-zero-during-transit": (11, 0), "ttl-zero-during-reassembly": (11, 1),
        "parameter-problem": (12, nil), "ip-header-bad": (12, 0),
        "required-option-missing": (12, 1), "timestamp-request": (13, nil),
        "timestamp-reply": (14, nil), "address-mask-request": (17, nil),
        "address-mask-reply": (18, nil),
    ]

    private static let ip6: [String: (UInt8, UInt8?)] = [
        "destination-unreachable": (1, nil), "no-route": (1, 0),
        "communication-prohibited": (1, 1), "beyond-scope": (1, 2),
        "address-unreachable": (1, 3), "port-unreachable": (1, 4), "failed-policy": (1, 5),
        "reject-route": (1, 6), "packet-too-big": (2, nil), "time-exceeded": (3, nil),
        "ttl-exceeded": (3, nil), "ttl-zero-during-transit": (3, 0),
        "ttl-zero-during-reassembly": (3, 1), "parameter-problem": (4, nil),
        "bad-header": (4, 0), "unknown-header-type": (4, 1), "unknown-option": (4, 2),
        "echo-request": (128, nil), "ping": (128, nil), "echo-reply": (129, nil),
        "pong": (129, nil), "mld-listener-query": (130, nil), "mld-listener-report": (131, nil),
        "mld-listener-done": (132, nil), "mld-listener-reduction": (132, nil),
        "router-solicitation": (133, nil), "router-advertisement": (134, nil),
        "neighbour-solicitation": (135, nil), "neighbor-solicitation": (135, nil),
        "neighbour-advertisement": (136, nil), "neighbor-advertisement": (136, nil),
        "redirect": (137, nil),
    ]

    /// Reads a name, a number or `TYPE/CODE`; nil means any type.
    static func parse(
        _ word: Word, isIP6: Bool
    ) throws(RuleSyntaxError) -> (type: UInt8, code: UInt8?)? {
        if word.text == "any" { return nil }
        let names = isIP6 ? ip6 : ip
        if let named = names[word.text] { return named }
        let parts = word.text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, Number.value(first) != nil else {
            let near = Suggestion.nearest(to: word.text, among: names.keys.sorted())
            throw RuleSyntaxError(
                "“\(word.text)” is not an \(isIP6 ? "ICMPv6" : "ICMP") type", at: word.index,
                hint: near.map { "did you mean \($0)?" } ?? "a type is a name, TYPE or TYPE/CODE")
        }
        let type = try Number.parse(first, "an ICMP type", limit: 255, at: word.index)
        guard parts.count == 2 else { return (UInt8(truncatingIfNeeded: type), nil) }
        let code = try Number.parse(parts[1], "an ICMP code", limit: 255, at: word.index)
        return (UInt8(truncatingIfNeeded: type), UInt8(truncatingIfNeeded: code))
    }
}
