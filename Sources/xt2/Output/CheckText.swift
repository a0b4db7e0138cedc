import NetlinkProto
import RuleSyntax

/// Shows what a change would come to.
enum CheckText {
    /// One line.
    static func line(_ check: CheckMessage) -> String {
        "nothing was changed; version \(check.version) would have "
            + "\(Count.of(check.changeCount, "change")) (\(check.summary)), "
            + "\(Count.of(check.messageCount, "message")) (\(check.byteCount) bytes) for the kernel"
    }

    /// The keys of a check.
    static func json(_ check: CheckMessage) -> JSONValue {
        .object([
            ("version", .uint(check.version)),
            ("changes", .number(check.changeCount)),
            ("messages", .number(check.messageCount)),
            ("bytes", .uint(check.byteCount)),
            ("summary", .string(check.summary)),
        ])
    }
}

extension Output {
    /// Shows what a change would come to.
    mutating func show(_ check: CheckMessage, json: Bool) throws(CommandError) {
        if json {
            try self.json(.object([("check", CheckText.json(check))]))
        } else {
            try line(CheckText.line(check))
        }
    }
}
