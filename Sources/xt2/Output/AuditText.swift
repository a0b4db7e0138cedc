import NetlinkProto
import RuleSyntax

/// Shows entries of the audit log.
enum AuditText {
    /// One line: number, time, user, process, action, outcome, version, what it touched, and why.
    ///
    /// `widest` is the greatest number of the list.
    static func line(_ entry: AuditMessage, widest: UInt64) -> String {
        Column.joined([
            Column.right(String(entry.sequence), String(widest).count),
            Moment(microseconds: entry.time).local,
            Column.left(user(entry), 8),
            Column.left("\(entry.process)[\(entry.pid)]", 12),
            Column.left(entry.action, 8),
            Column.left(entry.outcome, 9),
            Column.left(entry.version.map { "version \($0)" } ?? "-", 10),
            Column.left(entry.scope.isEmpty ? "-" : entry.scope, 18),
            explanation(entry),
        ])
    }

    /// Who it was; if somebody else had logged in, then who that was.
    private static func user(_ entry: AuditMessage) -> String {
        let name = UserName.of(entry.uid)
        guard let login = entry.loginUID, login != entry.uid else { return name }
        return "\(name) (\(UserName.of(login)))"
    }

    private static func explanation(_ entry: AuditMessage) -> String {
        [entry.error, entry.reason].compactMap { $0 }.map(PlainText.firstLine)
            .filter { !$0.isEmpty }.joined(separator: "; ")
    }

    /// The keys of an entry.
    static func json(_ entry: AuditMessage) -> JSONValue {
        .object([
            ("sequence", .uint(entry.sequence)),
            ("time", .string(Moment(microseconds: entry.time).utc)),
            ("user", .string(UserName.of(entry.uid))),
            ("uid", .number(entry.uid)),
            ("gid", .number(entry.gid)),
            ("login_uid", .number(entry.loginUID)),
            ("pid", .number(entry.pid)),
            ("process", .string(entry.process)),
            ("action", .string(entry.action)),
            ("outcome", .string(entry.outcome)),
            ("version", .number(entry.version)),
            ("generation", .number(entry.generation)),
            ("scope", .string(entry.scope)),
            ("error", .text(entry.error)),
            ("reason", .text(entry.reason)),
            ("changes", .number(entry.changeCount)),
            ("hash", .string(Hex.text(entry.hash))),
            ("peer", .text(entry.peer)),
            ("request", .text(entry.request.map(Hex.text))),
        ])
    }

    /// What a check of the chain found.
    static func lines(_ found: VerificationMessage) -> [String] {
        let entries = found.entries == 1 ? "1 entry" : "\(found.entries) entries"
        if found.problem.isEmpty {
            return ["audit log intact: \(entries), newest hash \(Hex.text(found.head))"]
        }
        return ["audit log damaged: \(Count.of(found.problem.count, "finding")) in \(entries)"]
            + found.problem.map { "  " + $0 }
    }

    /// The keys of a verification.
    static func json(_ found: VerificationMessage) -> JSONValue {
        .object([
            ("intact", .bool(found.problem.isEmpty)),
            ("entries", .uint(found.entries)),
            ("head", .string(Hex.text(found.head))),
            ("problems", .array(found.problem.map(JSONValue.string))),
        ])
    }
}
