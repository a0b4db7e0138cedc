import NetlinkProto
import RuleStore

/// One batch for the kernel, ready to be sent: everything between BATCH_BEGIN and BATCH_END, marker included.
struct KernelBatch: Sendable {
    /// The whole batch.
    private(set) var bytes: [UInt8]
    /// Which object each message is about; to name it when the kernel refuses it.
    let subjects: Subjects
    /// Rules and chains that the kernel will echo with their handles.
    let echoed: [SequenceNumber: ObjectID]
    /// Rules that are new, one behind the other, of which only the first and the last are echoed.
    let runs: [[ObjectID]]
    /// The rules of the batch that stand in parts of their chains.
    let parts: [ChainPart: [ObjectID]]
    /// The ids of jumps to parts that are taken away.
    let lostJumps: [ObjectID]
    /// The message that is acknowledged when all went well: the last, which is the marker or, in a takeover, its table.
    let acknowledged: SequenceNumber
    /// How many messages it has, its beginning and its end included.
    var messageCount: Int { Int(acknowledged.rawValue) + 1 }
    /// The kernel generation that the batch was planned on.
    private(set) var generation: GenerationID

    /// Where the value of BATCH_BEGIN's GENID attribute is: behind nlmsghdr, nfgenmsg and the attribute's header.
    private static let generationOffset =
        WireLimits.headerBytes + WireLimits.netfilterHeaderBytes + WireLimits.attributeHeaderBytes

    /// The same batch, planned on another generation.
    mutating func plan(on generation: GenerationID) {
        self.generation = generation
        for (index, shift) in [24, 16, 8, 0].enumerated() {
            bytes[KernelBatch.generationOffset + index] =
                UInt8(truncatingIfNeeded: generation.rawValue >> UInt32(shift))
        }
    }

    /// A batch without messages, for the time until one is made on the same generation.
    init(on generation: GenerationID) {
        self.init(
            bytes: [], subjects: Subjects(), echoed: [:], runs: [], parts: [:], lostJumps: [],
            acknowledged: SequenceNumber(0), generation: generation)
    }

    fileprivate init(
        bytes: [UInt8], subjects: Subjects, echoed: [SequenceNumber: ObjectID],
        runs: [[ObjectID]], parts: [ChainPart: [ObjectID]], lostJumps: [ObjectID],
        acknowledged: SequenceNumber, generation: GenerationID
    ) {
        self.bytes = bytes
        self.subjects = subjects
        self.echoed = echoed
        self.runs = runs
        self.parts = parts
        self.lostJumps = lostJumps
        self.acknowledged = acknowledged
        self.generation = generation
    }
}

extension KernelBatch {
    /// Which object each message of a batch is about.
    struct Subjects: Sendable {
        // By sequence number; number 1 is BATCH_BEGIN.
        private var objects: [ObjectID?] = [nil, nil]

        /// Takes note of the next message.
        fileprivate mutating func add(_ object: ObjectID?) { objects.append(object) }

        /// The object that a message is about; nil for those that are about none.
        subscript(_ sequence: SequenceNumber) -> ObjectID? {
            let index = Int(sequence.rawValue)
            return objects.indices.contains(index) ? objects[index] : nil
        }
    }

    /// Adds the handles of the rules that were not echoed.
    ///
    /// Why: an echo costs the kernel as much as the rule itself, and the handles of a run can be counted. Each new rule of a table takes the
    /// next handle, and nobody else gets one while the batch is carried out.
    /// - Source: linux `nf_tables_api.c`, `nf_tables_newrule`, `nf_tables_alloc_handle`; `nfnetlink_rcv_batch` holds the mutex.
    /// - Parameter handles: those that were echoed.
    /// - Returns: false if any handle is missing, or a run is not as long as its first and last handles say.
    func count(_ handles: inout [ObjectID: Handle]) -> Bool {
        var isComplete = echoed.values.allSatisfy { handles[$0] != nil }
        for run in runs {
            guard let first = run.first.flatMap({ handles[$0] }),
                let last = run.last.flatMap({ handles[$0] }),
                last.rawValue == first.rawValue &+ UInt64(run.count - 1)
            else {
                isComplete = false
                continue
            }
            for (index, id) in run.enumerated() {
                handles[id] = Handle(first.rawValue + UInt64(index))
            }
        }
        return isComplete
    }

    /// Where the objects of the batch are, by their handles.
    func places(of handles: [ObjectID: Handle]) -> [ObjectID: KernelPlace] {
        var places = handles.mapValues { KernelPlace($0) }
        for (part, rules) in parts {
            for rule in rules { places[rule] = handles[rule].map { KernelPlace($0, in: part) } }
        }
        return places
    }
}

/// Writes the messages of a batch one behind the other, and remembers what each is about.
struct KernelBatchBuilder {
    private var writer: MessageWriter
    private var sequence = SequenceNumber(1)
    private var subjects = KernelBatch.Subjects()
    private var echoed: [SequenceNumber: ObjectID] = [:]
    private var runs: [[ObjectID]] = []
    private var parts: [ChainPart: [ObjectID]] = [:]
    private var lostJumps: [ObjectID] = []
    private var run: OpenRun?
    /// Where messages begin that are to be echoed after all.
    private var lateEchoes: [Int] = []
    private let generation: GenerationID
    private var nextSetID: UInt32 = 1

    /// New rules of one table that follow each other.
    private struct OpenRun {
        let table: ObjectID
        var ids: [ObjectID]
        /// The last message.
        var last: SequenceNumber
        /// Where it begins.
        var offset: Int
    }

    /// - Parameter bytes: about how many the batch will have.
    init(generation: GenerationID, bytes: Int = 0) {
        self.generation = generation
        writer = MessageWriter(capacity: 1024 + bytes)
        Batch.begin(sequence: sequence, generation: generation, to: &writer)
    }

    /// Adds one message; `subject` is named if the kernel refuses it.
    mutating func add(
        _ type: MessageType, _ flags: MessageFlags = [], subject: ObjectID?,
        _ write: (MessageHeader, inout MessageWriter) -> Void
    ) {
        write(next(type, flags, subject), &writer)
    }

    /// Adds NEWRULE or NEWCHAIN; its echo will carry the handle of `id`.
    ///
    /// - Parameter subject: what is named if the kernel refuses it, if that is another object.
    mutating func addEchoed(
        _ type: MessageType, _ flags: MessageFlags, id: ObjectID, subject: ObjectID? = nil,
        _ write: (MessageHeader, inout MessageWriter) -> Void
    ) {
        let header = next(type, flags.union(.echo), subject ?? id)
        echoed[header.sequence] = id
        write(header, &writer)
    }

    /// Adds NEWRULE for a rule that is new in `table`; its handle will be known.
    mutating func addRule(
        _ flags: MessageFlags, id: ObjectID, table: ObjectID,
        _ write: (MessageHeader, inout MessageWriter) -> Void
    ) {
        guard let open = run, open.table == table else {
            addEchoed(.newRule, flags, id: id, write)
            run = OpenRun(
                table: table, ids: [id], last: sequence, offset: 0)
            return
        }
        // Taken out, so that its list of rules is not copied.
        run = nil
        let header = advance(.newRule, flags, id)
        let offset = writer.bytes.count
        write(header, &writer)
        var longer = open
        longer.ids.append(id)
        longer.last = sequence
        longer.offset = offset
        run = longer
    }

    /// Takes note of the part in which a rule of the batch stands.
    mutating func note(_ rule: ObjectID, in part: ChainPart) {
        if part != .chain { parts[part, default: []].append(rule) }
    }

    /// Takes note of a jump that is taken away with its part.
    mutating func noteLost(jump: ObjectID) {
        lostJumps.append(jump)
    }

    /// Ends a run of new rules: the last is echoed as well.
    private mutating func endRun() {
        guard let run else { return }
        self.run = nil
        guard run.ids.count > 1, let last = run.ids.last else { return }
        echoed[run.last] = last
        lateEchoes.append(run.offset)
        runs.append(run.ids)
    }

    /// A number by which the messages of this batch name a set.
    mutating func makeSetID() -> UInt32 {
        defer { nextSetID += 1 }
        return nextSetID
    }

    /// Takes the kernel's marker away; ``finish(marker:)`` puts the new one.
    mutating func deleteMarker(_ marker: Marker) {
        var old = marker.object
        old.data = nil
        old.userData = []
        add(.deleteObject, subject: nil) { old.write($0, to: &$1) }
    }

    /// Ends the batch with the marker.
    ///
    /// - Throws: ``WireError`` if anything did not fit.
    consuming func finish(marker: Marker) throws(WireError) -> KernelBatch {
        let last = next(.newObject, [.create, .acknowledge], nil)
        marker.object.write(last, to: &writer)
        return try end(acknowledged: last.sequence)
    }

    /// Ends the batch with a table, and leaves the marker as it is.
    ///
    /// - Throws: ``WireError`` if anything did not fit.
    consuming func finish(table: TableMessage) throws(WireError) -> KernelBatch {
        let last = next(.newTable, [.create, .acknowledge], nil)
        table.write(last, to: &writer)
        return try end(acknowledged: last.sequence)
    }

    private consuming func end(acknowledged: SequenceNumber) throws(WireError) -> KernelBatch {
        Batch.end(sequence: SequenceNumber(sequence.rawValue &+ 1), to: &writer)
        var bytes = try writer.finish()
        // Nobody else may have them, or all would be copied.
        writer = MessageWriter()
        for offset in lateEchoes {
            bytes[offset + KernelBatchBuilder.flagsOffset] |= KernelBatchBuilder.echoFlag
        }
        return KernelBatch(
            bytes: bytes, subjects: subjects, echoed: echoed, runs: runs, parts: parts,
            lostJumps: lostJumps,
            acknowledged: acknowledged, generation: generation)
    }

    /// The low byte of `nlmsg_flags`, which is in host order.
    private static let flagsOffset = 6 + (1.littleEndian == 1 ? 0 : 1)
    private static let echoFlag = UInt8(MessageFlags.echo.rawValue)

    private mutating func next(
        _ type: MessageType, _ flags: MessageFlags, _ subject: ObjectID?
    ) -> MessageHeader {
        endRun()
        return advance(type, flags, subject)
    }

    private mutating func advance(
        _ type: MessageType, _ flags: MessageFlags, _ subject: ObjectID?
    ) -> MessageHeader {
        sequence = SequenceNumber(sequence.rawValue &+ 1)
        subjects.add(subject)
        return MessageHeader(type: type, flags: flags.union(.request), sequence: sequence)
    }
}
