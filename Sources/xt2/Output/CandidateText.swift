import NetlinkProto
import RuleSyntax

/// Shows candidates.
enum CandidateText {
    /// One line: number, base, time, user, size, reason.
    static func line(_ candidate: CandidateMessage) -> String {
        Column.joined([
            Column.right(String(candidate.id ?? 0), 3),
            "on version \(candidate.base ?? 0)",
            candidate.time.map { Moment(microseconds: $0).local } ?? "",
            Column.left(candidate.uid.map(UserName.of) ?? "", 8),
            Column.left(Count.of(candidate.operationCount ?? 0, "edit"), 8),
            PlainText.firstLine(candidate.reason ?? ""),
        ])
    }

    /// The keys of a candidate.
    static func json(_ candidate: CandidateMessage) -> JSONValue {
        .object([
            ("id", .number(candidate.id)),
            ("base", .number(candidate.base)),
            ("time", .text(candidate.time.map { Moment(microseconds: $0).utc })),
            ("user", .text(candidate.uid.map(UserName.of))),
            ("uid", .number(candidate.uid)),
            ("edits", .number(candidate.operationCount)),
            ("reason", .text(candidate.reason)),
        ])
    }
}
