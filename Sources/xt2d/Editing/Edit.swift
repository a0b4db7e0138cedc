import Glibc
import NetlinkProto

/// One edit of a client's batch: an nf_tables message, decoded.
struct Edit: Sendable {
    /// What is to be done.
    enum Operation: Sendable {
        case newTable(TableMessage)
        case deleteTable(TableMessage)
        case newChain(ChainMessage)
        case deleteChain(ChainMessage)
        case newRule(RuleRequest)
        case deleteRule(RuleRequest)
    }

    let operation: Operation
    let flags: MessageFlags
    let sequence: SequenceNumber
    /// The message, to point at an attribute of it.
    private let bytes: [UInt8]

    /// Reads one message of a batch.
    ///
    /// - Parameter shapes: rules that were read before, which this one may resemble.
    /// - Throws: ``Refusal`` that names the attribute, or the type if it is no edit.
    init(_ bytes: [UInt8], _ shapes: inout RuleShapes) throws(Refusal) {
        self.bytes = bytes
        do {
            var messages = MessageReader(bytes.span.bytes)
            guard let view = try messages.next() else {
                throw WireError(.truncated, "an empty message")
            }
            flags = view.header.flags
            sequence = view.header.sequence
            operation = try Edit.read(view, bytes, &shapes)
        } catch let refusal as Refusal {
            throw refusal
        } catch let error as WireError {
            var refusal = Refusal(EINVAL, "The message cannot be read: \(error).")
            refusal.offset = error.offset
            throw refusal
        } catch {
            throw Refusal(EINVAL, "The message cannot be read.")
        }
    }

    /// Reads one message of a batch by itself.
    ///
    /// - Throws: ``Refusal`` that names the attribute, or the type if it is no edit.
    init(_ bytes: [UInt8]) throws(Refusal) {
        var shapes = RuleShapes()
        try self.init(bytes, &shapes)
    }

    private static func read(
        _ view: borrowing MessageView, _ bytes: [UInt8], _ shapes: inout RuleShapes
    ) throws -> Operation {
        switch view.header.type {
        case .newTable: .newTable(try TableMessage(view))
        case .deleteTable: .deleteTable(try TableMessage(view))
        case .newChain: .newChain(try ChainMessage(view))
        case .deleteChain: .deleteChain(try ChainMessage(view))
        case .newRule: .newRule(try RuleRequest(view, bytes, &shapes))
        case .deleteRule: .deleteRule(try RuleRequest(view, bytes, &shapes))
        case .newSet, .deleteSet, .newSetElement, .deleteSetElement, .newObject, .deleteObject,
            .newFlowtable, .deleteFlowtable:
            throw Refusal(
                EOPNOTSUPP,
                "\(view.header.type.name) is not in this release: sets and objects exist only inside of rules."
            )
        default: throw Refusal(EINVAL, "\(view.header.type.name) is not an edit.")
        }
    }

    /// Bytes from the start of the message to its first attribute of a type.
    func offset(of type: UInt16) -> Int? {
        var messages = MessageReader(bytes.span.bytes)
        guard let view = try? messages.next(), var attributes = try? view.attributes() else {
            return nil
        }
        while let attribute = try? attributes.next() {
            if attribute.type == type { return attribute.offset }
        }
        return nil
    }

    /// The verb for the audit log.
    var action: String {
        switch operation {
        case .newTable: "add table"
        case .deleteTable: "delete table"
        case .newChain(let chain):
            chain.newName != nil ? "rename" : flags.contains(.create) ? "add chain" : "policy"
        case .deleteChain: "delete chain"
        case .newRule:
            flags.contains(.replace) ? "replace" : flags.contains(.append) ? "append" : "insert"
        case .deleteRule(let rule):
            rule.message.handle == nil && rule.message.index == nil && rule.isBodyEmpty
                ? "flush" : "delete"
        }
    }

    /// What the edit is about, for the audit log.
    var scope: (family: Family, table: String, chain: String) {
        switch operation {
        case .newTable(let table), .deleteTable(let table): (table.family, table.name, "")
        case .newChain(let chain), .deleteChain(let chain):
            (chain.family, chain.table, chain.name ?? "")
        case .newRule(let rule), .deleteRule(let rule):
            (rule.message.family, rule.message.table, rule.message.chain ?? "")
        }
    }
}
