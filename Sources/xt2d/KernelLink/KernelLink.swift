import Glibc
import NetlinkProto
import RuleStore

/// The real kernel, through two netlink sockets.
///
/// The writer owns the tables (`NFT_TABLE_F_OWNER` is bound to the socket), so it lives as long as the daemon. Dumps have a
/// socket of their own, so that a large reply cannot push out an acknowledgement.
/// Not shared: used from the committer only.
final class KernelLink: Kernel {
    private let writer: NetlinkSocket
    private let reader: NetlinkSocket
    private var sequence: UInt32 = 1

    /// Room that the replies to one message may take: an echoed rule, its share of a socket buffer's overhead.
    private static let replyBytes = 2_048
    private static let leastReceiveBytes = 1 << 20
    /// How often an overrun may be reported for one batch; the kernel says it once, behind that come the replies that fitted.
    private static let overrunLimit = 8

    /// Opens both sockets in the network namespace of the calling thread.
    init() throws(KernelError) {
        writer = try NetlinkSocket()
        reader = try NetlinkSocket()
        reader.reserve(sendBytes: 0, receiveBytes: KernelLink.leastReceiveBytes)
    }

    var port: PortID { writer.port }

    func generation() throws(KernelError) -> GenerationID {
        var found: GenerationID?
        try ask(.getGeneration, flags: [], family: .unspecified, { _ in }) {
            view throws(WireError) in
            found = try GenerationMessage(view).id
        }
        guard let found else {
            throw KernelError(errno: EBADMSG, origin: .reply, text: "no generation in the reply")
        }
        return found
    }

    func dump(
        _ type: MessageType, family: Family, _ attributes: (inout MessageWriter) -> Void,
        _ body: (borrowing MessageView) throws(WireError) -> Void
    ) throws(KernelError) {
        try ask(type, flags: .dump, family: family, attributes, body)
    }

    func resetRule(_ rule: RuleMessage) throws(KernelError) {
        try ask(
            .getRuleReset, flags: [], family: rule.family,
            { KernelLink.name(rule, in: &$0) }, { _ in })
    }

    func counters(of rule: RuleMessage) throws(KernelError) -> [CounterExpression] {
        var counters: [CounterExpression] = []
        try ask(.getRule, flags: [], family: rule.family, { KernelLink.name(rule, in: &$0) }) {
            view throws(WireError) in
            counters = try RuleMessage(view).body.expressions.counters
        }
        return counters
    }

    func counters(of chain: ChainMessage) throws(KernelError) -> CounterExpression? {
        var counters: CounterExpression?
        let request: (inout MessageWriter) -> Void = { writer in
            writer.attribute(1, string: chain.table)
            if let name = chain.name { writer.attribute(3, string: name) }
        }
        try ask(.getChain, flags: [], family: chain.family, request) { view throws(WireError) in
            counters = try ChainMessage(view).counters
        }
        return counters
    }

    private static func name(_ rule: RuleMessage, in writer: inout MessageWriter) {
        writer.attribute(1, string: rule.table)
        if let chain = rule.chain { writer.attribute(2, string: chain) }
        if let handle = rule.handle { writer.attribute(3, uint64: handle.rawValue) }
    }

    /// Asks for a revision of an xt extension.
    ///
    /// - Returns: the kernel's answer.
    /// - Throws: ``KernelError`` with ENOENT or EPROTONOSUPPORT if the kernel does not have it.
    func compat(_ query: CompatMessage) throws(KernelError) -> CompatMessage {
        var answer = query
        try ask(.getCompat, flags: [], family: query.family, { query.writeAttributes(to: &$0) }) {
            view throws(WireError) in
            answer = try CompatMessage(view)
        }
        return answer
    }

    /// Sends one request on the reading socket and calls `body` with each message of the reply.
    private func ask(
        _ type: MessageType, flags: MessageFlags, family: Family,
        _ attributes: (inout MessageWriter) -> Void,
        _ body: (borrowing MessageView) throws(WireError) -> Void
    ) throws(KernelError) {
        sequence &+= 1
        let request = SequenceNumber(sequence)
        var message = MessageWriter()
        let header = MessageHeader(
            type: type, flags: flags.union([.request, .acknowledge]), sequence: request)
        message.message(header) { writer in
            writer.netfilterHeader(family: family)
            attributes(&writer)
        }
        try reader.send(try encoded(message))
        var interrupted = false
        var done = false
        while !done {
            // Replies to an earlier request that failed half way carry its sequence; they are passed over.
            _ = try reader.receive(wait: true) { view throws(KernelError) in
                guard view.header.sequence == request else { return }
                if view.header.flags.contains(.dumpInterrupted) { interrupted = true }
                done = try KernelLink.read(view, body) || done
            }
        }
        if interrupted { throw KernelError(errno: EINTR, origin: .reply, text: "dump interrupted") }
    }

    /// Takes one message of a reply; returns whether it is the last.
    private static func read(
        _ view: borrowing MessageView, _ body: (borrowing MessageView) throws(WireError) -> Void
    ) throws(KernelError) -> Bool {
        do {
            switch view.header.type {
            case .error, .done:
                let answer = try Acknowledgement(view)
                guard answer.errno == 0 else {
                    throw KernelError(
                        errno: answer.errno, origin: .acknowledgement,
                        sequence: view.header.sequence, text: answer.message)
                }
                return true
            default:
                try body(view)
                return false
            }
        } catch let error as KernelError {
            throw error
        } catch {
            throw KernelError(errno: EBADMSG, origin: .reply, text: "\(error)")
        }
    }

    private func encoded(_ message: consuming MessageWriter) throws(KernelError) -> [UInt8] {
        do {
            return try message.finish()
        } catch {
            throw KernelError(errno: EMSGSIZE, origin: .systemCall("sendto"), text: "\(error)")
        }
    }

    func commit(_ batch: KernelBatch) -> BatchOutcome {
        do {
            try drain()
            writer.reserve(
                // The kernel counts a message with its overhead against the buffer; nft doubles as well.
                sendBytes: 2 * batch.bytes.count + 4_096,
                receiveBytes: max(
                    KernelLink.leastReceiveBytes, batch.echoed.count * KernelLink.replyBytes))
            try writer.send(batch.bytes)
        } catch {
            return .refused(error)
        }
        return readOutcome(of: batch)
    }

    /// Throws away replies that an earlier batch left behind.
    private func drain() throws(KernelError) {
        for _ in 0..<KernelLink.overrunLimit {
            do {
                while try writer.receive(wait: false, { _ in }) {}
                return
            } catch  where error.errno == ENOBUFS {
                // The lost replies were those of a batch whose outcome the marker told; others may be queued behind.
            }
        }
        throw KernelError(errno: ENOBUFS, origin: .systemCall("recv"))
    }

    private func readOutcome(of batch: KernelBatch) -> BatchOutcome {
        var replies = BatchReplies(batch: batch)
        var overruns = 0
        while !replies.isFinished, overruns < KernelLink.overrunLimit {
            do {
                let any = try writer.receive(wait: false) { view throws(KernelError) in
                    try replies.take(view)
                }
                if !any { break }
            } catch  where error.errno == ENOBUFS {
                replies.complete = false
                overruns += 1
            } catch {
                return .unknown(error)
            }
        }
        return replies.outcome
    }
}

/// Puts together what came of a batch from the messages that answer it.
private struct BatchReplies {
    private let batch: KernelBatch
    private var handles: [ObjectID: Handle] = [:]
    private var failure: KernelError?
    private var acknowledged = false
    /// Whether no reply was lost.
    var complete = true

    init(batch: KernelBatch) {
        self.batch = batch
    }

    /// The marker's acknowledgement is the last reply; a refusal of BATCH_BEGIN is the only one.
    var isFinished: Bool { acknowledged || failure?.sequence == SequenceNumber(1) }

    mutating func take(_ view: borrowing MessageView) throws(KernelError) {
        do {
            switch view.header.type {
            case .error: note(try Acknowledgement(view))
            case .newRule, .newChain:
                guard let id = batch.echoed[view.header.sequence] else { return }
                handles[id] = try EchoedHandle.read(view)
            default: break
            }
        } catch {
            throw KernelError(errno: EBADMSG, origin: .reply, text: "\(error)")
        }
    }

    private mutating func note(_ answer: Acknowledgement) {
        if answer.request.sequence == batch.acknowledged { acknowledged = true }
        guard answer.errno != 0, failure == nil else { return }
        failure = KernelError(
            errno: answer.errno, origin: .acknowledgement, sequence: answer.request.sequence,
            text: answer.message)
    }

    var outcome: BatchOutcome {
        if let failure {
            return failure.errno == ERESTART ? .generationMoved : .refused(failure)
        }
        guard acknowledged else {
            return .unknown(
                KernelError(errno: ENOBUFS, origin: .reply, text: "the acknowledgement was lost"))
        }
        var all = handles
        all.reserveCapacity(handles.count + batch.runs.reduce(0) { $0 + $1.count })
        let isCounted = batch.count(&all)
        return .committed(places: batch.places(of: all), complete: complete && isCounted)
    }
}

/// The handle of an echoed rule or chain, without decoding the rest of it.
private enum EchoedHandle {
    static func read(_ view: borrowing MessageView) throws(WireError) -> Handle {
        // NFTA_RULE_HANDLE and NFTA_CHAIN_HANDLE.
        let wanted: UInt16 = view.header.type == .newRule ? 3 : 2
        var attributes = try view.attributes()
        while let attribute = try attributes.next() {
            if attribute.type == wanted { return Handle(try attribute.uint64()) }
        }
        throw WireError(.missingAttribute, "an echoed object without a handle")
    }
}
