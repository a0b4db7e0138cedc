import Glibc
public import NetlinkProto

/// A netlink socket of its own, without xt2d: puts rules into the kernel and reads them back.
///
/// Must be used in the thread of a ``Namespace``.
public struct KernelRules: ~Copyable {
    private let descriptor: Int32
    private let family: Family
    private let table: String

    /// A socket for the rules of one table.
    ///
    /// - Throws: ``CommandFailure`` if the system gives none.
    public init(family: Family, table: String) throws {
        self.family = family
        self.table = table
        let netfilter: Int32 = 12  // NETLINK_NETFILTER
        descriptor = makeSocket(AF_NETLINK, SOCK_RAW, netfilter)
        guard descriptor >= 0 else { throw KernelRules.failure("socket") }
        // Room for the acknowledgements of a whole batch.
        var bytes: Int32 = 8 << 20
        let forced: Int32 = 33  // SO_RCVBUFFORCE, for root; others get what they may have
        if setsockopt(descriptor, SOL_SOCKET, forced, &bytes, socklen_t(4)) != 0 {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(4))
        }
    }

    deinit { close(descriptor) }

    private static func failure(_ call: String) -> CommandFailure {
        CommandFailure("\(call): \(String(cString: strerror(errno)))")
    }

    /// Appends rules to a chain, all in one batch.
    ///
    /// - Throws: ``CommandFailure`` that names the first rule that the kernel refuses.
    public func append(_ bodies: [RuleBody], to chain: String) throws {
        var writer = MessageWriter(capacity: 65_536)
        Batch.begin(sequence: SequenceNumber(0), to: &writer)
        var setID: UInt32 = 0
        for (index, body) in bodies.enumerated() {
            write(body, chain, sequence: UInt32(index + 1), firstSet: setID, to: &writer)
            setID += UInt32(body.sets.count)
        }
        Batch.end(sequence: SequenceNumber(UInt32(bodies.count + 1)), to: &writer)
        try send(try writer.finish())
        try checkAcknowledgements(bodies.count)
    }

    /// Carries out one message, whatever its bytes are, as a batch.
    ///
    /// - Parameter body: writes what stands behind the header of netfilter's.
    /// - Throws: ``CommandFailure`` if the kernel refuses it.
    public func commit(
        _ type: MessageType, _ body: (inout MessageWriter) -> Void
    ) throws {
        var writer = MessageWriter()
        Batch.begin(sequence: SequenceNumber(0), to: &writer)
        let header = MessageHeader(
            type: type, flags: [.request, .create, .acknowledge], sequence: SequenceNumber(1))
        writer.message(header) { writer in
            writer.netfilterHeader(family: family)
            body(&writer)
        }
        Batch.end(sequence: SequenceNumber(2), to: &writer)
        try send(try writer.finish())
        try checkAcknowledgements(1)
    }

    private func write(
        _ body: RuleBody, _ chain: String, sequence: UInt32, firstSet: UInt32,
        to writer: inout MessageWriter
    ) {
        let number = SequenceNumber(sequence)
        for (index, set) in body.sets.enumerated() {
            let id = firstSet + UInt32(index) + 1
            SetMessage(family: family, table: table, name: "__set%d", id: id, body: set.body)
                .write(
                    MessageHeader(type: .newSet, flags: [.request, .create], sequence: number),
                    to: &writer)
            SetElementMessage(
                family: family, table: table, set: "__set%d", setID: id, elements: set.elements
            ).write(
                MessageHeader(type: .newSetElement, flags: [.request, .create], sequence: number),
                to: &writer)
        }
        var moved = body
        moved.sets = []
        moved.expressions = body.expressions.map { expression in
            guard case .lookup(var lookup) = expression, let id = lookup.setID else {
                return expression
            }
            lookup.setID = id + firstSet
            return .lookup(lookup)
        }
        let header = MessageHeader(
            type: .newRule, flags: [.request, .create, .append, .acknowledge], sequence: number)
        RuleMessage(family: family, table: table, chain: chain, body: moved)
            .write(header, to: &writer)
    }

    private func send(_ bytes: [UInt8]) throws {
        guard Glibc.send(descriptor, bytes, bytes.count, 0) == bytes.count else {
            throw KernelRules.failure("send")
        }
    }

    private func receive() throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { throw KernelRules.failure("recv") }
        return Array(buffer[..<count])
    }

    private func checkAcknowledgements(_ expected: Int) throws {
        var seen = 0
        while seen < expected {
            let bytes = try receive()
            var reader = MessageReader(bytes.span.bytes)
            while let message = try reader.next() {
                let answer = try Acknowledgement(message)
                seen += 1
                guard answer.errno == 0 else {
                    throw CommandFailure(
                        "rule \(answer.request.sequence.rawValue) of the batch: "
                            + "\(String(cString: strerror(answer.errno))) \(answer.message)")
                }
            }
        }
    }

    /// The rules of a chain as the kernel dumps them, with their anonymous sets.
    ///
    /// - Throws: ``CommandFailure`` if the dump fails, `WireError` if it cannot be read.
    public func rules(of chain: String) throws -> [RuleBody] {
        var bodies: [RuleBody] = []
        try dump(.getRule) { writer in
            writer.attribute(1, string: table)
            writer.attribute(2, string: chain)
        } each: { message in
            bodies.append(try RuleMessage(message).body)
        }
        var sets: [String: SetBody] = [:]
        try dump(.getSet) {
            $0.attribute(1, string: table)
        } each: { message in
            let set = try SetMessage(message)
            sets[set.name] = set.body
        }
        return try bodies.map { try fold($0, sets) }
    }

    /// Puts the sets that a rule names into its body.
    private func fold(_ body: RuleBody, _ sets: [String: SetBody]) throws -> RuleBody {
        var folded = body
        for (index, expression) in body.expressions.enumerated() {
            guard case .lookup(var lookup) = expression, let set = sets[lookup.set],
                set.flags.contains(.anonymous)
            else { continue }
            folded.sets.append(
                AnonymousSet(body: set, elements: try elements(of: lookup.set)))
            lookup.set = "__set%d"
            lookup.setID = UInt32(folded.sets.count)
            folded.expressions[index] = .lookup(lookup)
        }
        return folded
    }

    private func elements(of set: String) throws -> [SetElement] {
        var elements: [SetElement] = []
        try dump(.getSetElement) { writer in
            writer.attribute(1, string: table)
            writer.attribute(2, string: set)
        } each: { message in
            elements += try SetElementMessage(message).elements
        }
        return elements.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    }

    /// Asks which revision of an extension the kernel has: 0, or the error number.
    public func revision(_ query: CompatMessage) -> Int32 {
        var writer = MessageWriter()
        query.write(
            MessageHeader(
                type: .getCompat, flags: [.request, .acknowledge], sequence: SequenceNumber(9)),
            to: &writer)
        guard let request = try? writer.finish(), (try? send(request)) != nil else { return EIO }
        while let bytes = try? receive() {
            var reader = MessageReader(bytes.span.bytes)
            while let message = try? reader.next() {
                if message.header.type == .error {
                    return (try? Acknowledgement(message).errno) ?? EIO
                }
            }
        }
        return EIO
    }

    private func dump(
        _ type: MessageType, _ attributes: (inout MessageWriter) -> Void,
        each: (borrowing MessageView) throws -> Void
    ) throws {
        var writer = MessageWriter()
        let dump = MessageFlags(rawValue: 0x300)  // NLM_F_DUMP
        writer.message(
            MessageHeader(type: type, flags: [.request, dump], sequence: SequenceNumber(7))
        ) { writer in
            writer.netfilterHeader(family: family)
            attributes(&writer)
        }
        try send(try writer.finish())
        while true {
            let bytes = try receive()
            var reader = MessageReader(bytes.span.bytes)
            while let message = try reader.next() {
                if message.header.type == .done { return }
                guard message.header.type != .error else {
                    throw CommandFailure("dump: \(try Acknowledgement(message).errno)")
                }
                try each(message)
            }
        }
    }
}
