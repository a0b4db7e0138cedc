import Glibc
import NetlinkProto
import RuleSyntax

/// Makes the ruleset equal a file.
struct ApplyRun {
    /// What is asked for beside the file.
    struct Options {
        /// The only table that is made equal.
        var table: TableName?
        /// Whether only the plan is shown.
        var isDryRun = false
        /// What every edit can be told; if it is forced, the plan is carried out whatever it removes.
        var edit: EditRun.Options
        /// How a plan is shown.
        var diff: DiffOptions
    }

    /// The file.
    let source: SourceFile
    /// What is in it.
    let file: SavedRuleset
    /// What is asked for beside it.
    let options: Options

    /// How often it is tried when others change the ruleset in between.
    private static let tries = 20

    /// Reads a file; `-` is standard input.
    ///
    /// - Throws: the first line whose table or chain cannot be understood; rules are read when they are needed.
    init(_ path: String, _ options: Options) throws(CommandError) {
        source = try SourceFile(path)
        self.options = options
        do {
            file = try SavedRuleset(source.bytes)
        } catch {
            throw source.error(error)
        }
    }

    /// Compares, asks if there is reason to, sends what differs, and tells what came of it.
    func run() throws(CommandError) {
        var client = try options.edit.connect()
        for attempt in 1... {
            let outline = try client.outline(
                OutlineRequest(
                    family: options.table?.family.rawValue, table: options.table?.table,
                    candidate: options.edit.candidate, objects: true))
            let comparison: RulesetComparison
            let edits: [LineEdit]
            do {
                comparison = try RulesetComparison(file, with: outline, only: options.table)
                edits = try comparison.edits()
            } catch {
                throw source.error(error)
            }
            if options.isDryRun { return try show(comparison, edits, outline, &client) }
            try checkRemovals(comparison.counts)
            let batch = EditBatch(
                edits: edits.map(\.edit), options: try batchOptions(outline), echo: false)
            do throws(EditFailure) {
                let outcome =
                    edits.isEmpty
                    ? ApplyRun.unchanged(outline) : try client.commit(batch)
                try tell(comparison, outcome)
                return learn(comparison, &client)
            } catch {
                let isLast = attempt == ApplyRun.tries || options.edit.candidate != nil
                if error.error.kind == .tryAgain && !isLast { continue }
                throw source.error(error.error, line: error.index.flatMap { edits[$0].line })
            }
        }
    }

    private func batchOptions(_ outline: Outline) throws(CommandError) -> BatchOptions {
        var batch = try options.edit.batchOptions()
        batch.expectedHead = outline.version
        return batch
    }

    private static func unchanged(_ outline: Outline) -> EditOutcome {
        EditOutcome(note: "nothing to change; the ruleset stays at version \(outline.version)")
    }

    /// What was found out spares reading next time; whether it is kept changes nothing.
    private func learn(_ comparison: RulesetComparison, _ client: inout Client) {
        try? client.note(comparison.learnt)
    }

    // MARK: Asking

    /// Refuses, or asks about, a plan that removes so much that the file may be the wrong one.
    private func checkRemovals(_ counts: PlanCounts) throws(CommandError) {
        guard counts.isDrastic, !options.edit.force else { return }
        let what =
            "\(source.name) removes \(counts.removed) of \(Count.of(counts.total, "rule")) (\(counts.percent) %)"
        guard isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 else {
            throw CommandError(
                .refused,
                "\(what), more than \(PlanCounts.percentLimit) %; nothing was changed.",
                hints: ["what it would do: --dry-run; to do it: --force"])
        }
        guard try Question.ask("\(what). Go on?") else {
            throw CommandError(.refused, "nothing was changed.")
        }
    }

    // MARK: Telling

    private func tell(_ comparison: RulesetComparison, _ outcome: EditOutcome) throws(EditFailure) {
        do {
            var output = Output()
            if options.edit.json {
                try output.json(ApplyText.json(comparison.counts, outcome))
            } else {
                try output.line(ApplyText.line(comparison.counts, outcome, source.name))
                if let notice = outcome.version.flatMap(ConfirmText.notice) {
                    try output.line(notice)
                }
            }
            try output.flush()
            Warnings.show(outcome.version)
        } catch {
            throw EditFailure(index: nil, error: error)
        }
    }

    private func show(
        _ comparison: RulesetComparison, _ edits: [LineEdit], _ outline: Outline,
        _ client: inout Client
    ) throws(CommandError) {
        var outcome = EditOutcome()
        if !edits.isEmpty {
            do throws(EditFailure) {
                outcome = try client.commit(
                    .check(edits.map(\.edit), expectedHead: outline.version))
            } catch {
                throw source.error(error.error, line: error.index.flatMap { edits[$0].line })
            }
        }
        var output = Output(color: options.diff.color)
        if options.edit.json {
            try output.json(ApplyText.json(comparison.counts, outcome.check, outcome.planned))
        } else {
            try options.diff.show(outcome.planned, &output)
            try output.lines(ApplyText.lines(comparison.counts, outcome.check))
        }
        try output.flush()
    }
}
