import ArgumentParser
import NetlinkProto

/// `xt2 append`: adds a rule at the end of a chain.
struct Append: EditCommand {
    static let configuration = CommandConfiguration(
        commandName: "append",
        abstract: "Add a rule at the end of a chain.",
        usage: "xt2 append [OPTIONS] [FAMILY] TABLE CHAIN RULE",
        discussion: """
              xt2 append inet filter input -m conntrack --ctstate ESTABLISHED -j ACCEPT
              xt2 append -m web filter input -p tcp -m multiport --dports 80,443 -j ACCEPT
              xt2 append ip nat postrouting -o eth0 -j MASQUERADE
            """)

    @OptionGroup var options: EditOptions

    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp("[FAMILY] TABLE CHAIN RULE", valueName: "words"))
    var words: [String] = []

    func edit() throws -> Edit {
        try RuleEdit(verb: .append, words: RuleWords(placeAndRule(words))).edit()
    }
}
