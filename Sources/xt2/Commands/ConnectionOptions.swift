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

    /// Connects to the daemon.
    func connect() throws(CommandError) -> Client {
        try SocketPath(option: socket).connect()
    }
}
