import NetlinkProto

/// The edits of a batch that have come so far, read as they come: while a client still makes the rest, and beside what the
/// committer does.
struct ReceivedEdits: Sendable {
    /// The edits, in order; none once a message could not be read.
    private(set) var edits = EditList()
    /// What the audit log says of them.
    private(set) var summary = EditSummary()
    /// Which of them ask for the rule that they make.
    private(set) var echoed: [SequenceNumber] = []
    /// Why the batch cannot be carried out: the first message that is no edit.
    private(set) var refusal: Refusal?
    /// How many messages there were.
    private(set) var count = 0
    /// How many bytes they had.
    private(set) var byteCount = 0
    /// The first bytes, which the audit log keeps of an attempt that came to nothing.
    private(set) var beginning: [UInt8] = []
    /// What they come to on the head, if that was worked out.
    private(set) var draft: EditDraft?
    private var shapes = RuleShapes()

    init() {}

    /// Takes in the next message.
    ///
    /// - Parameter head: on what to work out meanwhile what the edits of a large batch come to; nil if they do not become a version.
    mutating func take(_ message: [UInt8], workingAheadOn head: PublishedHead? = nil) {
        count += 1
        byteCount += message.count
        let room = AuditedRequest.requestBytes - beginning.count
        if room > 0 { beginning += message.prefix(room) }
        guard refusal == nil else { return }
        do {
            let edit = try Edit(message, &shapes)
            edits.append(edit, message)
            summary.add(edit)
            if edit.flags.contains(.echo) { echoed.append(edit.sequence) }
            if let head, count > EditBatch.sharedMessages { try workAhead(edit, on: head) }
        } catch {
            refusal = error.at(ReceivedEdits.sequence(of: message))
            edits = EditList()
            draft = nil
        }
    }

    /// Works out what the edits so far come to on the head.
    ///
    /// Why: a large batch is on its way for long, and all this can be done meanwhile.
    private mutating func workAhead(
        _ last: Edit, on published: PublishedHead
    ) throws(Refusal) {
        guard draft == nil else { return draft?.apply(last) ?? () }
        var draft = EditDraft(published.base)
        try edits.forEach { draft.apply($0) }
        self.draft = draft
    }

    private static func sequence(of message: [UInt8]) -> SequenceNumber {
        var reader = MessageReader(message.span.bytes)
        guard let view = try? reader.next() else { return SequenceNumber(0) }
        return view.header.sequence
    }
}
