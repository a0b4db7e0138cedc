import NetlinkProto

/// `-m conntrack`: what connection tracking knows about the packet's connection.
struct ConntrackMatch: MatchExtension {
    var name: String { "conntrack" }
    var summary: String { "What connection tracking knows about the packet" }
    var form: MatchForm { .named }

    var options: [OptionSpecification] {
        [
            OptionSpecification("--ctstate", values: ["STATE[,…]"], isNegatable: true),
            OptionSpecification("--ctstatus", values: ["STATUS[,…]"], isNegatable: true),
            OptionSpecification("--ctdir", values: ["ORIGINAL|REPLY"], isNegatable: true),
            OptionSpecification("--ctproto", values: ["PROTOCOL"], isNegatable: true),
            OptionSpecification("--ctexpire", values: ["SECONDS[:SECONDS]"], isNegatable: true),
        ] + ConntrackTuple.all.map(\.specification)
    }

    func compile(
        _ match: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        guard !match.options.isEmpty else {
            throw RuleSyntaxError(
                "-m conntrack needs an option", at: match.index, hint: "such as --ctstate NEW")
        }
        for option in match.options {
            for condition in try conditions(option) { builder.append(condition) }
        }
    }

    private func conditions(_ option: ParsedOption) throws(RuleSyntaxError) -> [Condition] {
        guard option.name != "--ctstate" else {
            return try ConnectionState.conditions(option.value, negated: option.isNegated)
        }
        return [try condition(option)]
    }

    private func condition(_ option: ParsedOption) throws(RuleSyntaxError) -> Condition {
        switch option.name {
        case "--ctstatus": return try ConnectionStatus.condition(option)
        case "--ctdir": return try direction(option)
        case "--ctproto":
            guard let number = ProtocolName.number(option.value.text) else {
                _ = try ProtocolName.parse(option.value)
                throw RuleSyntaxError("a protocol belongs here", at: option.value.index)
            }
            return Condition(
                ConntrackMatch.transportSelector, equals: [number], negated: option.isNegated)
        case "--ctexpire": return try expiry(option)
        default: return try ConntrackTuple.condition(option)
        }
    }

    private static let transportSelector = Selector.conntrack(.transportProtocol, direction: nil)
    private static let directionSelector = Selector.conntrack(.direction, direction: nil)
    private static let expirySelector = Selector.conntrack(.expiration, direction: nil)

    private func direction(_ option: ParsedOption) throws(RuleSyntaxError) -> Condition {
        let isReply = option.value.text.uppercased() == "REPLY"
        guard isReply || option.value.text.uppercased() == "ORIGINAL" else {
            throw RuleSyntaxError(
                "ORIGINAL or REPLY belongs here, not “\(option.value.text)”",
                at: option.value.index)
        }
        return Condition(
            ConntrackMatch.directionSelector, equals: [isReply != option.isNegated ? 1 : 0])
    }

    /// Whole seconds, as iptables counts them; the kernel compares milliseconds.
    private func expiry(_ option: ParsedOption) throws(RuleSyntaxError) -> Condition {
        let seconds = try NumberRange.parse(
            option.value.text, "a number of seconds", limit: 4_294_966, at: option.value.index)
        let range = NumberRange(lower: seconds.lower * 1000, upper: seconds.upper * 1000 + 999)
        return range.condition(on: ConntrackMatch.expirySelector, negated: option.isNegated)
    }

    func claim(_ items: ArraySlice<Item>, _ state: PrintState) -> Claim? {
        guard let condition = items.first?.condition,
            let (name, text, negated) = ConnectionState.text(condition)
                ?? ConnectionStatus.text(condition) ?? ConntrackTuple.text(condition)
                ?? text(condition)
        else { return nil }
        return Claim(options: [name], words: (negated ? ["!"] : []) + [name, text])
    }

    private func text(_ condition: Condition) -> (name: String, text: String, negated: Bool)? {
        guard condition.mask == nil else { return nil }
        if condition.selector == ConntrackMatch.expirySelector {
            guard let range = NumberRange(condition), range.lower.isMultiple(of: 1000),
                range.upper % 1000 == 999
            else { return nil }
            let seconds = NumberRange(lower: range.lower / 1000, upper: range.upper / 1000)
            return ("--ctexpire", seconds.text(), condition.isNegated)
        }
        guard let (value, negated) = condition.equality, value.count == 1 else { return nil }
        switch condition.selector {
        case ConntrackMatch.directionSelector where value[0] <= 1 && !negated:
            return ("--ctdir", value[0] == 1 ? "REPLY" : "ORIGINAL", false)
        case ConntrackMatch.transportSelector where value[0] != 0:
            return ("--ctproto", "\(value[0])", negated)
        default: return nil
        }
    }
}

/// `-m state`: an older way to say `-m conntrack --ctstate`.
struct StateMatch: MatchExtension {
    var name: String { "state" }
    var summary: String { "The same as -m conntrack --ctstate" }
    var form: MatchForm { .named }
    var options: [OptionSpecification] {
        [OptionSpecification("--state", values: ["STATE[,…]"], isNegatable: true)]
    }

    func compile(
        _ match: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        guard let option = match["--state"] else {
            throw RuleSyntaxError("-m state needs --state", at: match.index)
        }
        for condition in try ConnectionState.conditions(
            option.value, negated: option.isNegated)
        {
            builder.append(condition)
        }
    }

    func claim(_ items: ArraySlice<Item>, _ state: PrintState) -> Claim? { nil }
}

/// The states of connections, and the two statuses that iptables counts among them.
///
/// - Source: linux `include/uapi/linux/netfilter/nf_conntrack_common.h`, `NF_CT_STATE_BIT`, `IPS_SRC_NAT`, `IPS_DST_NAT`.
enum ConnectionState {
    private static let states: [(UInt32, String)] = [
        (1, "INVALID"), (8, "NEW"), (4, "RELATED"), (2, "ESTABLISHED"), (64, "UNTRACKED"),
    ]
    private static let translations: [(UInt32, String)] = [(0x10, "SNAT"), (0x20, "DNAT")]

    static let selector = Selector.conntrack(.state, direction: nil)

    /// One condition; two for a list that no packet is to be in, of states and of translations.
    static func conditions(_ word: Word, negated: Bool) throws(RuleSyntaxError) -> [Condition] {
        var bits: UInt32 = 0
        var translated: UInt32 = 0
        for part in word.text.split(separator: ",", omittingEmptySubsequences: false) {
            let name = part.uppercased()
            if let state = states.first(where: { $0.1 == name }) {
                bits |= state.0
            } else if let translation = translations.first(where: { $0.1 == name }) {
                translated |= translation.0
            } else {
                let near = Suggestion.nearest(
                    to: name, among: (states + translations).map(\.1))
                throw RuleSyntaxError(
                    "“\(part)” is not a state of connections", at: word.index,
                    hint: near.map { "did you mean \($0)?" }
                        ?? "there are: " + (states + translations).map(\.1).joined(separator: " "))
            }
        }
        let states = Condition(selector, hasAnyOf: bits, negated: negated)
        let translations = Condition(
            ConnectionStatus.selector, hasAnyOf: translated, negated: negated)
        if translated == 0 { return [states] }
        if bits == 0 { return [translations] }
        guard negated else {
            throw RuleSyntaxError(
                "SNAT and DNAT cannot stand in one list with other states", at: word.index,
                hint: "write two rules")
        }
        return [states, translations]
    }

    static func text(_ condition: Condition) -> (name: String, text: String, negated: Bool)? {
        guard let (bits, negated) = condition.anyBits else { return nil }
        let names: [(UInt32, String)]
        switch condition.selector {
        case selector: names = states
        case ConnectionStatus.selector: names = translations
        default: return nil
        }
        guard bits != 0, bits & ~names.reduce(0, { $0 | $1.0 }) == 0 else { return nil }
        let list = names.filter { bits & $0.0 != 0 }.map(\.1).joined(separator: ",")
        return ("--ctstate", list, negated)
    }
}

/// The statuses of connections.
///
/// - Source: linux `include/uapi/linux/netfilter/nf_conntrack_common.h`, `IPS_*`.
enum ConnectionStatus {
    private static let statuses: [(UInt32, String)] = [
        (1, "EXPECTED"), (2, "SEEN_REPLY"), (4, "ASSURED"), (8, "CONFIRMED"),
    ]

    static let selector = Selector.conntrack(.status, direction: nil)

    static func condition(_ option: ParsedOption) throws(RuleSyntaxError) -> Condition {
        let word = option.value
        if word.text.uppercased() == "NONE" {
            return Condition(selector, hasAnyOf: 0xF, negated: !option.isNegated)
        }
        var bits: UInt32 = 0
        for part in word.text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let status = statuses.first(where: { $0.1 == part.uppercased() }) else {
                throw RuleSyntaxError(
                    "“\(part)” is not a status of connections", at: word.index,
                    hint: "there are: NONE, or some of "
                        + statuses.map(\.1).joined(separator: " "))
            }
            bits |= status.0
        }
        return Condition(selector, hasAnyOf: bits, negated: option.isNegated)
    }

    static func text(_ condition: Condition) -> (name: String, text: String, negated: Bool)? {
        guard condition.selector == selector, let (bits, negated) = condition.anyBits,
            bits != 0, bits & ~0xF == 0
        else { return nil }
        if bits == 0xF, negated { return ("--ctstatus", "NONE", false) }
        let list = statuses.filter { bits & $0.0 != 0 }.map(\.1).joined(separator: ",")
        return ("--ctstatus", list, negated)
    }
}

/// The addresses and ports of a connection, as its first packet or as its replies have them.
struct ConntrackTuple: Sendable {
    private let name: String
    private let direction: UInt8
    private let end: Direction
    private let isPort: Bool

    static let all: [ConntrackTuple] = [
        ConntrackTuple(name: "--ctorigsrc", direction: 0, end: .source, isPort: false),
        ConntrackTuple(name: "--ctorigdst", direction: 0, end: .destination, isPort: false),
        ConntrackTuple(name: "--ctreplsrc", direction: 1, end: .source, isPort: false),
        ConntrackTuple(name: "--ctrepldst", direction: 1, end: .destination, isPort: false),
        ConntrackTuple(name: "--ctorigsrcport", direction: 0, end: .source, isPort: true),
        ConntrackTuple(name: "--ctorigdstport", direction: 0, end: .destination, isPort: true),
        ConntrackTuple(name: "--ctreplsrcport", direction: 1, end: .source, isPort: true),
        ConntrackTuple(name: "--ctrepldstport", direction: 1, end: .destination, isPort: true),
    ]

    var specification: OptionSpecification {
        OptionSpecification(
            name, values: [isPort ? "PORT[:PORT]" : "ADDRESS[/PREFIX]"], isNegatable: true)
    }

    private var portSelector: Selector {
        .conntrack(end == .source ? .sourcePort : .destinationPort, direction: direction)
    }

    private func addressSelector(_ family: Family) -> Selector {
        let key: ConntrackExpression.Key
        switch end {
        case .source: key = family == .ip ? .sourceIP : .sourceIP6
        case .destination: key = family == .ip ? .destinationIP : .destinationIP6
        }
        return .conntrack(key, direction: direction)
    }

    static func condition(_ option: ParsedOption) throws(RuleSyntaxError) -> Condition {
        guard let tuple = all.first(where: { $0.name == option.name }) else {
            throw RuleSyntaxError("unknown option \(option.name)", at: option.index)
        }
        if tuple.isPort {
            let range = try PortRange.parse(option.value.text[...], at: option.value.index)
            return PortOptions.condition(range, tuple.portSelector, negated: option.isNegated)
        }
        let address = try AddressMask.parse(option.value.text, at: option.value.index)
        guard address.prefix != 0 else {
            throw RuleSyntaxError("/0 asks for nothing", at: option.value.index)
        }
        let family = address.address.family
        return AddressMatch.condition(
            on: [address], kind: tuple.end.addressKind(family), negated: option.isNegated
        ) { _ in tuple.addressSelector(family) }
    }

    static func text(_ condition: Condition) -> (name: String, text: String, negated: Bool)? {
        for tuple in all {
            if tuple.isPort {
                guard condition.selector == tuple.portSelector,
                    let range = PortOptions.range(condition)
                else { continue }
                return (tuple.name, range.text(), condition.isNegated)
            }
            for family in [Family.ip, .ip6]
            where condition.selector == tuple.addressSelector(family) {
                guard condition.equality != nil,
                    let text = AddressMatch.text(
                        condition, family: family, loaded: family == .ip ? 4 : 16)
                else { return nil }
                return (tuple.name, text, condition.isNegated)
            }
        }
        return nil
    }
}
