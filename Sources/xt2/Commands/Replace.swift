import ArgumentParser
import NetlinkProto

/// `xt2 replace`: puts another rule in a rule's place.
struct Replace: EditCommand {
    static let configuration = CommandConfiguration(
        abstract: "Replace a rule; its id and its place stay.",
        usage: "xt2 replace (--id ID | --at N) [OPTIONS] [FAMILY] TABLE CHAIN RULE",
        discussion: """
            Positions are counted from 1; rule ids are what 'xt2 list --ids' shows.

              xt2 replace --id 42 inet filter input -p tcp --dport 2222 -j ACCEPT
              xt2 replace --at 1 -m 'ssh moved' filter input -p tcp --dport 2222 -j ACCEPT
            """)

    @Option(help: ArgumentHelp("The rule with this id.", valueName: "id"))
    var id: UInt64?

    @Option(help: ArgumentHelp("Rule number N of the chain.", valueName: "n"))
    var at: UInt32?

    @OptionGroup var options: EditOptions

    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp("[FAMILY] TABLE CHAIN RULE", valueName: "words"))
    var words: [String] = []

    func edit() throws -> Edit {
        let words = try RuleWords(placeAndRule(words))
        guard (id == nil) != (at == nil) else {
            throw CommandError(
                .usage, "which rule is to be replaced? Give one of --id and --at.",
                hints: ["ids and positions: xt2 list --ids \(words.chain)"])
        }
        let message = words.message(
            id: id, index: try at.map(RulePosition.index), body: try words.body())
        return Edit(
            type: .newRule, flags: .replace, message: .rule(message),
            done: "rule replaced in \(words.chain)", ruleVerb: "replaced")
    }
}
