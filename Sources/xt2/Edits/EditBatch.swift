import NetlinkProto

/// Edits that are done together or not at all.
struct EditBatch {
    /// In the order in which they are done.
    var edits: [Edit]
    /// Why, and whether they go into a candidate.
    var options: BatchOptions
    /// Whether the reply is to describe each new rule.
    var echo: Bool

    /// How many messages it takes, its beginning and its end included.
    var messageCount: Int { edits.count + 2 }

    /// A batch that changes nothing and tells what it would change.
    static func check(_ edits: [Edit], expectedHead: UInt64) -> EditBatch {
        EditBatch(
            edits: edits,
            options: BatchOptions(expectedHead: expectedHead, changes: true, check: true),
            echo: false)
    }

    /// Writes the batch; its messages are numbered upwards from `first`.
    func write(first: SequenceNumber, to writer: inout MessageWriter) {
        var sequence = first
        options.writeBegin(sequence: sequence, to: &writer)
        for edit in edits {
            sequence = SequenceNumber(sequence.rawValue &+ 1)
            edit.write(sequence: sequence, echo: echo, to: &writer)
        }
        Batch.end(sequence: SequenceNumber(sequence.rawValue &+ 1), to: &writer)
    }

    /// Which edit has this number in a batch that begins with `first`; nil for the batch as a whole.
    func index(of sequence: SequenceNumber, first: SequenceNumber) -> Int? {
        let distance = Int(sequence.rawValue &- first.rawValue)
        return distance >= 1 && distance <= edits.count ? distance - 1 : nil
    }
}

/// What came of a batch.
struct EditOutcome {
    /// The version that it made; nil if it went into a candidate or changed nothing.
    var version: VersionMessage?
    /// The candidate that it went into.
    var candidate: CandidateMessage?
    /// What it would change, where only that was asked for.
    var check: CheckMessage?
    /// Each change that it would make, where that was asked for.
    var changes: [ChangeMessage] = []
    /// What the daemon says about new rules, in the order of the edits that made them.
    var rules: [RuleMessage] = []
    /// What the daemon has to say beside that, such as that there was nothing to change.
    var note = ""

    /// The changes that it would make, without ids for what is not there yet: somebody else may get them.
    var planned: [ChangeMessage] {
        changes.map { change in
            var change = change
            if change.before == nil { change.id = 0 }
            return change
        }
    }
}

/// Why a batch was refused.
struct EditFailure: Error {
    /// Which edit is at fault; nil when it is the batch as a whole.
    var index: Int?
    /// Why.
    var error: CommandError
}

/// A batch that is sent piece by piece, while the rest is made.
///
/// Nothing is carried out before its end has come: what stops half way changes nothing.
struct BatchWriter {
    /// The number of its beginning, which the answer to the batch as a whole names.
    let first: SequenceNumber
    /// How many edits there are so far.
    private(set) var count = 0
    private let echo: Bool
    private var writer = MessageWriter()

    /// How much gathers before it is sent: little, so that the daemon does not wait long for the first of it.
    private static let pieceBytes = 16 << 10

    fileprivate init(_ options: BatchOptions, echo: Bool, first: SequenceNumber) {
        self.first = first
        self.echo = echo
        options.writeBegin(sequence: first, to: &writer)
    }

    /// Puts an edit behind the others.
    mutating func add(_ edit: Edit) {
        count += 1
        edit.write(sequence: number, echo: echo, to: &writer)
    }

    /// Whether so much has gathered that it should be sent.
    var isFull: Bool { writer.bytes.count >= BatchWriter.pieceBytes }

    fileprivate mutating func end() {
        count += 1
        Batch.end(sequence: number, to: &writer)
        count -= 1
    }

    fileprivate mutating func take() throws(WireError) -> [UInt8] { try writer.take() }

    private var number: SequenceNumber {
        SequenceNumber(first.rawValue &+ UInt32(truncatingIfNeeded: count))
    }

    /// Which edit has this number; nil for the batch as a whole.
    fileprivate func index(of sequence: SequenceNumber) -> Int? {
        let distance = Int(sequence.rawValue &- first.rawValue)
        return distance >= 1 && distance <= count ? distance - 1 : nil
    }
}

extension Client {
    /// Begins a batch.
    mutating func begin(_ options: BatchOptions, echo: Bool) -> BatchWriter {
        BatchWriter(options, echo: echo, first: takeSequence())
    }

    /// Sends what has gathered of a batch.
    ///
    /// - Throws: if it cannot be sent; nothing of the batch is carried out then.
    func send(_ batch: inout BatchWriter) throws(CommandError) {
        let bytes: [UInt8]
        do {
            bytes = try batch.take()
        } catch {
            throw CommandError(.usage, "this does not fit into one message: \(error)")
        }
        try send(bytes)
    }

    /// Sends a batch and reads what came of it.
    ///
    /// - Throws: which edit was refused and why; nothing was changed then.
    mutating func commit(
        _ batch: EditBatch, _ progress: Progress? = nil
    ) throws(EditFailure) -> EditOutcome {
        var writer = begin(batch.options, echo: batch.echo)
        do {
            for edit in batch.edits {
                writer.add(edit)
                if writer.isFull { try send(&writer) }
            }
        } catch {
            throw EditFailure(index: nil, error: error)
        }
        return try finish(&writer, progress)
    }

    /// Ends a batch and reads what came of it.
    ///
    /// - Throws: which edit was refused and why; nothing was changed then.
    mutating func finish(
        _ batch: inout BatchWriter, _ progress: Progress? = nil
    ) throws(EditFailure) -> EditOutcome {
        _ = takeSequence(batch.count + 1)
        var outcome = EditOutcome()
        let reply: Acknowledgement
        do {
            batch.end()
            try send(&batch)
            progress?.sent()
            reply = try answer(progress) { view throws(WireError) in
                switch view.header.type {
                case .newVersion: outcome.version = try VersionMessage(view)
                case .newChange: outcome.changes.append(try ChangeMessage(view))
                case .newCheck: outcome.check = try CheckMessage(view)
                case .newCandidate: outcome.candidate = try CandidateMessage(view)
                case .newRule:
                    if batch.index(of: view.header.sequence) != nil {
                        outcome.rules.append(try RuleMessage(view))
                    }
                default: break  // a newer daemon's; what is not known is not needed
                }
            }
        } catch {
            throw EditFailure(index: nil, error: error)
        }
        guard reply.errno == 0 else {
            throw EditFailure(
                index: batch.index(of: reply.request.sequence), error: CommandError(reply))
        }
        outcome.note = reply.message
        return outcome
    }
}
