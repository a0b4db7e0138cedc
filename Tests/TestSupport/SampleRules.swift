public import NetlinkProto

// Rules for tests, in the form in which nft sends and the kernel dumps them.

extension RuleBody {
    /// `tcp dport PORT counter VERDICT comment "COMMENT"`, for tables of family inet.
    public static func tcp(
        port: UInt16, _ verdict: Verdict? = .drop, comment: String? = nil
    ) -> RuleBody {
        .transport(6, port: port, verdict, comment: comment)
    }

    /// `udp dport PORT counter VERDICT comment "COMMENT"`, for tables of family inet.
    public static func udp(
        port: UInt16, _ verdict: Verdict? = .drop, comment: String? = nil
    ) -> RuleBody {
        .transport(17, port: port, verdict, comment: comment)
    }

    /// `tcp dport PORT counter reject with tcp reset`, for tables of family inet: who connects is told at once.
    public static func rejectTCP(port: UInt16) -> RuleBody {
        RuleBody(
            expressions: match(6, port: port) + [
                .counter(CounterExpression()), .reject(RejectExpression(type: .tcpReset)),
            ])
    }

    private static func transport(
        _ number: UInt8, port: UInt16, _ verdict: Verdict?, comment: String?
    ) -> RuleBody {
        counting(match(number, port: port), verdict.map { .verdict($0) }, comment: comment)
    }

    private static func match(_ number: UInt8, port: UInt16) -> [Expression] {
        [
            .meta(MetaExpression(key: .transportProtocol, destination: .r1)),
            .compare(CompareExpression(source: .r1, operation: .equal, value: [number])),
            .payload(PayloadExpression(destination: .r1, base: .transport, offset: 2, length: 2)),
            .compare(
                CompareExpression(
                    source: .r1, operation: .equal,
                    value: [UInt8(port >> 8), UInt8(truncatingIfNeeded: port)])),
        ]
    }

    /// `meta length > BYTES counter comment "COMMENT"`: counts, and lets the packet go on.
    public static func longer(than bytes: UInt32, comment: String) -> RuleBody {
        let match: [Expression] = [
            .meta(MetaExpression(key: .length, destination: .r1)),
            .byteorder(
                ByteorderExpression(
                    source: .r1, destination: .r1, operation: .hostToNetwork, length: 4, size: 4)),
            .compare(
                CompareExpression(
                    source: .r1, operation: .greater,
                    value: (0..<4).map { UInt8(truncatingIfNeeded: bytes >> (24 - 8 * $0)) })),
        ]
        return counting(match, nil, comment: comment)
    }

    /// `counter VERDICT comment "COMMENT"`.
    public static func verdict(_ verdict: Verdict, comment: String? = nil) -> RuleBody {
        counting([], .verdict(verdict), comment: comment)
    }

    /// `counter jump CHAIN comment "COMMENT"`.
    public static func jump(to chain: String, comment: String? = nil) -> RuleBody {
        verdict(.jump(chain), comment: comment)
    }

    /// One expression, with a comment if one is given.
    public static func single(_ expression: Expression, comment: String? = nil) -> RuleBody {
        RuleBody(expressions: [expression], userData: userData(comment))
    }

    private static func counting(
        _ match: [Expression], _ verdict: ExpressionData?, comment: String?
    ) -> RuleBody {
        var expressions = match + [.counter(CounterExpression())]
        if let verdict {
            expressions.append(
                .immediate(ImmediateExpression(destination: .verdict, data: verdict)))
        }
        return RuleBody(expressions: expressions, userData: userData(comment))
    }

    private static func userData(_ comment: String?) -> [UInt8] {
        guard let comment else { return [] }
        // NFTNL_UDATA_RULE_COMMENT, length, text with its final zero.
        return [0, UInt8(comment.utf8.count + 1)] + comment.utf8 + [0]
    }
}
