import NetlinkProto

/// Which end of a packet's way is meant.
enum Direction: Hashable, Sendable {
    case source, destination

    /// Where the address stands in the IPv4 or IPv6 header.
    func addressOffset(_ family: Family) -> UInt32 {
        switch self {
        case .source: family == .ip ? 12 : 8
        case .destination: family == .ip ? 16 : 24
        }
    }

    /// What sets of such addresses are.
    func addressKind(_ family: Family) -> SetKind {
        family == .ip
            ? .payload(keyType: 7, length: 4, header: 12, field: self == .source ? 11 : 12)
            : .payload(keyType: 8, length: 16, header: 13, field: self == .source ? 8 : 9)
    }

    /// Where the port stands in the header of TCP, UDP, UDP-Lite, DCCP and SCTP.
    var portOffset: UInt32 { self == .source ? 0 : 2 }
}

/// `-s` and `-d`: addresses, one or several.
struct AddressMatch: MatchExtension {
    private let direction: Direction

    init(_ direction: Direction) { self.direction = direction }

    var name: String { direction == .source ? "source" : "destination" }
    var summary: String { "The packet's \(name) address; a list takes one rule and a set" }
    var form: MatchForm {
        direction == .source ? .head(text: 1, order: 4) : .head(text: 2, order: 5)
    }
    private var option: String { direction == .source ? "-s" : "-d" }

    var options: [OptionSpecification] {
        let values = ["ADDRESS[/PREFIX][,…]"]
        return direction == .source
            ? [
                OptionSpecification(
                    "-s", "--source", "--src", values: values, isNegatable: true)
            ]
            : [
                OptionSpecification(
                    "-d", "--destination", "--dst", values: values, isNegatable: true)
            ]
    }

    func compile(
        _ match: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        guard let option = match.options.first else { return }
        let index = option.value.index
        let addresses = try AddressMatch.parse(option.value)
        guard let first = addresses.first else { return }
        let family = first.address.family
        if addresses == [AddressMask(first.address, prefix: 0)] {
            guard !option.isNegated else {
                throw RuleSyntaxError("no packet has an address outside of /0", at: index)
            }
            return try builder.require(family, at: index)
        }
        try builder.require(family, at: index)
        builder.append(
            AddressMatch.condition(
                on: addresses, kind: direction.addressKind(family), negated: option.isNegated
            ) { length in
                .payload(.network, offset: direction.addressOffset(family), length: length)
            })
    }

    /// The addresses of a list, all of one family; one prefix if the list covers just that.
    static func parse(_ word: Word) throws(RuleSyntaxError) -> [AddressMask] {
        var addresses: [AddressMask] = []
        for part in word.text.split(separator: ",", omittingEmptySubsequences: false) {
            addresses.append(try AddressMask.parse(part, at: word.index))
        }
        guard addresses.count <= RuleLimits.listEntries else {
            throw RuleSyntaxError(
                "a list holds at most \(RuleLimits.listEntries) addresses", at: word.index,
                hint: "use a named set")
        }
        guard Set(addresses.map(\.address.family)).count == 1 else {
            throw RuleSyntaxError(
                "IPv4 and IPv6 in one list", at: word.index,
                hint: "write two rules")
        }
        if addresses.count > 1, addresses.contains(where: { $0.prefix == nil }) {
            throw RuleSyntaxError(
                "a mask with holes cannot stand in a list", at: word.index,
                hint: "write a rule of its own for it")
        }
        guard addresses.count > 1 else { return addresses }
        let merged = AnonymousSet.merged(addresses.map { ($0.address.bytes, $0.last) })
        guard let only = merged.first, merged.count == 1 else { return addresses }
        let covering = AddressMask.covering(only.lower, only.upper)
        // Single addresses stay what they are: a set of them is cheaper than one of ranges.
        return covering.count == 1 || !addresses.allSatisfy(\.isHost) ? covering : addresses
    }

    /// The condition that an address is, or is not, one of `addresses`.
    static func condition(
        on addresses: [AddressMask], kind: SetKind, negated: Bool,
        _ selector: (_ length: UInt32) -> Selector
    ) -> Condition {
        guard let first = addresses.first, Set(addresses).count == 1 else {
            let set =
                addresses.allSatisfy(\.isHost)
                ? AnonymousSet(kind, values: addresses.map(\.address.bytes))
                : AnonymousSet(kind, ranges: addresses.map { ($0.address.bytes, $0.last) })
            return Condition([selector(kind.keyLength)], .set(set, inverted: negated))
        }
        if let prefix = first.prefix, prefix.isMultiple(of: 8) {
            // Whole bytes need no mask: fewer of them are loaded.
            return Condition(
                selector(UInt32(prefix / 8)), equals: Array(first.address.bytes.prefix(prefix / 8)),
                negated: negated)
        }
        return Condition(
            selector(kind.keyLength), equals: first.address.bytes, mask: first.mask,
            negated: negated)
    }

    func claim(_ items: ArraySlice<Item>, _ state: PrintState) -> Claim? {
        guard let family = state.network, let condition = items.first?.condition,
            case .payload(.network, let offset, let length)? = condition.selector,
            offset == direction.addressOffset(family),
            let text = AddressMatch.text(
                condition, family: family, loaded: Int(length))
        else { return nil }
        return Claim(
            options: [option], words: (condition.isNegated ? ["!"] : []) + [option, text])
    }

    /// The addresses that a condition on `loaded` bytes of an address asks for.
    static func text(_ condition: Condition, family: Family, loaded: Int) -> String? {
        let count = family == .ip ? 4 : 16
        if let (value, _) = condition.equality {
            guard (1...count).contains(loaded), condition.mask == nil || value.count == count
            else { return nil }
            guard (1...loaded).contains(value.count) else { return nil }
            let padded = value + [UInt8](repeating: 0, count: count - value.count)
            let mask = condition.mask ?? AddressMask.mask(prefix: value.count * 8, count: count)
            return mask.count == count ? AddressMask(Address(padded), mask: mask).text : nil
        }
        guard condition.mask == nil, case .set(let set, _) = condition.test,
            set.body.keyLength == UInt32(count)
        else { return nil }
        if let values = set.values {
            return values.map { Address($0).text }.joined(separator: ",")
        }
        guard let ranges = set.ranges,
            ranges.allSatisfy({ $0.lower.count == count && $0.upper.count == count })
        else { return nil }
        let prefixes = ranges.flatMap { AddressMask.covering($0.lower, $0.upper) }
        return prefixes.map(\.text).joined(separator: ",")
    }
}

/// Bounds on what one rule may hold.
enum RuleLimits {
    /// Entries of a list: a set of 512 ranges of IPv6 addresses fits a netlink attribute of 64 KiB.
    static let listEntries = 512
    /// Bytes of a comment: userdata has 256, xt2's own triple takes 10, a triple's head 2, the zero 1.
    static let commentBytes = 243
    /// Bytes of a log prefix (`NF_LOG_PREFIXLEN`, with its zero 128).
    static let logPrefixBytes = 127
    /// Bytes of an interface name (`IFNAMSIZ`, with its zero 16).
    static let interfaceBytes = 15
}
