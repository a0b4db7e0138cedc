import NetlinkProto
import RuleStore

/// A client's batch: the edits between BATCH_BEGIN and BATCH_END.
struct EditBatch: Sendable {
    /// What BATCH_BEGIN carried.
    let options: BatchOptions
    /// The sequence number of BATCH_BEGIN, which the acknowledgement of the whole answers.
    let sequence: SequenceNumber
    /// The edits, in order.
    let received: ReceivedEdits

    /// The edits of the batch.
    ///
    /// - Throws: ``Refusal`` that names the first message that is none.
    func edits() throws(Refusal) -> [Edit] {
        if let refusal = received.refusal { throw refusal }
        return received.edits
    }

    /// What the audit log says about the batch.
    func audited(by peer: Peer, _ edits: [Edit]) -> AuditedRequest {
        var actions = Set<String>()
        var scopes = Set<AuditScope>()
        var last: Edit?
        for edit in edits {
            // Most edits do the same in the same chain as the one before.
            if let last, last.action == edit.action, last.scope == edit.scope { continue }
            last = edit
            let scope = edit.scope
            actions.insert(edit.action)
            scopes.insert(
                AuditScope(
                    family: scope.family.rawValue, table: scope.table,
                    chain: scope.chain.isEmpty ? nil : scope.chain))
        }
        return AuditedRequest(
            peer: peer, action: actions.count == 1 ? actions.first ?? "batch" : "batch",
            scopes: Array(scopes), message: options.reason ?? "",
            request: received.beginning, edits: edits)
    }
}

/// What a successful batch comes to.
enum EditReply: Sendable {
    /// A new version, with the rules that NEWRULE edits made or replaced.
    case version(VersionMessage, [EditedRule])
    /// Nothing differs from the head.
    case unchanged(VersionID)
    /// The edits are in a candidate.
    case candidate(CandidateMessage, [EditedRule])
    /// Nothing was changed; this is what would be.
    case checked(CheckMessage, RulesetDiff? = nil)
}

/// A rule that an edit made or replaced, as it is echoed to the client.
struct EditedRule: Sendable {
    let sequence: SequenceNumber
    let message: RuleMessage
}
