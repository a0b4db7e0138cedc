import NetlinkProto
import RuleSyntax

/// Shows versions.
enum VersionText {
    /// One line: number, time, user, how it came to be, size, reason.
    ///
    /// `widest` is the greatest number of the list.
    static func line(_ version: VersionMessage, widest: UInt64) -> String {
        let columns = [
            Column.right(String(version.version), String(widest).count),
            Moment(microseconds: version.time).local,
            Column.left(UserName.of(version.uid), 8),
            Column.left(VersionMessageKind(rawValue: version.kind).name, 8),
            Column.left(Count.of(version.changeCount, "change"), 10),
            reason(version),
        ]
        return Column.joined(columns)
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
        let reason = version.reason.split(separator: "\n")
        lines += reason.enumerated().map { ($0 == 0 ? "reason   " : "         ") + $1 }
        lines.append("changes  \(version.changeCount)")
        return lines
    }

    private static func reason(_ version: VersionMessage) -> String {
        var reason = PlainText.firstLine(version.reason)
        if version.kind == VersionMessageKind.foreign.rawValue, !version.process.isEmpty {
            reason =
                "by \(version.process) (pid \(version.pid))" + (reason.isEmpty ? "" : ": ")
                + reason
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
