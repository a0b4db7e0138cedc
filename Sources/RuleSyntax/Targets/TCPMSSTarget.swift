import NetlinkProto

/// `-j TCPMSS`: makes the segment size smaller that a SYN announces.
///
/// The kernel never makes it larger, and adds none where there is none.
/// - Source: linux `net/netfilter/nft_exthdr.c`, `nft_exthdr_tcp_set_eval`.
struct TCPMSSTarget: TargetExtension {
    var name: String { "TCPMSS" }
    var summary: String { "Make the announced segment size smaller; the packet goes on" }
    var options: [OptionSpecification] {
        [
            OptionSpecification("--set-mss", values: ["BYTES"]),
            OptionSpecification("--clamp-mss-to-pmtu"),
        ]
    }

    private static let routeMSS: UInt32 = 3  // NFT_RT_TCPMSS

    private static let write = Expression.extensionHeader(
        ExtensionHeaderExpression(
            source: .r1, type: 2, offset: 2, length: 2, operation: .tcpOption))
    private static let clamp: [Expression] = [
        .routing(RoutingExpression(key: routeMSS, destination: .r1)),
        .byteorder(
            ByteorderExpression(
                source: .r1, destination: .r1, operation: .hostToNetwork, length: 2, size: 2)),
        write,
    ]

    func compile(
        _ target: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) -> [Expression] {
        guard let option = target.options.first, target.options.count == 1 else {
            throw RuleSyntaxError(
                "TCPMSS takes one of --set-mss and --clamp-mss-to-pmtu", at: target.index)
        }
        guard builder.transport == 6 else {
            throw RuleSyntaxError(
                "only TCP announces a segment size", at: target.index,
                hint: "add -p tcp --tcp-flags SYN,RST SYN")
        }
        guard option.name == "--set-mss" else { return TCPMSSTarget.clamp }
        let size = try Number.parse(
            option.value.text, "a segment size", limit: 65_535, at: option.value.index)
        return [
            .load(UInt16(truncatingIfNeeded: size).networkBytes, into: .r1), TCPMSSTarget.write,
        ]
    }

    func claim(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]? {
        if Array(expressions) == TCPMSSTarget.clamp { return ["--clamp-mss-to-pmtu"] }
        guard expressions.count == 2, expressions.last == TCPMSSTarget.write,
            case .immediate(let load)? = expressions.first, load.destination == .r1,
            case .value(let bytes) = load.data, bytes.count == 2
        else { return nil }
        return ["--set-mss", "\(UInt16(networkBytes: bytes))"]
    }
}
