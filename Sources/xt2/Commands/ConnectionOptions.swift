import ArgumentParser

/// The options that every command has.
struct ConnectionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The daemon's socket. (default: $\(SocketPath.variable), else \(SocketPath.standard))",
            valueName: "path"),
        completion: .file())
    var socket: String?

    @Flag(help: "Print JSON instead of text.")
    var json = false

    /// Connects to the daemon, and tells it where the user is connected from and what must not be cut.
    func connect(_ guarded: GuardOptions? = nil) throws(CommandError) -> Client {
        let protected = try ConnectionText.wires(guarded?.protect ?? [])
        return try SocketPath(option: socket)
            .connect(protecting: protected, force: guarded?.force ?? false)
    }
}
