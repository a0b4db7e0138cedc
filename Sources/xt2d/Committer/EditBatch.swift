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
    func edits() throws(Refusal) -> EditList {
        if let refusal = received.refusal { throw refusal }
        return received.edits
    }

    /// What the audit log says about the attempt; nothing of the edits.
    func attempt(by peer: Peer) -> AuditedRequest {
        AuditedRequest(
            peer: peer, action: "batch", scopes: [], message: options.reason ?? "",
            request: received.beginning)
    }

    /// What the audit log says about the batch.
    func audited(by peer: Peer) -> AuditedRequest {
        var audited = attempt(by: peer)
        audited.action = received.summary.action
        audited.scopes = received.summary.places
        audited.edits = received.edits
        return audited
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
