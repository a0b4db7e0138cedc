import NetlinkProto
import RuleStore

/// A client's batch: the messages between BATCH_BEGIN and BATCH_END, not yet decoded.
struct EditBatch: Sendable {
    /// What BATCH_BEGIN carried.
    let options: BatchOptions
    /// The sequence number of BATCH_BEGIN, which the acknowledgement of the whole answers.
    let sequence: SequenceNumber
    /// The messages, in order.
    let messages: [[UInt8]]

    /// The edits of the batch.
    ///
    /// - Throws: ``Refusal`` that names the first message that is none.
    func edits() throws(Refusal) -> [Edit] {
        var edits: [Edit] = []
        edits.reserveCapacity(messages.count)
        for message in messages {
            do {
                edits.append(try Edit(message))
            } catch {
                throw error.at(EditBatch.sequence(of: message))
            }
        }
        return edits
    }

    private static func sequence(of message: [UInt8]) -> SequenceNumber {
        var reader = MessageReader(message.span.bytes)
        guard let view = try? reader.next() else { return SequenceNumber(0) }
        return view.header.sequence
    }

    /// What the audit log says about the batch.
    func audited(by peer: Peer, _ edits: [Edit]) -> AuditedRequest {
        let actions = Set(edits.map(\.action))
        var scopes = Set<AuditScope>()
        for edit in edits {
            let scope = edit.scope
            scopes.insert(
                AuditScope(
                    family: scope.family.rawValue, table: scope.table,
                    chain: scope.chain.isEmpty ? nil : scope.chain))
        }
        return AuditedRequest(
            peer: peer, action: actions.count == 1 ? actions.first ?? "batch" : "batch",
            scopes: Array(scopes), message: options.reason ?? "",
            request: Array(messages.joined().prefix(AuditedRequest.requestBytes)), edits: edits)
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
