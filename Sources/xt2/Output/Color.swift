import ArgumentParser
import NetlinkProto

/// When output is coloured.
enum Color: String, CaseIterable, ExpressibleByArgument {
    /// On a terminal, unless `NO_COLOR` is set.
    case auto
    case always, never
}

/// The options of commands that show what differs.
struct DiffOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "When to use colours: auto (on a terminal, unless NO_COLOR is set), always or never.",
            valueName: "when"))
    var color = Color.auto

    @Flag(help: "Show only how much differs, chain by chain.")
    var stat = false

    /// Prints changes as these options say.
    func show(_ changes: [ChangeMessage], _ output: inout Output) throws(CommandError) {
        try output.diff(stat ? DiffStat.lines(changes) : DiffText.lines(changes))
    }
}
