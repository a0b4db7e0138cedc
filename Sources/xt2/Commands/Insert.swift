import ArgumentParser
import NetlinkProto

/// `xt2 insert`: adds a rule at the head of a chain, or where it is told.
struct Insert: EditCommand {
    static let configuration = CommandConfiguration(
        commandName: "insert",
        abstract: "Add a rule at the head of a chain, or at another place.",
        usage: "xt2 insert [--at N | --before ID | --after ID] [OPTIONS] [FAMILY] TABLE CHAIN RULE",
        discussion: """
            Positions are counted from 1; rule ids are what 'xt2 list --ids' shows.

              xt2 insert inet filter input -p tcp --dport 22 -j ACCEPT
              xt2 insert --at 3 inet filter input -s 10.0.0.0/8 -j DROP
              xt2 insert --after 42 -m 'log drops' filter input -j LOG --log-prefix 'drop '
            """)

    @Option(help: ArgumentHelp("Make it number N of the chain; 1 is the head.", valueName: "n"))
    var at: UInt32?

    @Option(help: ArgumentHelp("Put it in front of this rule.", valueName: "id"))
    var before: UInt64?

    @Option(help: ArgumentHelp("Put it behind this rule.", valueName: "id"))
    var after: UInt64?

    @OptionGroup var options: EditOptions

    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp("[FAMILY] TABLE CHAIN RULE", valueName: "words"))
    var words: [String] = []

    func edit() throws -> Edit {
        try RuleEdit(
            verb: .insert, at: at, before: before, after: after,
            words: RuleWords(placeAndRule(words))
        ).edit()
    }
}
