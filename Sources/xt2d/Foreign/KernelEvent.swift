import NetlinkProto

/// One change that the kernel tells of.
enum KernelEvent: Sendable {
    case newTable(TableMessage)
    case deleteTable(TableMessage)
    case newChain(ChainMessage)
    case deleteChain(ChainMessage)
    /// `appends`: with no neighbour named, it stands at the end.
    case newRule(RuleMessage, appends: Bool)
    case deleteRule(RuleMessage)
    case newSet(SetMessage)
    case deleteSet(SetMessage)
    case newElements(SetElementMessage)
    case deleteElements(SetElementMessage)
    case newObject(ObjectMessage)
    case deleteObject(ObjectMessage)
    case newFlowtable(FlowtableMessage)
    case deleteFlowtable(FlowtableMessage)

    /// Reads one message; nil if it is about nothing that is kept.
    init?(_ bytes: [UInt8]) throws(WireError) {
        var messages = MessageReader(bytes.span.bytes)
        guard let view = try messages.next() else { return nil }
        switch view.header.type {
        case .newTable: self = .newTable(try TableMessage(view))
        case .deleteTable: self = .deleteTable(try TableMessage(view))
        case .newChain: self = .newChain(try ChainMessage(view))
        case .deleteChain: self = .deleteChain(try ChainMessage(view))
        case .newRule:
            self = .newRule(try RuleMessage(view), appends: view.header.flags.contains(.append))
        case .deleteRule: self = .deleteRule(try RuleMessage(view))
        case .newSet: self = .newSet(try SetMessage(view))
        case .deleteSet: self = .deleteSet(try SetMessage(view))
        case .newSetElement: self = .newElements(try SetElementMessage(view))
        case .deleteSetElement: self = .deleteElements(try SetElementMessage(view))
        case .newObject: self = .newObject(try ObjectMessage(view))
        case .deleteObject: self = .deleteObject(try ObjectMessage(view))
        case .newFlowtable: self = .newFlowtable(try FlowtableMessage(view))
        case .deleteFlowtable: self = .deleteFlowtable(try FlowtableMessage(view))
        default: return nil
        }
    }
}
