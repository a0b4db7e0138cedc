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
        case newRule(RuleMessage)
        case deleteRule(RuleMessage)
        case newSet(SetMessage)
        case deleteSet(SetMessage)
        case newElements(SetElementMessage)
        case deleteElements(SetElementMessage)
        case newObject(ObjectMessage)
        case deleteObject(ObjectMessage)
        case newFlowtable(FlowtableMessage)
        case deleteFlowtable(FlowtableMessage)
    }

    let operation: Operation
    let flags: MessageFlags
    let sequence: SequenceNumber
    /// The message, to point at an attribute of it.
    private let bytes: [UInt8]

    /// Reads one message of a batch.
    ///
    /// - Throws: ``Refusal`` that names the attribute, or the type if it is no edit.
    init(_ bytes: [UInt8]) throws(Refusal) {
        self.bytes = bytes
        do {
            var messages = MessageReader(bytes.span.bytes)
            guard let view = try messages.next() else {
                throw WireError(.truncated, "an empty message")
            }
            flags = view.header.flags
            sequence = view.header.sequence
            operation = try Edit.read(view)
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

    private static func read(_ view: borrowing MessageView) throws -> Operation {
        switch view.header.type {
        case .newTable: .newTable(try TableMessage(view))
        case .deleteTable: .deleteTable(try TableMessage(view))
        case .newChain: .newChain(try ChainMessage(view))
        case .deleteChain: .deleteChain(try ChainMessage(view))
        case .newRule: .newRule(try RuleMessage(view))
        case .deleteRule: .deleteRule(try RuleMessage(view))
        case .newSet: .newSet(try SetMessage(view))
        case .deleteSet: .deleteSet(try SetMessage(view))
        case .newSetElement: .newElements(try SetElementMessage(view))
        case .deleteSetElement: .deleteElements(try SetElementMessage(view))
        case .newObject: .newObject(try ObjectMessage(view))
        case .deleteObject: .deleteObject(try ObjectMessage(view))
        case .newFlowtable: .newFlowtable(try FlowtableMessage(view))
        case .deleteFlowtable: .deleteFlowtable(try FlowtableMessage(view))
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
            rule.handle == nil && rule.index == nil && rule.body.isEmpty ? "flush" : "delete"
        case .newSet: "add set"
        case .deleteSet: "delete set"
        case .newElements: "add element"
        case .deleteElements: "delete element"
        case .newObject: "add object"
        case .deleteObject: "delete object"
        case .newFlowtable: "add flowtable"
        case .deleteFlowtable: "delete flowtable"
        }
    }

    /// What the edit is about, for the audit log.
    var scope: (family: Family, table: String, chain: String) {
        switch operation {
        case .newTable(let table), .deleteTable(let table): (table.family, table.name, "")
        case .newChain(let chain), .deleteChain(let chain):
            (chain.family, chain.table, chain.name ?? "")
        case .newRule(let rule), .deleteRule(let rule):
            (rule.family, rule.table, rule.chain ?? "")
        case .newSet(let set), .deleteSet(let set): (set.family, set.table, "")
        case .newElements(let list), .deleteElements(let list): (list.family, list.table, "")
        case .newObject(let object), .deleteObject(let object): (object.family, object.table, "")
        case .newFlowtable(let table), .deleteFlowtable(let table):
            (table.family, table.table, "")
        }
    }
}
