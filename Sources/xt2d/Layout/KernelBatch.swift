import NetlinkProto
import RuleStore

/// One batch for the kernel, ready to be sent: everything between BATCH_BEGIN and BATCH_END, marker included.
struct KernelBatch: Sendable {
    /// The whole batch.
    private(set) var bytes: [UInt8]
    /// Which object each message is about, by sequence number; to name it when the kernel refuses it.
    let subjects: [SequenceNumber: ObjectID]
    /// Rules and chains that the kernel will echo with their handles.
    let echoed: [SequenceNumber: ObjectID]
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

    init(
        bytes: [UInt8], subjects: [SequenceNumber: ObjectID],
        echoed: [SequenceNumber: ObjectID], acknowledged: SequenceNumber,
        generation: GenerationID
    ) {
        self.bytes = bytes
        self.subjects = subjects
        self.echoed = echoed
        self.acknowledged = acknowledged
        self.generation = generation
    }
}

/// Writes the messages of a batch one behind the other, and remembers what each is about.
struct KernelBatchBuilder {
    private var writer: MessageWriter
    private var sequence = SequenceNumber(1)
    private var subjects: [SequenceNumber: ObjectID] = [:]
    private var echoed: [SequenceNumber: ObjectID] = [:]
    private let generation: GenerationID
    private var nextSetID: UInt32 = 1

    init(generation: GenerationID) {
        self.generation = generation
        writer = MessageWriter(capacity: 1024)
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
    mutating func addEchoed(
        _ type: MessageType, _ flags: MessageFlags, id: ObjectID,
        _ write: (MessageHeader, inout MessageWriter) -> Void
    ) {
        let header = next(type, flags.union(.echo), id)
        echoed[header.sequence] = id
        write(header, &writer)
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
        return KernelBatch(
            bytes: try writer.finish(), subjects: subjects, echoed: echoed,
            acknowledged: acknowledged, generation: generation)
    }

    private mutating func next(
        _ type: MessageType, _ flags: MessageFlags, _ subject: ObjectID?
    ) -> MessageHeader {
        sequence = SequenceNumber(sequence.rawValue &+ 1)
        if let subject { subjects[sequence] = subject }
        return MessageHeader(type: type, flags: flags.union(.request), sequence: sequence)
    }
}
