import NetlinkProto

/// `-j NETMAP`: rewrites the network and leaves the host: the source or the destination, as the hook says.
///
/// It is SNAT or DNAT to a prefix, and is printed as that.
struct NetmapTarget: TargetExtension {
    var name: String { "NETMAP" }
    var summary: String {
        "Rewrite the network: the destination in prerouting and output, else the source"
    }
    var options: [OptionSpecification] { [OptionSpecification("--to", values: ["ADDRESS/PREFIX"])] }

    private static let destinations = ["prerouting", "output"]
    private static let sources = ["postrouting", "input"]

    func compile(
        _ target: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) -> [Expression] {
        guard let option = target["--to"] else {
            throw RuleSyntaxError("NETMAP needs --to ADDRESS/PREFIX", at: target.index)
        }
        let direction = try direction(builder.context, at: target.index)
        let nat = NATTarget(direction)
        var option2 = option
        option2.name = nat.to
        return try nat.compile(
            ParsedExtension(options: [option2], index: target.index), into: &builder)
    }

    /// The hook is known, or the chain is called after it; should the name be wrong, the rule is refused for its hook.
    private func direction(
        _ context: RuleContext, at index: Int
    ) throws(RuleSyntaxError) -> Direction {
        let hook =
            context.hook.flatMap { HookName.name($0, family: context.family) }
            ?? context.chain.lowercased()
        if NetmapTarget.destinations.contains(hook) { return .destination }
        if NetmapTarget.sources.contains(hook) { return .source }
        throw RuleSyntaxError(
            "NETMAP rewrites one or the other end as the hook says, which the name of chain "
                + "“\(context.chain)” does not tell", at: index,
            hint: "-j DNAT --to-destination PREFIX for prerouting and output, "
                + "-j SNAT --to-source PREFIX for postrouting and input")
    }

    func claim(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]? { nil }
}
