import NetlinkProto

/// Does the edits of a file as one version.
struct BatchRun {
    /// The file; `-` is standard input.
    var file: String
    /// Whether it is only told what would be changed.
    var isCheck = false
    /// What is said beside the edits.
    var options: EditRun.Options

    /// A file of at most so many edits is read before anybody is asked; a longer one while the daemon reads what was sent, which
    /// so begins soon.
    private static let editsReadAhead = 64

    func run() throws(CommandError) {
        let source = try BatchSource(file: file)
        let progress = Progress()
        defer { progress.end() }
        var reader = BatchReader(source, progress)
        let beginning = try reader.edits(limit: BatchRun.editsReadAhead).map(\.edit)
        let batchOptions = try batchOptions()
        var client = try options.connect()
        var batch = client.begin(batchOptions, echo: options.json)
        for edit in beginning { batch.add(edit) }
        while let next = try reader.next() {
            batch.add(next.edit)
            if batch.isFull { try client.send(&batch) }
        }
        let outcome: EditOutcome
        do throws(EditFailure) {
            outcome = try client.finish(&batch, progress)
        } catch {
            guard let index = error.index else { throw error.error }
            throw source.error(error.error, inLine: reader.numbers[index])
        }
        progress.end()
        var output = Output()
        try output.show(
            outcome, count: batch.count, only: batch.count == 1 ? beginning.first : nil,
            json: options.json)
        try output.flush()
        Warnings.show(outcome.version)
    }

    private func batchOptions() throws(CommandError) -> BatchOptions {
        var batch = try options.batchOptions()
        batch.check = isCheck
        return batch
    }
}
