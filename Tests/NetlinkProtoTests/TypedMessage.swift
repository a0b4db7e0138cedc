import NetlinkProto

/// Any message that this module has a type for.
enum TypedMessage: Hashable {
    case table(TableMessage)
    case chain(ChainMessage)
    case rule(RuleMessage)
    case set(SetMessage)
    case elements(SetElementMessage)
    case object(ObjectMessage)
    case generation(GenerationMessage)
    /// No type: GETGEN has no attributes, flowtables are kept as bytes by those who need them.
    case untyped

    init(_ view: borrowing MessageView) throws(WireError) {
        switch view.header.type {
        case .newTable, .getTable, .deleteTable: self = .table(try TableMessage(view))
        case .newChain, .getChain, .deleteChain: self = .chain(try ChainMessage(view))
        case .newRule, .getRule, .deleteRule, .getRuleReset: self = .rule(try RuleMessage(view))
        case .newSet, .getSet, .deleteSet: self = .set(try SetMessage(view))
        case .newSetElement, .getSetElement, .deleteSetElement:
            self = .elements(try SetElementMessage(view))
        case .newObject, .getObject, .deleteObject: self = .object(try ObjectMessage(view))
        case .newGeneration: self = .generation(try GenerationMessage(view))
        default: self = .untyped
        }
    }

    init(_ bytes: [UInt8]) throws(WireError) {
        self = try reading(bytes) { (view) throws(WireError) in try TypedMessage(view) }
    }

    /// The message again as bytes; nil for those that this module only reads.
    func encoded(_ header: MessageHeader) throws(WireError) -> [UInt8]? {
        var writer = MessageWriter()
        switch self {
        case .table(let message): message.write(header, to: &writer)
        case .chain(let message): message.write(header, to: &writer)
        case .rule(let message): message.write(header, to: &writer)
        case .set(let message): message.write(header, to: &writer)
        case .elements(let message): message.write(header, to: &writer)
        case .object(let message): message.write(header, to: &writer)
        case .generation, .untyped: return nil
        }
        return try writer.finish()
    }

    /// All expressions in it, wherever they stand.
    var expressions: [Expression] {
        switch self {
        case .rule(let message):
            message.body.expressions + message.body.expressions.flatMap(\.inner)
        case .set(let message): message.body.expressions
        case .elements(let message): message.elements.flatMap(\.expressions)
        default: []
        }
    }
}

extension Expression {
    /// The expressions that this one gives to set elements.
    fileprivate var inner: [Expression] {
        if case .dynamicSet(let update) = self { update.expressions } else { [] }
    }
}
