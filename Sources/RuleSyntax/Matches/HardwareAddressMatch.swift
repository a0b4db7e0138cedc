import NetlinkProto

/// `-m mac`: the Ethernet address that the packet came from.
struct HardwareAddressMatch: MatchExtension {
    var name: String { "mac" }
    var summary: String { "The Ethernet address that the packet came from" }
    var form: MatchForm { .named }
    var options: [OptionSpecification] {
        [OptionSpecification("--mac-source", values: ["XX:XX:XX:XX:XX:XX"], isNegatable: true)]
    }

    private static let selector = Selector.payload(.link, offset: 6, length: 6)
    /// That the interface is an Ethernet one (`ARPHRD_ETHER`): others have no such header.
    private static let isEthernet = Condition(
        .meta(.inputInterfaceType), equals: UInt16(1).hostBytes)

    func compile(
        _ match: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) {
        guard let option = match["--mac-source"] else {
            throw RuleSyntaxError("-m mac needs --mac-source", at: match.index)
        }
        builder.append(HardwareAddressMatch.isEthernet)
        builder.append(
            Condition(
                HardwareAddressMatch.selector,
                equals: try HardwareAddress.parse(option.value), negated: option.isNegated))
    }

    func claim(_ items: ArraySlice<Item>, _ state: PrintState) -> Claim? {
        guard items.count >= 2,
            items.first == .condition(HardwareAddressMatch.isEthernet),
            let condition = items[items.startIndex + 1].condition,
            condition.selector == HardwareAddressMatch.selector, condition.mask == nil,
            let (value, negated) = condition.equality, value.count == 6
        else { return nil }
        let text = HardwareAddress.text(value)
        return Claim(
            options: ["--mac-source"], words: (negated ? ["!"] : []) + ["--mac-source", text],
            count: 2)
    }
}
