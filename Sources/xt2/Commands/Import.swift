import ArgumentParser
import NetlinkProto

/// `xt2 import`: takes over rules that other programs wrote or made.
struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take over rules that other programs wrote or made.",
        discussion: """
            Without another word it reads what iptables-save or ip6tables-save wrote. A file that is called kernel is ./kernel.

              xt2 import /etc/iptables/rules.v4
              ip6tables-save -c | xt2 import --counters -
              xt2 import kernel --dry-run
            """,
        subcommands: [ImportIPTables.self, ImportKernel.self],
        defaultSubcommand: ImportIPTables.self)
}

/// `xt2 import iptables-save`: takes over a dump of iptables' tables.
struct ImportIPTables: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "iptables-save",
        abstract: "Take over what iptables-save or ip6tables-save wrote.",
        usage: "xt2 import [--dry-run] [--counters] [-4 | -6] [OPTIONS] FILE",
        discussion: """
            The tables in FILE ('-' is standard input) become what it says, as iptables-restore would make them, by the smallest \
            set of changes and as one version; other tables stay as they are. Rules that are there already are not touched. Who \
            wrote FILE is told by its first line; if it has none, -6 says that it is about IPv6.

              xt2 import /etc/iptables/rules.v4
              xt2 import --dry-run -6 rules.v6
              iptables-save -c | xt2 import --counters -m 'from the old host' -
            """)

    @Flag(help: "Show what would be changed, and change nothing.")
    var dryRun = false

    @Flag(help: "New rules begin to count where the dump stopped.")
    var counters = false

    @Flag(name: [.customShort("4"), .customLong("ipv4")], help: "The dump is iptables-save's.")
    var isIPv4 = false

    @Flag(name: [.customShort("6"), .customLong("ipv6")], help: "The dump is ip6tables-save's.")
    var isIPv6 = false

    @OptionGroup var diff: DiffOptions

    @OptionGroup var options: EditOptions

    @Argument(help: "A file, or - for standard input.", completion: .file())
    var file: String

    mutating func validate() throws {
        if isIPv4 && isIPv6 { throw ValidationError("Only one of -4 and -6 can be given.") }
        if dryRun && options.candidate != nil {
            throw ValidationError("--dry-run shows what would be committed; --tx commits nothing.")
        }
    }

    mutating func run() throws {
        let family: Family? = isIPv6 ? .ip6 : isIPv4 ? .ip : nil
        try IPTablesImport(
            file,
            IPTablesImport.Options(
                family: family, hasCounters: counters, isDryRun: dryRun, edit: options.run,
                diff: diff)
        ).run()
    }
}
