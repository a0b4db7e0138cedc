import NetlinkProto

/// `-j TRACE`: every rule that the packet meets from here on is told to who listens (`nft monitor trace`).
struct TraceTarget: TargetExtension {
    var name: String { "TRACE" }
    var summary: String { "Tell every rule that the packet meets; `nft monitor trace` listens" }

    private static let expressions: [Expression] = [
        .load([1], into: .r1), .meta(MetaExpression(key: .trace, source: .r1)),
    ]

    func compile(
        _ target: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) -> [Expression] { TraceTarget.expressions }

    func claim(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]? {
        Array(expressions) == TraceTarget.expressions ? [] : nil
    }
}
