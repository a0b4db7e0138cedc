import Glibc
import NetlinkProto
import RuleStore

@testable import xt2d

/// A kernel that keeps nothing but its generation and the marker, and does what a test wants with each batch.
///
/// Used from one committer only, and looked at while that rests.
final class FakeKernel: Kernel, @unchecked Sendable {
    /// What becomes of a batch.
    enum Fate {
        case taken
        case refused
        /// The kernel takes it, but the answer is lost.
        case takenUnheard
        /// The kernel never got it, and the answer is lost.
        case lost
        /// Another program has committed since the batch was planned.
        case overtaken
    }

    let port = PortID(rawValue: 1)
    private(set) var batches: [KernelBatch] = []
    var fate: (KernelBatch) -> Fate = { _ in .taken }
    /// Whether the kernel can be asked for its generation and its marker.
    var isReadable = true
    private var current: UInt32 = 1
    private(set) var liveMarker: Marker
    private var nextHandle: UInt64 = 1_000

    init(_ marker: Marker) { liveMarker = marker }

    func generation() throws(KernelError) -> GenerationID {
        try checkReadable()
        return GenerationID(rawValue: current)
    }

    func commit(_ batch: KernelBatch) -> BatchOutcome {
        batches.append(batch)
        let lost = KernelError(errno: ENOBUFS, origin: .reply)
        switch fate(batch) {
        case .taken:
            take(batch)
            var handles: [ObjectID: Handle] = [:]
            for id in Array(batch.runs.joined()) + Array(batch.echoed.values)
            where handles[id] == nil {
                nextHandle += 1
                handles[id] = Handle(nextHandle)
            }
            return .committed(places: batch.places(of: handles), complete: true)
        case .refused: return .refused(KernelError(errno: EINVAL, origin: .acknowledgement))
        case .takenUnheard:
            take(batch)
            return .unknown(lost)
        case .lost: return .unknown(lost)
        case .overtaken:
            current += 1
            return .generationMoved
        }
    }

    private func take(_ batch: KernelBatch) {
        current += 1
        liveMarker = FakeKernel.marker(of: batch) ?? liveMarker
    }

    /// The marker that a batch ends with.
    static func marker(of batch: KernelBatch) -> Marker? {
        var reader = MessageReader(batch.bytes.span.bytes)
        var marker: Marker?
        while let view = try? reader.next() {
            guard view.header.type == .newObject, let object = try? ObjectMessage(view) else {
                continue
            }
            marker = Marker(object) ?? marker
        }
        return marker
    }

    func dump(
        _ type: MessageType, family: Family, _ attributes: (inout MessageWriter) -> Void,
        _ body: (borrowing MessageView) throws(WireError) -> Void
    ) throws(KernelError) {
        try checkReadable()
        guard type == .getObject else { return }
        var writer = MessageWriter()
        liveMarker.object.write(
            MessageHeader(type: .newObject, sequence: SequenceNumber(1)), to: &writer)
        do throws(WireError) {
            let bytes = try writer.finish()
            var reader = MessageReader(bytes.span.bytes)
            if let view = try reader.next() { try body(view) }
        } catch {
            throw KernelError(errno: EBADMSG, origin: .reply)
        }
    }

    func resetRule(_ rule: RuleMessage) throws(KernelError) {}

    func counters(of rule: RuleMessage) throws(KernelError) -> [CounterExpression] { [] }

    func counters(of chain: ChainMessage) throws(KernelError) -> CounterExpression? { nil }

    private func checkReadable() throws(KernelError) {
        if !isReadable { throw KernelError(errno: EIO, origin: .reply) }
    }
}
