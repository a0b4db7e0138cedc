import NetlinkProto
import RuleStore

// Requests of clients that work out a difference themselves: only what tells rules apart crosses the socket.
extension RequestHandler {
    func listOutline(
        _ request: OutlineRequest, _ header: MessageHeader, _ peer: Peer,
        _ replies: inout ReplyStream
    ) async throws {
        let head = published.current
        var (version, ruleset) = (head.version, head.ruleset)
        if let candidate = request.candidate {
            (version, ruleset) = try await committer.ruleset(
                of: CandidateID(rawValue: candidate))
        }
        let first = OutlineMessage(version: version.rawValue)
        try await replies.item(.newOutline, of: header) { first.write($0, to: &$1) }
        let listing = RulesetStream(
            ruleset: ruleset, handles: RuleHandles(), counters: nil, request: header,
            outlines: { [texts = committer.texts] in texts.outlines(of: $0, for: peer.uid) },
            hasObjects: request.objects)
        for table in ruleset.tables
        where (request.family == nil || request.family == table.family)
            && (request.table == nil || request.table == table.name)
        {
            try await listing.send(table, onlyChain: nil, &replies)
        }
        try await replies.done(header)
    }

    /// Takes note of texts that a client has found to be those of rules.
    func noteTexts(
        _ request: OutlineMessage, _ header: MessageHeader, _ peer: Peer,
        _ replies: inout ReplyStream
    ) async throws {
        let outlines: [RuleOutline]
        do {
            outlines = try request.outlines()
        } catch {
            throw Refusal(unreadable: error)
        }
        let ruleset = published.current.ruleset
        for outline in outlines {
            let id = ObjectID(rawValue: outline.id)
            guard let text = outline.text, let rule = ruleset.object(id), rule.kind == .rule,
                ContentDigest(of: rule.body) == outline.body
            else { continue }
            committer.texts.note(text, of: id, body: outline.body, uid: peer.uid)
        }
        try await replies.acknowledge(header)
    }
}
