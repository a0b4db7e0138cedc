import NetlinkProto

/// `-m addrtype`: what the routing table says about an address.
struct AddressTypeMatch: MatchExtension {
    var name: String { "addrtype" }
    var summary: String { "What the routing table says about an address, such as LOCAL" }
    var form: MatchForm { .named }
    var options: [OptionSpecification] {
        [
            OptionSpecification("--src-type", values: ["TYPE[,…]"], isNegatable: true),
            OptionSpecification("--dst-type", values: ["TYPE[,…]"], isNegatable: true),
            OptionSpecification("--limit-iface-in"),
            OptionSpecification("--limit-iface-out"),
        ]
    }

    /// `RTN_*` of linux `include/uapi/linux/rtnetlink.h`.
    private static let types = [
        "UNSPEC", "UNICAST", "LOCAL", "BROADCAST", "ANYCAST", "MULTICAST", "BLACKHOLE",
        "UNREACHABLE", "PROHIBIT", "THROW", "NAT", "XRESOLVE",
    ]

    func compile(
        _ match: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        let asked = match.options.filter { !$0.values.isEmpty }
        guard !asked.isEmpty else {
            throw RuleSyntaxError("-m addrtype needs --src-type or --dst-type", at: match.index)
        }
        if let out = match["--limit-iface-out"], match["--limit-iface-in"] != nil {
            throw RuleSyntaxError(
                "--limit-iface-in and --limit-iface-out exclude each other", at: out.index)
        }
        for option in asked {
            builder.append(
                AddressTypeMatch.condition(
                    try AddressTypeMatch.parse(option.value), flags(match, option),
                    negated: option.isNegated))
        }
    }

    private func flags(_ match: ParsedExtension, _ option: ParsedOption) -> FibExpression.Flags {
        var flags: FibExpression.Flags =
            option.name == "--src-type" ? .sourceAddress : .destinationAddress
        if match["--limit-iface-in"] != nil {
            flags = .init(rawValue: flags.rawValue | FibExpression.Flags.inputInterface.rawValue)
        }
        if match["--limit-iface-out"] != nil {
            flags = .init(rawValue: flags.rawValue | FibExpression.Flags.outputInterface.rawValue)
        }
        return flags
    }

    private static func condition(
        _ types: [UInt32], _ flags: FibExpression.Flags, negated: Bool
    ) -> Condition {
        let selector = Selector.fib(flags, .addressType)
        if let first = types.first, types.count == 1 {
            return Condition(selector, equals: first.hostBytes, negated: negated)
        }
        // nft's number of the type "fib_addrtype" is 38, of its expression "fib" 26; 3 asks for the type.
        let kind = SetKind(
            keyType: 38, keyLength: 4, byteOrder: 1,
            typeOf: SetKind.typeOf(
                expression: 26,
                SetKind.triple(0, UInt32(3).hostBytes)
                    + SetKind.triple(1, flags.rawValue.hostBytes)))
        return Condition(
            [selector],
            .set(AnonymousSet(kind, values: types.map(\.hostBytes)), inverted: negated))
    }

    private static func parse(_ word: Word) throws(RuleSyntaxError) -> [UInt32] {
        var numbers: Set<UInt32> = []
        for part in word.text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let number = types.firstIndex(of: part.uppercased()) else {
                let near = Suggestion.nearest(to: String(part), among: types)
                throw RuleSyntaxError(
                    "“\(part)” is not a type of addresses", at: word.index,
                    hint: near.map { "did you mean \($0)?" }
                        ?? "there are: " + types.joined(separator: " "))
            }
            numbers.insert(UInt32(number))
        }
        return numbers.sorted()
    }

    func claim(_ items: ArraySlice<Item>, _ state: PrintState) -> Claim? {
        guard let condition = items.first?.condition, condition.mask == nil, !condition.isTurned,
            case .fib(let flags, .addressType)? = condition.selector,
            let (name, limit) = AddressTypeMatch.names(flags),
            let numbers = AddressTypeMatch.numbers(condition),
            numbers.allSatisfy({ AddressTypeMatch.types.indices.contains(Int($0)) })
        else { return nil }
        let list = numbers.map { AddressTypeMatch.types[Int($0)] }.joined(separator: ",")
        return Claim(
            // A limit holds for both options of one -m, so none is joined with another.
            options: [name] + (limit.isEmpty ? [] : ["--src-type", "--dst-type"]),
            words: (condition.isNegated ? ["!"] : []) + [name, list] + limit)
    }

    private static func names(_ flags: FibExpression.Flags) -> (name: String, limit: [String])? {
        let name: String
        switch flags.rawValue & 3 {
        case FibExpression.Flags.sourceAddress.rawValue: name = "--src-type"
        case FibExpression.Flags.destinationAddress.rawValue: name = "--dst-type"
        default: return nil
        }
        switch flags.rawValue & ~3 {
        case 0: return (name, [])
        case FibExpression.Flags.inputInterface.rawValue: return (name, ["--limit-iface-in"])
        case FibExpression.Flags.outputInterface.rawValue: return (name, ["--limit-iface-out"])
        default: return nil
        }
    }

    private static func numbers(_ condition: Condition) -> [UInt32]? {
        if let (value, _) = condition.equality {
            return value.count == 4 ? [UInt32(hostBytes: value)] : nil
        }
        guard case .set(let set, _) = condition.test, set.body.keyLength == 4 else { return nil }
        return set.values?.map { UInt32(hostBytes: $0) }.sorted()
    }
}
