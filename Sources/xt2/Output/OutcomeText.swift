import NetlinkProto
import RuleSyntax

/// Tells what came of edits.
enum OutcomeText {
    /// One line: the version or candidate, and what was done.
    ///
    /// - Parameter only: the edit, where there is one only.
    static func line(count: Int, only: Edit?, _ outcome: EditOutcome) -> String {
        let summary = summary(count, only, outcome)
        if let version = outcome.version { return "version \(version.version): \(summary)" }
        guard let candidate = outcome.candidate else {
            return outcome.note.isEmpty ? "nothing to change" : outcome.note
        }
        return "candidate \(candidate.id ?? 0): \(summary)"
            + " (\(Count.of(candidate.operationCount ?? 0, "edit")), not committed)"
    }

    private static func summary(_ count: Int, _ only: Edit?, _ outcome: EditOutcome) -> String {
        if let only { return only.summary(outcome.rules.first) }
        let changes = outcome.version.map { ", " + Count.of($0.changeCount, "change") } ?? ""
        return Count.of(count, "edit") + changes
    }

    /// The keys `version`, `candidate`, `rules` and `note`.
    static func json(_ outcome: EditOutcome) -> JSONValue {
        .object([
            ("version", outcome.version.map(VersionText.json) ?? .null),
            ("candidate", outcome.candidate.map(CandidateText.json) ?? .null),
            ("rules", .array(outcome.rules.map(rule))),
            ("note", outcome.note.isEmpty ? .null : .string(outcome.note)),
            ("warnings", Warnings.json(outcome.version)),
        ])
    }

    private static func rule(_ rule: RuleMessage) -> JSONValue {
        .object([
            ("family", .string(rule.family.name)),
            ("table", .string(rule.table)),
            ("chain", .text(rule.chain)),
            ("id", .number(rule.handle?.rawValue)),
            ("handle", .number(rule.kernelHandle?.rawValue)),
            ("position", .number(rule.index.map { UInt64($0) + 1 })),
        ])
    }
}

extension Output {
    /// Shows what came of edits.
    mutating func show(
        _ outcome: EditOutcome, of edits: [Edit], json: Bool
    ) throws(CommandError) {
        try show(
            outcome, count: edits.count, only: edits.count == 1 ? edits[0] : nil, json: json)
    }

    /// Shows what came of so many edits.
    ///
    /// - Parameter only: the edit, where there is one only.
    mutating func show(
        _ outcome: EditOutcome, count: Int, only: Edit?, json: Bool
    ) throws(CommandError) {
        if let check = outcome.check { return try show(check, json: json) }
        if json { return try self.json(OutcomeText.json(outcome)) }
        try line(OutcomeText.line(count: count, only: only, outcome))
        if let notice = outcome.version.flatMap(ConfirmText.notice) { try line(notice) }
    }
}

/// Numbers with their noun.
enum Count {
    /// `1 edit`, `2 edits`.
    static func of(_ number: some BinaryInteger, _ noun: String) -> String {
        number == 1 ? "1 \(noun)" : "\(number) \(noun)s"
    }
}
