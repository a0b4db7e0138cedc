import NetlinkProto

/// Sends edits as one batch, and tells what came of them.
struct EditRun {
    /// What is said beside the edits.
    struct Options {
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
    }

    /// What is to be done, in order.
    var edits: [Edit]
    /// What is said beside the edits.
    var options: Options

    func run() throws(CommandError) {
        let batch = EditBatch(edits: edits, options: try options.batchOptions(), echo: true)
        let protected = try ConnectionText.wires(options.protect)
        var client = try SocketPath(option: options.socket)
            .connect(protecting: protected, force: options.force)
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
