import NetlinkProto

/// `--among-src` and `--among-dst`: the frame's address is one of a list, perhaps together with an IPv4 address.
struct AmongMatch: MatchExtension {
    var name: String { "among" }
    var summary: String { "The frame's address, with -p IPv4 also a pair, is one of a list" }
    var form: MatchForm { .head(text: 15, order: 15) }
    var options: [OptionSpecification] {
        [Direction.source, .destination].map {
            OptionSpecification(
                AmongMatch.option($0), values: ["MAC[=IP][,…]"], isNegatable: true)
        }
    }

    private static func option(_ direction: Direction) -> String {
        direction == .source ? "--among-src" : "--among-dst"
    }

    private static func link(_ direction: Direction) -> Selector {
        .payload(.link, offset: direction == .source ? 6 : 0, length: 6)
    }

    private static func network(_ direction: Direction) -> Selector {
        .payload(.network, offset: direction.addressOffset(.ip), length: 4)
    }

    /// nft's number of Ethernet addresses is 9, of the Ethernet header 17.
    private static func kind(_ direction: Direction, pairs: Bool) -> SetKind {
        let link = SetKind.payload(
            keyType: 9, length: 6, header: 17, field: direction == .source ? 2 : 1)
        return pairs ? .concatenation([link, direction.addressKind(.ip)]) : link
    }

    private struct Entry {
        var hardware: [UInt8]
        var ip: [UInt8]?

        /// As a concatenation holds it: each part filled up to four bytes.
        var key: [UInt8] { ip.map { hardware + [0, 0] + $0 } ?? hardware }

        var text: String {
            HardwareAddress.text(hardware) + (ip.map { "=" + Address($0).text } ?? "")
        }
    }

    func compile(
        _ match: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        let given =
            builder.keepsOrder
            ? match.options : match.options.sorted { $0.name > $1.name }
        for option in given {
            let direction: Direction = option.name == "--among-src" ? .source : .destination
            try builder.append(condition(option, direction, builder))
        }
    }

    private func condition(
        _ option: ParsedOption, _ direction: Direction, _ builder: RuleBuilder
    ) throws(RuleSyntaxError) -> Condition {
        let entries = try AmongMatch.parse(option.value)
        let pairs = entries[0].ip != nil
        if pairs, builder.network != .ip {
            throw RuleSyntaxError(
                "pairs with IPv4 addresses are for IPv4 only", at: option.value.index,
                hint: "add -p IPv4")
        }
        let selectors =
            [AmongMatch.link(direction)] + (pairs ? [AmongMatch.network(direction)] : [])
        if entries.count == 1, !pairs {
            return Condition(
                AmongMatch.link(direction), equals: entries[0].hardware,
                negated: option.isNegated)
        }
        let set = AnonymousSet(
            AmongMatch.kind(direction, pairs: pairs), values: entries.map(\.key))
        return Condition(selectors, .set(set, inverted: option.isNegated))
    }

    private static func parse(_ word: Word) throws(RuleSyntaxError) -> [Entry] {
        var entries: [Entry] = []
        for part in word.text.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = part.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            var entry = Entry(hardware: try HardwareAddress.parse(halves[0], at: word.index))
            if halves.count == 2 {
                let address = try Address.parse(halves[1], at: word.index)
                guard address.family == .ip else {
                    throw RuleSyntaxError(
                        "an IPv4 address stands behind =, not “\(halves[1])”", at: word.index)
                }
                entry.ip = address.bytes
            }
            entries.append(entry)
        }
        guard entries.count <= RuleLimits.listEntries else {
            throw RuleSyntaxError(
                "a list holds at most \(RuleLimits.listEntries) addresses", at: word.index)
        }
        guard Set(entries.map { $0.ip == nil }).count == 1 else {
            throw RuleSyntaxError(
                "addresses with and without an IPv4 address in one list", at: word.index,
                hint: "write two rules")
        }
        return entries
    }

    func claim(_ items: ArraySlice<Item>, _ state: PrintState) -> Claim? {
        guard let condition = items.first?.condition, condition.mask == nil,
            case .set(let set, let inverted) = condition.test, let values = set.values
        else { return nil }
        for direction in [Direction.source, .destination] {
            let link = AmongMatch.link(direction)
            let entries: [Entry]
            switch condition.selectors {
            case [link] where values.allSatisfy { $0.count == 6 }:
                entries = values.map { Entry(hardware: $0) }
            case [link, AmongMatch.network(direction)] where values.allSatisfy { $0.count == 12 }:
                entries = values.map { Entry(hardware: Array($0[..<6]), ip: Array($0[8...])) }
            default: continue
            }
            let option = AmongMatch.option(direction)
            let list = entries.map(\.text).joined(separator: ",")
            return Claim(options: [option], words: (inverted ? ["!"] : []) + [option, list])
        }
        return nil
    }
}
