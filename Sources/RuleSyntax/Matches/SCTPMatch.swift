import NetlinkProto

/// `-p sctp`: ports and chunks of SCTP.
///
/// A rule asks for each chunk by itself, so only "all of these" and "none of these" can be said.
struct SCTPMatch: MatchExtension {
    var name: String { "sctp" }
    var summary: String { "Ports and chunks of sctp" }
    var form: MatchForm { .transport([132]) }
    var options: [OptionSpecification] {
        PortOptions.options + [
            OptionSpecification(
                "--chunk-types", values: ["all|any", "CHUNK[,…]"], isNegatable: true)
        ]
    }

    private static let chunks: [(UInt8, String)] = [
        (0, "DATA"), (1, "INIT"), (2, "INIT_ACK"), (3, "SACK"), (4, "HEARTBEAT"),
        (5, "HEARTBEAT_ACK"), (6, "ABORT"), (7, "SHUTDOWN"), (8, "SHUTDOWN_ACK"), (9, "ERROR"),
        (10, "COOKIE_ECHO"), (11, "COOKIE_ACK"), (12, "ECN_ECNE"), (13, "ECN_CWR"),
        (14, "SHUTDOWN_COMPLETE"), (64, "I_DATA"), (130, "RE_CONFIG"), (132, "PAD"),
        (192, "FORWARD_TSN"), (193, "ASCONF"), (128, "ASCONF_ACK"), (194, "I_FORWARD_TSN"),
    ]

    func compile(
        _ match: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        try PortOptions.compile(match, into: &builder)
        guard let option = match["--chunk-types"], option.values.count == 2 else { return }
        let types = try SCTPMatch.parse(option.values[1])
        let scope = option.values[0]
        guard ["all", "any", "only"].contains(scope.text) else {
            throw RuleSyntaxError("all or any belongs here, not “\(scope.text)”", at: scope.index)
        }
        let isAll = scope.text == "all" && !option.isNegated
        let isNone = scope.text == "any" && option.isNegated
        guard isAll || isNone || (types.count == 1 && scope.text != "only") else {
            throw RuleSyntaxError(
                "a rule can ask for all of several chunks, or for none of them", at: scope.index,
                hint: "--chunk-types all …, ! --chunk-types any …, or a rule for each chunk")
        }
        for type in types {
            builder.append(
                Condition(
                    .extensionHeader(.sctp, type: type, offset: 0, length: 1, flags: 1),
                    equals: [option.isNegated ? 0 : 1]))
        }
    }

    private static func parse(_ word: Word) throws(RuleSyntaxError) -> [UInt8] {
        var types: Set<UInt8> = []
        for part in word.text.split(separator: ",", omittingEmptySubsequences: false) {
            let name = part.uppercased().split(separator: "-").joined(separator: "_")
            guard let chunk = chunks.first(where: { $0.1 == name }) else {
                let near = Suggestion.nearest(to: name, among: chunks.map(\.1))
                throw RuleSyntaxError(
                    "“\(part)” is not an SCTP chunk", at: word.index,
                    hint: near.map { "did you mean \($0)?" })
            }
            types.insert(chunk.0)
        }
        return types.sorted()
    }

    func claim(_ items: ArraySlice<Item>, _ state: PrintState) -> Claim? {
        guard state.transport == 132 else { return nil }
        if let claim = PortOptions.claim(items) { return claim }
        guard let first = SCTPMatch.chunk(items.first) else { return nil }
        var names: [String] = []
        for item in items {
            guard let next = SCTPMatch.chunk(item), next.exists == first.exists else { break }
            names.append(next.name)
        }
        return Claim(
            options: ["--chunk-types"],
            words: (first.exists ? [] : ["!"])
                + ["--chunk-types", first.exists ? "all" : "any", names.joined(separator: ",")],
            count: names.count)
    }

    private static func chunk(_ item: Item?) -> (name: String, exists: Bool)? {
        guard let condition = item?.condition, condition.mask == nil,
            case .extensionHeader(.sctp, let type, offset: 0, length: 1, flags: 1)? =
                condition.selector,
            let (value, negated) = condition.equality, !negated, value == [0] || value == [1],
            let chunk = chunks.first(where: { $0.0 == type })
        else { return nil }
        return (chunk.1, value == [1])
    }
}
