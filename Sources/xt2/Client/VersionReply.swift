import NetlinkProto
import RuleSyntax

/// The reply to a request that makes a version, or finds that there is nothing to change.
struct VersionReply {
    /// The version; nil if there was nothing to change.
    var version: VersionMessage?
    /// What would be changed, where only that was asked for.
    var check: CheckMessage?
    /// What the daemon has to say beside it.
    var note: String

    /// Prints `version N: ` and what was done, or the version as JSON.
    func show(_ done: String, json: Bool) throws(CommandError) {
        var output = Output()
        if let check {
            try output.show(check, json: json)
        } else if json {
            try output.json(
                .object([
                    ("version", version.map(VersionText.json) ?? .null),
                    ("note", note.isEmpty ? .null : .string(note)),
                    ("warnings", Warnings.json(version)),
                ]))
        } else if let version {
            let changes = Count.of(version.changeCount, "change")
            try output.line("version \(version.version): \(done) (\(changes))")
            if let notice = ConfirmText.notice(version) { try output.line(notice) }
        } else {
            try output.line(note.isEmpty ? "nothing to change" : note)
        }
        try output.flush()
        Warnings.show(version)
    }

    /// Prints what the daemon has to say beside a version that was made; in JSON it is a part of that.
    func showNote(json: Bool) throws(CommandError) {
        guard version != nil, !note.isEmpty, !json else { return }
        var output = Output()
        try output.line(note)
        try output.flush()
    }
}

extension Client {
    /// Sends a request that makes a version.
    ///
    /// - Throws: what the daemon refused, or why its reply cannot be read.
    mutating func newVersion(
        _ type: MessageType, _ body: some ControlBody
    ) throws(CommandError) -> VersionReply {
        var version: VersionMessage?
        var check: CheckMessage?
        let reply = try request(type, body) { view throws(WireError) in
            switch view.header.type {
            case .newVersion: version = try VersionMessage(view)
            case .newCheck: check = try CheckMessage(view)
            default: break  // a newer daemon's; what is not known is not needed
            }
        }
        return VersionReply(version: version, check: check, note: reply.message)
    }
}
