import NetlinkProto
import RuleSyntax

/// Shows versions.
enum VersionText {
    /// One line each: number, time, user, how it came to be, what it changed, its tags and whether it is confirmed, reason.
    static func lines(_ versions: [VersionMessage], now: Moment) -> [String] {
        let widest = String(versions.first?.version ?? 0).count
        // A long summary must not push all the others to the side.
        let width = min(versions.map { summary($0).count }.max() ?? 0, 44)
        return versions.map { version in
            let marks = marks(version, now: now)
            return Column.joined([
                Column.right(String(version.version), widest),
                Moment(microseconds: version.time).local,
                Column.left(UserName.of(version.uid), 8),
                Column.left(VersionMessageKind(rawValue: version.kind).name, 8),
                Column.left(summary(version), max(width, 10)),
                [marks, reason(version)].filter { !$0.isEmpty }.joined(separator: " "),
            ])
        }
    }

    private static func summary(_ version: VersionMessage) -> String {
        version.summary ?? Count.of(version.changeCount, "change")
    }

    /// Tags and state, in parentheses; empty if there is nothing to say.
    private static func marks(_ version: VersionMessage, now: Moment) -> String {
        var marks = version.tag.map { "tag: \($0)" }
        if let mark = ConfirmText.mark(version, now: now) { marks.append(mark) }
        if version.pruned { marks.append("pruned") }
        return marks.isEmpty ? "" : "(\(marks.joined(separator: ", ")))"
    }

    /// Several lines: everything that is known about one version.
    static func header(_ version: VersionMessage) -> [String] {
        let user = UserName.of(version.uid)
        var lines = [
            "version \(version.version)",
            "time     \(Moment(microseconds: version.time).local)",
            version.uid == .max
                ? "user     unknown" : "user     \(user) (uid \(version.uid), gid \(version.gid))",
            version.process.isEmpty
                ? "process  unknown" : "process  \(version.process) (pid \(version.pid))",
            "kind     \(VersionMessageKind(rawValue: version.kind).name)",
        ]
        if let older = version.rolledBackTo { lines[4] += " to version \(older)" }
        if let undone = version.reverts { lines[4] += " of version \(undone)" }
        if !version.tag.isEmpty { lines.append("tags     \(version.tag.joined(separator: ", "))") }
        if let mark = ConfirmText.mark(version, now: Moment.now) {
            lines.append("state    \(mark)")
        }
        let reason = version.reason.split(separator: "\n")
        lines += reason.enumerated().map { ($0 == 0 ? "reason   " : "         ") + $1 }
        let summary = version.summary.map { " (\($0))" } ?? ""
        lines.append("changes  \(version.changeCount)\(summary)")
        return lines
    }

    private static func reason(_ version: VersionMessage) -> String {
        let reason = PlainText.firstLine(version.reason)
        if version.kind == VersionMessageKind.foreign.rawValue, !version.process.isEmpty {
            return "by \(version.process) (pid \(version.pid))"
                + (reason.isEmpty ? "" : ": " + reason)
        }
        if let undone = version.reverts {
            return "of version \(undone)" + (reason.isEmpty ? "" : ": " + reason)
        }
        guard let older = version.rolledBackTo else { return reason }
        return "to version \(older)" + (reason.isEmpty ? "" : ": " + reason)
    }

    /// The keys of a version.
    static func json(_ version: VersionMessage) -> JSONValue {
        .object([
            ("version", .uint(version.version)),
            ("time", .string(Moment(microseconds: version.time).utc)),
            ("user", .string(UserName.of(version.uid))),
            ("uid", version.uid == .max ? .null : .number(version.uid)),
            ("gid", version.gid == .max ? .null : .number(version.gid)),
            ("pid", .number(version.pid)),
            ("process", .string(version.process)),
            ("kind", .string(VersionMessageKind(rawValue: version.kind).name)),
            ("rolled_back_to", .number(version.rolledBackTo)),
            ("changes", .number(version.changeCount)),
            ("reason", .string(version.reason)),
            ("summary", .text(version.summary)),
            ("confirmation", .text(ConfirmText.state(version)?.name)),
            ("confirm_until", .text(version.deadline.map { Moment(microseconds: $0).utc })),
            ("reverted_by", .number(version.settledBy)),
            ("reverts", .number(version.reverts)),
            ("tags", .array(version.tag.map(JSONValue.string))),
            ("pruned", .bool(version.pruned)),
        ])
    }
}

/// Lines up the columns of a list.
enum Column {
    /// Text with blanks behind it.
    static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// Text with blanks in front of it.
    static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    /// Columns with two blanks between them and none at the end.
    static func joined(_ columns: [String]) -> String {
        var line = Substring(columns.joined(separator: "  "))
        while line.last == " " { line.removeLast() }
        return String(line)
    }
}
