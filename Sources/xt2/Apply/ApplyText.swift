import NetlinkProto
import RuleSyntax

/// Tells what came, or would come, of making the ruleset equal a file.
enum ApplyText {
    /// One line: the version or candidate, and how much was changed.
    static func line(_ counts: PlanCounts, _ outcome: EditOutcome, _ name: String) -> String {
        if let version = outcome.version {
            return "version \(version.version): \(name) applied (\(counts.text))"
        }
        guard let candidate = outcome.candidate else {
            return outcome.note.isEmpty ? "nothing to change" : outcome.note
        }
        return "candidate \(candidate.id ?? 0): \(name) applied (\(counts.text)), not committed"
    }

    /// The lines behind the changes of a plan.
    static func lines(_ counts: PlanCounts, _ check: CheckMessage?) -> [String] {
        guard let check else { return [] }
        var lines = ["plan: \(counts.text)"]
        if counts.isDrastic {
            lines.append(
                "this removes \(counts.percent) % of the rules; it needs --force in a script")
        }
        return lines + [CheckText.line(check)]
    }

    /// The keys of what came of it.
    static func json(_ counts: PlanCounts, _ outcome: EditOutcome) -> JSONValue {
        .object([
            ("version", outcome.version.map(VersionText.json) ?? .null),
            ("candidate", outcome.candidate.map(CandidateText.json) ?? .null),
            ("plan", counts.json),
            ("note", outcome.note.isEmpty ? .null : .string(outcome.note)),
            ("warnings", Warnings.json(outcome.version)),
        ])
    }

    /// The keys of a plan.
    static func json(
        _ counts: PlanCounts, _ check: CheckMessage?, _ changes: [ChangeMessage]
    ) -> JSONValue {
        .object([
            ("plan", counts.json), ("needs_force", .bool(counts.isDrastic)),
            ("check", check.map(CheckText.json) ?? .null),
            ("changes", .array(changes.map(ChangeText.json))),
        ])
    }
}
