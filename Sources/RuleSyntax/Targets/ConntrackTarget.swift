import NetlinkProto

/// `-j CT --notrack`, also `-j NOTRACK`: the packet's connection is not tracked.
struct ConntrackTarget: TargetExtension {
    let name: String

    init(_ name: String) { self.name = name }

    var summary: String { "Do not track the packet's connection; in raw prerouting and output" }
    var options: [OptionSpecification] {
        name == "CT" ? [OptionSpecification("--notrack")] : []
    }

    func compile(
        _ target: ParsedExtension, into builder: inout RuleBuilder
    ) throws(RuleSyntaxError) -> [Expression] {
        guard name != "CT" || target["--notrack"] != nil else {
            throw RuleSyntaxError(
                "CT needs --notrack", at: target.index,
                hint: "the other options of CT are not supported yet")
        }
        return [.notrack]
    }

    func claim(_ expressions: ArraySlice<Expression>, _ state: PrintState) -> [String]? {
        name == "CT" && Array(expressions) == [.notrack] ? ["--notrack"] : nil
    }
}
