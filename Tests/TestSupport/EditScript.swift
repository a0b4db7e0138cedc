public import NetlinkProto

/// The messages that a client puts between BATCH_BEGIN and BATCH_END, written one after the other.
///
/// All are about one table, which can be changed between two messages.
public struct EditScript: Sendable {
    /// The table's family.
    public var family = Family.inet
    /// The table that the following messages are about.
    public var table: String
    /// The messages so far, each whole.
    public private(set) var messages: [[UInt8]] = []
    private var nextSequence: UInt32

    /// Messages about `table`; the first has sequence number `firstSequence`.
    public init(table: String = "t", firstSequence: UInt32 = 100) {
        self.table = table
        nextSequence = firstSequence
    }

    /// The sequence number of the last message.
    public var lastSequence: SequenceNumber { SequenceNumber(nextSequence &- 1) }

    /// A batch of these messages, as it goes over the socket.
    public func batch(_ options: BatchOptions = BatchOptions(), sequence: UInt32 = 1) -> [UInt8] {
        var writer = MessageWriter()
        options.writeBegin(sequence: SequenceNumber(sequence), to: &writer)
        for message in messages { writer.raw(message) }
        Batch.end(sequence: SequenceNumber(nextSequence), to: &writer)
        return writer.bytes
    }

    /// Adds a message that `write` writes.
    public mutating func add(
        _ type: MessageType, _ flags: MessageFlags,
        _ write: (MessageHeader, inout MessageWriter) -> Void
    ) {
        var writer = MessageWriter()
        write(
            MessageHeader(
                type: type, flags: flags.union(.request), sequence: SequenceNumber(nextSequence)),
            &writer)
        messages.append(writer.bytes)
        nextSequence &+= 1
    }

    /// Adds bytes that may be anything.
    public mutating func raw(_ bytes: [UInt8]) { messages.append(bytes) }
}

// MARK: - Tables

extension EditScript {
    /// Makes the table.
    public mutating func addTable(
        flags: TableBody.Flags? = nil, watch: TableWatch? = nil, exclusive: Bool = false
    ) {
        let flags = flags ?? (watch == nil ? [.owner, .persist] : [])
        let message = TableMessage(
            family: family, name: table, body: TableBody(flags: flags, watch: watch))
        add(.newTable, exclusive ? [.create, .exclusive] : .create) { message.write($0, to: &$1) }
    }

    /// Deletes the table with all that is in it.
    public mutating func deleteTable() {
        let message = TableMessage(family: family, name: table)
        add(.deleteTable, []) { message.write($0, to: &$1) }
    }

    /// Deletes the rules of all chains of the table.
    public mutating func flushTable() {
        let message = RuleMessage(family: family, table: table, chain: nil)
        add(.deleteRule, []) { message.write($0, to: &$1) }
    }
}

// MARK: - Chains

extension EditScript {
    private func chain(
        _ name: String?, newName: String? = nil, body: ChainBody = ChainBody()
    ) -> ChainMessage {
        ChainMessage(family: family, table: table, name: name, newName: newName, body: body)
    }

    /// Makes a chain; with a hook it is a base chain.
    public mutating func addChain(
        _ name: String, hook: Hook? = nil, type: String? = nil, policy: ChainPolicy? = nil,
        exclusive: Bool = false
    ) {
        let message = chain(name, body: ChainBody(hook: hook, policy: policy, type: type))
        add(.newChain, exclusive ? [.create, .exclusive] : .create) { message.write($0, to: &$1) }
    }

    /// Gives a base chain another policy.
    public mutating func setPolicy(_ policy: ChainPolicy, of name: String) {
        let message = chain(name, body: ChainBody(policy: policy))
        add(.newChain, []) { message.write($0, to: &$1) }
    }

    /// Gives a chain another name.
    public mutating func rename(_ name: String, to newName: String) {
        let message = chain(name, newName: newName)
        add(.newChain, []) { message.write($0, to: &$1) }
    }

    /// Deletes an empty chain.
    public mutating func deleteChain(_ name: String) {
        let message = chain(name)
        add(.deleteChain, []) { message.write($0, to: &$1) }
    }
}

// MARK: - Rules

extension EditScript {
    private mutating func addRule(
        _ type: MessageType, _ flags: MessageFlags, chain: String, handle: UInt64? = nil,
        position: UInt64? = nil, index: UInt32? = nil, body: RuleBody = RuleBody()
    ) {
        let message = RuleMessage(
            family: family, table: table, chain: chain, handle: handle.map { Handle($0) },
            position: position.map { Handle($0) }, index: index, body: body)
        add(type, flags) { message.write($0, to: &$1) }
    }

    /// Puts a rule at the end, or behind the rule with this id; its id is echoed.
    public mutating func append(_ body: RuleBody, to chain: String, behind id: UInt64? = nil) {
        addRule(.newRule, [.create, .append, .echo], chain: chain, position: id, body: body)
    }

    /// Puts a rule at the head, or in front of a rule, or at an index; its id is echoed.
    public mutating func insert(
        _ body: RuleBody, into chain: String, before id: UInt64? = nil, at index: UInt32? = nil
    ) {
        addRule(.newRule, [.create, .echo], chain: chain, position: id, index: index, body: body)
    }

    /// Replaces a rule by another, which keeps its id and place.
    public mutating func replace(_ id: UInt64, in chain: String, with body: RuleBody) {
        addRule(.newRule, [.replace, .echo], chain: chain, handle: id, body: body)
    }

    /// Replaces a rule and moves it in front of another, or to the end; it keeps its id.
    public mutating func move(
        _ id: UInt64, in chain: String, before other: UInt64?, with body: RuleBody
    ) {
        addRule(
            .newRule, other == nil ? [.replace, .append, .echo] : [.replace, .echo], chain: chain,
            handle: id, position: other, body: body)
    }

    /// Deletes the rule with this id.
    public mutating func delete(_ id: UInt64, from chain: String) {
        addRule(.deleteRule, [], chain: chain, handle: id)
    }

    /// Deletes the rule at this index.
    public mutating func delete(at index: UInt32, from chain: String) {
        addRule(.deleteRule, [], chain: chain, index: index)
    }

    /// Deletes the first rule that says this.
    public mutating func delete(_ body: RuleBody, from chain: String) {
        addRule(.deleteRule, [], chain: chain, body: body)
    }

    /// Deletes all rules of a chain.
    public mutating func flush(_ chain: String) {
        addRule(.deleteRule, [], chain: chain)
    }
}
