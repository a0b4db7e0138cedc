import NetlinkProto
import RuleSyntax

/// Prints entries of the audit log, a line each; as JSON, an object each.
struct AuditList {
    /// Whether what was changed, or asked for, is shown too.
    let changes: Bool
    let json: Bool

    init(changes: Bool, json: Bool) {
        self.changes = changes
        self.json = json
    }

    /// Asks for entries, and prints them.
    func show(_ request: AuditRequest, _ client: inout Client) throws(CommandError) {
        try show(client.all(.getAudit, request, .newAudit, AuditMessage.self), &client)
    }

    /// Prints entries.
    private func show(_ entries: [AuditMessage], _ client: inout Client) throws(CommandError) {
        var output = Output()
        let widest = entries.map(\.sequence).max() ?? 0
        for entry in entries { try show(entry, widest, &client, &output) }
        try output.flush()
    }

    /// Prints the last entries if a limit is given, then new ones as they come, until the program is ended.
    func follow(_ request: AuditRequest, _ client: inout Client) throws(CommandError) {
        let head = try client.one(
            .getAuditHead, NoAttributes(), .newAuditHead, AuditHeadMessage.self)
        var position = head.sequence ?? 0
        if request.limit != nil {
            let last = try client.all(.getAudit, request, .newAudit, AuditMessage.self)
            try show(last.filter { $0.sequence <= position }.reversed(), &client)
        }
        var request = request
        request.limit = nil
        request.follow = true
        while true {
            request.after = position
            var entries: [AuditMessage] = []
            try client.follow(.getAudit, request) { view throws(WireError) in
                switch view.header.type {
                case .newAudit: entries.append(try AuditMessage(view))
                case .newAuditHead: position = try AuditHeadMessage(view).sequence ?? position
                default: break  // a newer daemon's; what is not known is not needed
                }
            }
            try show(entries, &client)
        }
    }

    private func show(
        _ entry: AuditMessage, _ widest: UInt64, _ client: inout Client, _ output: inout Output
    ) throws(CommandError) {
        let made = try madeChanges(entry, &client)
        if json {
            var value = AuditText.json(entry)
            if changes, case .object(let keys) = value {
                value = .object(
                    keys + [("diff", made.map { .array($0.map(ChangeText.json)) } ?? .null)])
            }
            return try output.jsonLine(value)
        }
        try output.line(AuditText.line(entry, widest: widest))
        guard changes else { return }
        if let peer = entry.peer { try output.line("    from \(peer)") }
        if let made { try output.diff(DiffText.lines(made).map { "    " + $0 }) }
        if let request = entry.request {
            try output.lines(RequestText.lines(request).map { "    " + $0 })
        }
    }

    /// What the version of an entry changed; nil if it made none, or the version is not there any more.
    private func madeChanges(
        _ entry: AuditMessage, _ client: inout Client
    ) throws(CommandError) -> [ChangeMessage]? {
        guard changes, entry.outcome == "committed", entry.changeCount > 0,
            let version = entry.version
        else { return nil }
        do {
            return try client.all(
                .getDiff, DiffRequest(to: version), .newChange, ChangeMessage.self)
        } catch  where error.kind == .refused {
            return nil
        }
    }
}

/// Shows the messages of a request that was not carried out.
enum RequestText {
    /// A line for each message, with the text of a rule; what was cut off is said.
    static func lines(_ bytes: [UInt8]) -> [String] {
        var lines: [String] = []
        var reader = MessageReader(bytes.span.bytes)
        do {
            while let view = try reader.next() {
                lines.append("asked for: \(try text(view))")
            }
        } catch {
            lines.append("asked for: … (\(bytes.count) bytes are kept)")
        }
        return lines
    }

    private static func text(_ view: borrowing MessageView) throws(WireError) -> String {
        let name = view.header.type.name
        switch view.header.type {
        case .newRule, .deleteRule:
            let rule = try RuleMessage(view)
            let place = [rule.family.name, rule.table, rule.chain].compactMap(\.self)
            let id = rule.handle.map { " id \($0.rawValue)" } ?? ""
            let text = rule.body.isEmpty ? "" : " " + RuleText.print(rule.body, family: rule.family)
            return "\(name) \(place.joined(separator: " "))\(id)\(text)"
        case .newChain, .deleteChain:
            let chain = try ChainMessage(view)
            return "\(name) \(chain.family.name) \(chain.table) \(chain.name ?? "")"
        case .newTable, .deleteTable:
            let table = try TableMessage(view)
            return "\(name) \(table.family.name) \(table.name)"
        default: return name
        }
    }
}
