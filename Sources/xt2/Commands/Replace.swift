import ArgumentParser
import NetlinkProto

/// `xt2 replace`: puts another rule in a rule's place.
struct Replace: EditCommand {
    static let configuration = CommandConfiguration(
        commandName: "replace",
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
        try RuleEdit(
            verb: .replace, id: id, at: at, words: RuleWords(placeAndRule(words))
        ).edit()
    }
}
