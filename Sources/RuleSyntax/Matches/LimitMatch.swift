import NetlinkProto

/// `-m limit`: at most so many packets in a time.
struct LimitMatch: MatchExtension {
    var name: String { "limit" }
    var summary: String { "At most so many packets in a time; 3/hour and a burst of 5 if not said" }
    var form: MatchForm { .named }
    var options: [OptionSpecification] {
        [
            OptionSpecification("--limit", values: ["COUNT/second|minute|hour|day"]),
            OptionSpecification("--limit-burst", values: ["COUNT"]),
        ]
    }

    private static let units: [(UInt64, String, String)] = [
        (1, "second", "sec"), (60, "minute", "min"), (3600, "hour", "hour"), (86_400, "day", "day"),
    ]
    private static let defaultBurst: UInt32 = 5

    func compile(
        _ match: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        var limit = LimitExpression(
            rate: 3, unitSeconds: 3600, burst: LimitMatch.defaultBurst, type: 0, flags: 0)
        if let option = match["--limit"] {
            (limit.rate, limit.unitSeconds) = try LimitMatch.parse(option.value)
        }
        if let option = match["--limit-burst"] {
            limit.burst = try Number.parse32(
                option.value.text, "a number of packets", at: option.value.index)
            guard limit.burst > 0 else {
                throw RuleSyntaxError("a burst is at least 1", at: option.value.index)
            }
        }
        builder.append(.limit(limit))
    }

    private static func parse(_ word: Word) throws(RuleSyntaxError) -> (UInt64, UInt64) {
        let parts = word.text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let rate = try Number.parse(
            parts.first ?? "", "a number of packets", limit: UInt64(UInt32.max), at: word.index)
        guard rate > 0 else { throw RuleSyntaxError("a limit is at least 1", at: word.index) }
        guard parts.count == 2 else { return (rate, 1) }
        let name = parts[1].lowercased()
        guard !name.isEmpty, let unit = units.first(where: { $0.1.hasPrefix(name) }) else {
            throw RuleSyntaxError(
                "“\(parts[1])” is not second, minute, hour or day", at: word.index)
        }
        return (rate, unit.0)
    }

    func claim(_ items: ArraySlice<Item>, _ state: PrintState) -> Claim? {
        guard case .expression(.limit(let limit))? = items.first, limit.type == 0,
            limit.flags == 0,
            let unit = LimitMatch.units.first(where: { $0.0 == limit.unitSeconds })
        else { return nil }
        var words = ["--limit", "\(limit.rate)/\(unit.2)"]
        if limit.burst != LimitMatch.defaultBurst { words += ["--limit-burst", "\(limit.burst)"] }
        return Claim(options: ["--limit", "--limit-burst"], words: words)
    }
}
