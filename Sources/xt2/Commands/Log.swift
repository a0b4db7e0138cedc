import ArgumentParser

/// `xt2 log`: lists versions.
struct Log: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "List versions, newest first.",
        discussion: """
            A line has number, time, user, how the version came to be, what it changed, its tags and whether it is confirmed \
            in parentheses, and why it was made.

              xt2 log
              xt2 log -n 5
              xt2 log --json
            """)

    @Option(
        name: [.customShort("n"), .customLong("limit")],
        help: ArgumentHelp("Show at most so many.", valueName: "n"))
    var limit: UInt32?

    @OptionGroup var connection: ConnectionOptions

    mutating func run() throws {
        var client = try connection.connect()
        try VersionList(json: connection.json).show(limit, &client)
    }
}
