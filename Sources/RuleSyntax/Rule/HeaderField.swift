import NetlinkProto

/// A number in a header and how it is written.
struct NumberField: Sendable {
    /// What it is, for messages.
    var what: String
    /// Names of some numbers; the first of a number is printed.
    var names: [(UInt64, String)] = []
    /// Whether it is written in hexadecimal; then numbers need their `0x`, because ebtables and arptables leave it out.
    var isHexadecimal = false
    /// Whether `VALUE/MASK` is taken.
    var takesMask = false
    /// Whether `FIRST:LAST` is taken.
    var takesRange = false
    /// The bits of the bytes that hold it; nil for all.
    var bits: [UInt8]?
    /// The largest.
    var limit: UInt64

    /// Reads one number, by name or digits.
    func number(_ text: Substring, at index: Int) throws(RuleSyntaxError) -> UInt64 {
        let lowered = text.lowercased()
        if let named = names.first(where: { $0.1.lowercased() == lowered }) { return named.0 }
        if isHexadecimal, text.count > 1, !lowered.hasPrefix("0x"), isDigits(lowered) {
            throw RuleSyntaxError(
                "“\(text)”: hexadecimal numbers begin with 0x", at: index,
                hint: "write 0x\(lowered)")
        }
        if Number.value(text) == nil, !names.isEmpty {
            let all = names.map(\.1)
            let near = Suggestion.nearest(to: String(text), among: all)
            throw RuleSyntaxError(
                "“\(text)” is not \(what)", at: index,
                hint: near.map { "did you mean \($0)?" }
                    ?? "a number, or one of " + all.joined(separator: ", "))
        }
        return try Number.parse(text, what, limit: limit, at: index)
    }

    private func isDigits(_ text: String) -> Bool {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    /// Writes one number.
    func text(_ number: UInt64) -> String {
        if let named = names.first(where: { $0.0 == number }) { return named.1 }
        return isHexadecimal ? "0x" + String(number, radix: 16) : "\(number)"
    }

    private var shift: UInt64 { UInt64(bits.map(Bytes.trailingZeroBits) ?? 0) }

    private func bytes(_ number: UInt64, _ count: Int) -> [UInt8] {
        Array((number << shift).networkBytes.suffix(count))
    }

    private func number(_ bytes: [UInt8]) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) } >> shift
    }

    /// The condition that `text` asks for.
    func condition(
        _ word: Word, on selector: Selector, length: Int, negated: Bool
    ) throws(RuleSyntaxError) -> Condition {
        let text = word.text[...]
        if takesRange, text.contains(":") {
            return try range(text, on: selector, length, negated, at: word.index)
        }
        let parts = text.split(
            separator: "/", maxSplits: takesMask ? 1 : 0, omittingEmptySubsequences: false)
        let value = try number(parts[0], at: word.index)
        guard parts.count == 2 else {
            return Condition(
                selector, equals: bytes(value, length), mask: bits, negated: negated)
        }
        let mask = try Number.parse(parts[1], "a mask", limit: limit, at: word.index)
        guard value & ~mask == 0, mask != 0 else {
            throw RuleSyntaxError(
                "the value has bits outside of its mask, so no packet has it", at: word.index)
        }
        return Condition(
            selector, equals: bytes(value, length),
            mask: mask == limit ? bits : bytes(mask, length), negated: negated)
    }

    private func range(
        _ text: Substring, on selector: Selector, _ length: Int, _ negated: Bool, at index: Int
    ) throws(RuleSyntaxError) -> Condition {
        let range = try NumberRange.parse(text, what, limit: limit, at: index)
        guard !range.isSingle else {
            return Condition(selector, equals: bytes(range.lower, length), negated: negated)
        }
        return Condition(
            [selector],
            .range(bytes(range.lower, length), bytes(range.upper, length), inverted: negated))
    }

    /// The text for a condition on this field; nil if it is none.
    func text(_ condition: Condition, length: Int) -> String? {
        if let (value, _) = condition.equality, value.count == length {
            if condition.mask == bits { return text(number(value)) }
            guard takesMask, let mask = condition.mask else { return nil }
            return text(number(value)) + "/0x" + String(number(mask), radix: 16)
        }
        guard takesRange, bits == nil, condition.mask == nil, !condition.isTurned,
            case .range(let from, let to, _) = condition.test,
            from.count == length, to.count == length
        else { return nil }
        return "\(number(from)):\(number(to))"
    }
}

/// A field of a header and the option that asks for it.
struct HeaderField: Sendable {
    /// How the value of a field is written.
    enum Value: Sendable {
        case number(NumberField)
        /// An Ethernet address, perhaps with a mask.
        case hardwareAddress
        /// An IPv4 or IPv6 address with a prefix or mask.
        case address(Family)
        /// One port or a range.
        case port
        /// A type, perhaps with a code, of ICMP or ICMPv6.
        case icmp(Family)
    }

    /// The option.
    let option: OptionSpecification
    /// The field with all of its bytes.
    let selector: Selector
    /// How its value is written.
    let value: Value

    init(_ option: OptionSpecification, _ selector: Selector, _ value: Value) {
        self.option = option
        self.selector = selector
        self.value = value
    }

    private var length: Int {
        if case .payload(_, _, let length) = selector { return Int(length) }
        return 1
    }

    /// Adds what the option asks for.
    func compile(
        _ given: ParsedOption, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        if case .icmp(let family) = value {
            let options = ParsedExtension(options: [given], index: given.index)
            return try ICMPMatch(family).compile(options, into: &builder)
        }
        builder.append(try condition(given))
    }

    private func condition(_ given: ParsedOption) throws(RuleSyntaxError) -> Condition {
        let word = given.value
        switch value {
        case .number(let field):
            return try field.condition(
                word, on: selector, length: length, negated: given.isNegated)
        case .hardwareAddress:
            let address = try HardwareAddress.parseMasked(word)
            return Condition(
                selector, equals: address.value, mask: address.mask, negated: given.isNegated)
        case .address(let family): return try address(word, family, negated: given.isNegated)
        case .port, .icmp:
            let range = try PortRange.parse(word.text[...], at: word.index)
            return PortOptions.condition(range, selector, negated: given.isNegated)
        }
    }

    private func address(
        _ word: Word, _ family: Family, negated: Bool
    ) throws(RuleSyntaxError) -> Condition {
        let address = try AddressMask.parse(word.text, at: word.index)
        guard address.address.family == family else {
            throw RuleSyntaxError(
                "\(option.name) takes an \(family == .ip ? "IPv4" : "IPv6") address",
                at: word.index)
        }
        guard address.prefix != 0, case .payload(let base, let offset, _) = selector else {
            throw RuleSyntaxError("/0 asks for nothing", at: word.index)
        }
        let kind = SetKind.payload(
            keyType: 7, length: family == .ip ? 4 : 16, header: 12, field: 11)
        return AddressMatch.condition(on: [address], kind: kind, negated: negated) { length in
            .payload(base, offset: offset, length: length)
        }
    }

    /// The text for what `items` begin with; nil if it is not about this field.
    func text(_ items: ArraySlice<Item>, _ state: PrintState) -> String? {
        if case .icmp(let family) = value {
            return ICMPMatch(family).claim(items, state)?.words.last
        }
        guard let condition = items.first?.condition else { return nil }
        if case .address(let family) = value { return addressText(condition, family) }
        guard condition.selector == selector else { return nil }
        switch value {
        case .number(let field): return field.text(condition, length: length)
        case .hardwareAddress:
            guard let (bytes, _) = condition.equality, bytes.count == 6 else { return nil }
            return HardwareAddress.text(bytes, mask: condition.mask)
        default: return PortOptions.range(condition)?.text()
        }
    }

    private func addressText(_ condition: Condition, _ family: Family) -> String? {
        guard case .payload(let base, let offset, _) = selector,
            case .payload(base, offset, let loaded)? = condition.selector,
            condition.equality != nil
        else { return nil }
        return AddressMatch.text(condition, family: family, loaded: Int(loaded))
    }
}
