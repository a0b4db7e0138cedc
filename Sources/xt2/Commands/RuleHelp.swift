import ArgumentParser
import RuleSyntax

/// `xt2 rule-help`: explains rule text.
struct RuleHelp: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rule-help",
        abstract: "Explain the matches and targets of rule text.",
        discussion: """
              xt2 rule-help
              xt2 rule-help conntrack
              xt2 rule-help REJECT
            """)

    @Argument(help: "A match or a target; all of them when it is left out.")
    var name: String?

    mutating func run() throws {
        var output = Output()
        try output.write(try RuleHelp.text(name) + "\n")
        try output.flush()
    }

    /// The explanation of one match or target, or of all.
    static func text(_ name: String?) throws(CommandError) -> String {
        guard let name else { return RuleText.help() }
        if let help = RuleText.help(name) { return help }
        throw CommandError(
            .usage, "'\(name)' is no match and no target.",
            hints: ["all matches and targets: xt2 rule-help"])
    }
}
