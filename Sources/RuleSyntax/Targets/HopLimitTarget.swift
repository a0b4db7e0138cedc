import NetlinkProto

/// `-j TTL --ttl-set` and `-j HL --hl-set`: how many hops the packet may still go.
struct HopLimitTarget: TargetExtension {
    private let network: Family

    init(_ network: Family) { self.network = network }

    var name: String { network == .ip ? "TTL" : "HL" }
    var summary: String {
        "Set the packet's \(network == .ip ? "TTL" : "hop limit"); it goes on to the next rule"
    }
    private var option: String { network == .ip ? "--ttl-set" : "--hl-set" }
    /// Steps up and down (`--ttl-inc`) are read by the xt extension: nf_tables only sets.
    var options: [OptionSpecification] { [OptionSpecification(option, values: ["NUMBER"])] }

    func compile(
        _ target: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) -> [Expression] {
        guard let given = target.options.first, target.options.count == 1 else {
            throw RuleSyntaxError("\(name) needs \(option) NUMBER", at: target.index)
        }
        let number = try Number.parse(
            given.value.text, "a number of hops", limit: 255, at: given.value.index)
        try builder.require(network, at: target.index, inFront: true)
        return expressions(UInt8(truncatingIfNeeded: number))
    }

    /// IPv4 keeps a sum over its header, so the two bytes are written that the sum counts as one.
    private func expressions(_ number: UInt8) -> [Expression] {
        guard network == .ip else {
            return [
                .load([number], into: .r1),
                .payload(
                    PayloadExpression(source: .r1, base: .network, offset: 7, length: 1)),
            ]
        }
        return [
            Selector.payload(.network, offset: 8, length: 2).load(into: .r1),
            .bitwise(
                BitwiseExpression(
                    source: .r1, destination: .r1, operation: .boolean, length: 2,
                    mask: [0, 0xFF], xor: [number, 0])),
            .payload(
                PayloadExpression(
                    source: .r1, base: .network, offset: 8, length: 2, checksumType: 1,
                    checksumOffset: 10)),
        ]
    }

    func claim(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]? {
        guard state.network == network else { return nil }
        let number: UInt8?
        switch expressions.first {
        case .immediate(let load)? where network == .ip6:
            guard case .value(let bytes) = load.data else { return nil }
            number = bytes.first
        case .payload? where network == .ip && expressions.count == 3:
            guard case .bitwise(let bitwise) = expressions[expressions.startIndex + 1] else {
                return nil
            }
            number = bitwise.xor?.first
        default: return nil
        }
        guard let number, self.expressions(number) == Array(expressions) else { return nil }
        return [option, "\(number)"]
    }
}
