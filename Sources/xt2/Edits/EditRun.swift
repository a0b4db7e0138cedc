import NetlinkProto

/// Sends edits as one batch, and tells what came of them.
struct EditRun {
    /// What is said beside the edits.
    struct Options: Equatable {
        /// Why.
        var message: String?
        /// The candidate that they are put into instead of being committed.
        var candidate: UInt64?
        /// How long the version waits for its confirmation.
        var confirm: Span?
        /// `--protect`.
        var protect: [String] = []
        /// `--force`.
        var force = false
        /// `--socket`.
        var socket: String?
        /// Whether to print JSON.
        var json = false

        /// What the beginning of the batch says.
        func batchOptions() throws(CommandError) -> BatchOptions {
            BatchOptions(
                reason: try Reason.checked(message), candidate: candidate,
                confirm: confirm?.seconds)
        }

        /// Connects to the daemon, and says what must not be cut.
        func connect() throws(CommandError) -> Client {
            let protected = try ConnectionText.wires(protect)
            return try SocketPath(option: socket).connect(protecting: protected, force: force)
        }
    }

    /// What is to be done, in order.
    var edits: [Edit]
    /// What is said beside the edits.
    var options: Options

    func run() throws(CommandError) {
        let batch = EditBatch(edits: edits, options: try options.batchOptions(), echo: true)
        var client = try options.connect()
        let outcome: EditOutcome
        do throws(EditFailure) {
            outcome = try client.commit(batch)
        } catch {
            throw error.error
        }
        var output = Output()
        try output.show(outcome, of: edits, json: options.json)
        try output.flush()
        Warnings.show(outcome.version)
    }
}
