import NetlinkProto
import RuleSyntax

/// Shows how the daemon is.
enum StatusText {
    /// Several lines.
    static func lines(_ status: StatusMessage, now: Moment) -> [String] {
        let started = Moment(microseconds: status.started)
        let age = max(0, now.seconds - started.seconds)
        let contents = [
            Count.of(status.tables, "table"), Count.of(status.chains, "chain"),
            Count.of(status.rules, "rule"),
        ]
        return [
            "xt2d \(status.daemonVersion), running since \(started.local) (\(duration(age)))",
            "version     \(status.head)",
        ] + unconfirmed(status) + [
            "ruleset     \(contents.joined(separator: ", "))",
            "candidates  \(status.candidates)",
            "clients     \(status.clients)",
            "database    \(status.database) (\(Hex.uuid(status.uuid)))",
            "generation  \(status.generation)",
        ] + status.notice.map { "notice      \($0)" }
    }

    /// The version that waits for its confirmation.
    private static func unconfirmed(_ status: StatusMessage) -> [String] {
        guard let version = status.unconfirmed else { return [] }
        let left = Int(status.remaining ?? 0)
        let when = left > 0 ? "in \(duration(left))" : "now"
        return [
            "unconfirmed \(version): taken back to version \(status.fallback ?? 0) \(when) unless 'xt2 confirm' keeps it"
        ]
    }

    /// The keys of a status.
    static func json(_ status: StatusMessage) -> JSONValue {
        .object([
            ("daemon", .string(status.daemonVersion)),
            ("started", .string(Moment(microseconds: status.started).utc)),
            ("version", .uint(status.head)),
            ("tables", .number(status.tables)),
            ("chains", .number(status.chains)),
            ("rules", .number(status.rules)),
            ("candidates", .number(status.candidates)),
            ("clients", .number(status.clients)),
            ("database", .string(status.database)),
            ("uuid", .string(Hex.uuid(status.uuid))),
            ("generation", .number(status.generation)),
            ("unconfirmed", .number(status.unconfirmed)),
            ("confirm_seconds_left", .number(status.remaining)),
            ("fallback", .number(status.fallback)),
            ("notices", .array(status.notice.map(JSONValue.string))),
        ])
    }

    /// How long something took, in its two greatest units.
    static func duration(_ seconds: Int) -> String {
        let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")]
        guard let first = units.firstIndex(where: { seconds >= $0.0 }) else { return "0 seconds" }
        let parts = units[first...].prefix(2).enumerated().map { index, unit in
            (index == 0 ? seconds / unit.0 : seconds % units[first].0 / unit.0, unit.1)
        }
        return parts.filter { $0.0 > 0 }.map { Count.of($0.0, $0.1) }.joined(separator: " ")
    }
}
