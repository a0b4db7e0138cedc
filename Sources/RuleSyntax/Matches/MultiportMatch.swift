import NetlinkProto

/// `-m multiport`: one of several ports or ranges.
struct MultiportMatch: MatchExtension {
    var name: String { "multiport" }
    var summary: String { "One of several ports; needs -p tcp, udp, udplite, dccp or sctp" }
    var form: MatchForm { .named }
    var options: [OptionSpecification] {
        let values = ["PORT[:PORT][,…]"]
        return [
            OptionSpecification("--sports", "--source-ports", values: values, isNegatable: true),
            OptionSpecification(
                "--dports", "--destination-ports", values: values, isNegatable: true),
            OptionSpecification("--ports", values: values, isNegatable: true),
        ]
    }

    func compile(
        _ match: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        guard let option = match.options.first, match.options.count == 1 else {
            throw RuleSyntaxError(
                "-m multiport takes one of --sports, --dports and --ports", at: match.index,
                hint: "use -m multiport twice for two of them")
        }
        guard let transport = builder.transport, let header = MultiportMatch.headers[transport]
        else {
            throw RuleSyntaxError(
                "-m multiport needs a protocol that has ports", at: match.index,
                hint: "add -p tcp or -p udp")
        }
        let ranges = try MultiportMatch.parse(option.value)
        if option.name == "--ports" {
            builder.append(MultiportMatch.either(ranges, header, negated: option.isNegated))
        } else {
            let direction: Direction = option.name == "--sports" ? .source : .destination
            builder.append(
                MultiportMatch.condition(ranges, header, direction, negated: option.isNegated))
        }
    }

    /// nft's numbers of the headers that have ports, by protocol.
    private static let headers: [UInt8: UInt32] = [6: 8, 17: 6, 136: 7, 33: 9, 132: 10]

    private static func parse(_ word: Word) throws(RuleSyntaxError) -> [PortRange] {
        var ranges: [PortRange] = []
        for part in word.text.split(separator: ",", omittingEmptySubsequences: false) {
            ranges.append(try PortRange.parse(part, at: word.index))
        }
        guard ranges.count <= RuleLimits.listEntries else {
            throw RuleSyntaxError(
                "a list holds at most \(RuleLimits.listEntries) ports", at: word.index)
        }
        return ranges
    }

    private static func kind(_ header: UInt32, _ direction: Direction) -> SetKind {
        .payload(
            keyType: 13, length: 2, header: header, field: direction == .source ? 1 : 2)
    }

    private static func condition(
        _ ranges: [PortRange], _ header: UInt32, _ direction: Direction, negated: Bool
    ) -> Condition {
        let selector = PortOptions.selector(direction)
        if let only = merged(ranges).first, merged(ranges).count == 1,
            only.isSingle || !ranges.allSatisfy(\.isSingle)
        {
            return PortOptions.condition(only, selector, negated: negated)
        }
        let kind = kind(header, direction)
        let set =
            ranges.allSatisfy(\.isSingle)
            ? AnonymousSet(kind, values: ranges.map(\.lower.networkBytes))
            : AnonymousSet(
                kind, ranges: ranges.map { ($0.lower.networkBytes, $0.upper.networkBytes) })
        return Condition([selector], .set(set, inverted: negated))
    }

    /// That one of both ports is in the list: a set of pairs in which the other port is free.
    private static func either(
        _ ranges: [PortRange], _ header: UInt32, negated: Bool
    ) -> Condition {
        let pad: [UInt8] = [0, 0]
        let none = UInt16.min.networkBytes
        let all = UInt16.max.networkBytes
        var boxes: [(lower: [UInt8], upper: [UInt8])] = []
        for range in merged(ranges) {
            let lower = range.lower.networkBytes
            let upper = range.upper.networkBytes
            boxes.append((none + pad + lower + pad, all + pad + upper + pad))
            boxes.append((lower + pad + none + pad, upper + pad + all + pad))
        }
        let kind = SetKind.concatenation([
            kind(header, .source), kind(header, .destination),
        ])
        boxes.sort { $0.lower.lexicographicallyPrecedes($1.lower) }
        return Condition(
            [PortOptions.selector(.source), PortOptions.selector(.destination)],
            .set(AnonymousSet(kind, fields: [2, 2], boxes: boxes), inverted: negated))
    }

    private static func merged(_ ranges: [PortRange]) -> [PortRange] {
        var result: [PortRange] = []
        for range in ranges.sorted(by: { $0.lower < $1.lower }) {
            if let last = result.last, Int(range.lower) <= Int(last.upper) + 1 {
                result[result.count - 1].upper = max(last.upper, range.upper)
            } else {
                result.append(range)
            }
        }
        return result
    }

    func claim(_ items: ArraySlice<Item>, _ state: PrintState) -> Claim? {
        guard let transport = state.transport, MultiportMatch.headers[transport] != nil,
            let condition = items.first?.condition, condition.mask == nil,
            case .set(let set, _) = condition.test
        else { return nil }
        let name: String
        let ranges: [PortRange]?
        switch condition.selectors {
        case [PortOptions.selector(.source)]:
            (name, ranges) = ("--sports", MultiportMatch.ranges(set))
        case [PortOptions.selector(.destination)]:
            (name, ranges) = ("--dports", MultiportMatch.ranges(set))
        case [PortOptions.selector(.source), PortOptions.selector(.destination)]:
            (name, ranges) = ("--ports", MultiportMatch.eitherRanges(set))
        default: return nil
        }
        guard let ranges, !ranges.isEmpty else { return nil }
        let list = ranges.map { $0.text() }.joined(separator: ",")
        return Claim(
            // iptables wants a -m for each.
            options: ["--sports", "--dports", "--ports"],
            words: (condition.isNegated ? ["!"] : []) + [name, list])
    }

    private static func ranges(_ set: AnonymousSet) -> [PortRange]? {
        let pairs =
            set.values.map { $0.map { ($0, $0) } } ?? set.ranges?.map { ($0.lower, $0.upper) }
        return pairs?.compactMap { lower, upper in
            lower.count == 2 && upper.count == 2
                ? PortRange(lower: UInt16(networkBytes: lower), upper: UInt16(networkBytes: upper))
                : nil
        }
    }

    /// The ports of a set that ``either(_:_:negated:)`` made: those of the elements with a free source port.
    private static func eitherRanges(_ set: AnonymousSet) -> [PortRange]? {
        let ranges = set.elements.compactMap { element -> PortRange? in
            guard let end = element.keyEnd, element.key.count == 8, end.count == 8,
                element.key[..<2] == [0, 0], end[..<2] == [0xFF, 0xFF]
            else { return nil }
            return PortRange(
                lower: UInt16(networkBytes: element.key[4..<6]),
                upper: UInt16(networkBytes: end[4..<6]))
        }
        return ranges.sorted { $0.lower < $1.lower }
    }
}
