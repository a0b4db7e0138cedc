import NetlinkProto
import RuleSyntax

/// Tells what came, or would come, of an import.
struct ImportText {
    /// What was imported.
    let name: String
    /// Whether only the plan was asked for.
    let isDryRun: Bool
    /// How a plan is shown.
    let diff: DiffOptions

    /// Prints it.
    func show(_ outcome: EditOutcome, json: Bool) throws(CommandError) {
        var output = Output(color: diff.color)
        if json {
            try output.json(value(outcome))
        } else if isDryRun {
            try diff.show(outcome.planned, &output)
            if let check = outcome.check { try output.line(CheckText.line(check)) }
            if !outcome.note.isEmpty { try output.line(outcome.note) }
        } else {
            try output.line(line(outcome))
            if let notice = outcome.version.flatMap(ConfirmText.notice) { try output.line(notice) }
            if outcome.version != nil, !outcome.note.isEmpty { try output.line(outcome.note) }
        }
        try output.flush()
    }

    private func line(_ outcome: EditOutcome) -> String {
        if let version = outcome.version {
            return "version \(version.version): \(name) imported (\(version.summary ?? ""))"
        }
        if let candidate = outcome.candidate {
            return "candidate \(candidate.id ?? 0): \(name) imported, not committed"
        }
        return outcome.note.isEmpty
            ? "nothing to change; all of \(name) is there already" : outcome.note
    }

    private func value(_ outcome: EditOutcome) -> JSONValue {
        if isDryRun {
            return .object([
                ("check", outcome.check.map(CheckText.json) ?? .null),
                ("changes", .array(outcome.planned.map(ChangeText.json))),
                ("note", outcome.note.isEmpty ? .null : .string(outcome.note)),
            ])
        }
        return .object([
            ("version", outcome.version.map(VersionText.json) ?? .null),
            ("candidate", outcome.candidate.map(CandidateText.json) ?? .null),
            ("note", outcome.note.isEmpty ? .null : .string(outcome.note)),
            ("warnings", Warnings.json(outcome.version)),
        ])
    }
}
