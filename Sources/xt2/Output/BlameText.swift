import NetlinkProto
import RuleSyntax

/// Shows which version brought each rule of a chain.
enum BlameText {
    /// A line for each rule: position, version, time, user, rule, and behind `#` its id and why.
    static func lines(_ rules: [BlameMessage], family: Family) -> [String] {
        let width = String(rules.count).count
        let versionWidth = rules.map { String($0.version).count }.max() ?? 0
        return rules.map { rule in
            let reason = PlainText.firstLine(rule.reason)
            return Column.joined([
                Column.right(String(UInt64(rule.index) + 1), width),
                Column.right(String(rule.version), versionWidth),
                Moment(microseconds: rule.time).local, Column.left(UserName.of(rule.uid), 8),
                "\(text(rule, family))   # id \(rule.id)" + (reason.isEmpty ? "" : ": \(reason)"),
            ])
        }
    }

    private static func text(_ rule: BlameMessage, _ family: Family) -> String {
        do {
            return RuleText.print(try RuleBody(encoded: rule.body), family: family)
        } catch {
            return "unreadable (\(error)): \(Hex.text(rule.body))"
        }
    }

    /// The keys of a rule.
    static func json(_ rule: BlameMessage, family: Family) -> JSONValue {
        .object([
            ("position", .uint(UInt64(rule.index) + 1)),
            ("id", .uint(rule.id)),
            ("version", .uint(rule.version)),
            ("time", .string(Moment(microseconds: rule.time).utc)),
            ("user", .string(UserName.of(rule.uid))),
            ("uid", .number(rule.uid)),
            ("process", .string(rule.process)),
            ("kind", .string(VersionMessageKind(rawValue: rule.kind).name)),
            ("reason", .string(rule.reason)),
            ("rule", .string(text(rule, family))),
        ])
    }
}
