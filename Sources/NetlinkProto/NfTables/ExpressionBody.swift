/// What every typed expression can do: be read from, and written as, the attributes of
/// `NFTA_EXPR_DATA`.
///
/// Attributes are written in the order that libnftnl uses, so that bytes can be compared with those
/// of `nft`. A field whose default the kernel fills in is not optional here: reading supplies the
/// default, so a rule that was sent and the same rule dumped by the kernel are equal values.
public protocol ExpressionBody: Hashable, Sendable {
    /// The name by which the kernel knows the expression.
    static var name: String { get }

    /// Reads the attributes.
    ///
    /// - Throws: ``WireError/Code/unrecognised`` at an attribute that this type does not have (the
    ///   caller then keeps the expression as bytes), any other ``WireError`` for damage.
    init(_ attributes: consuming AttributeReader) throws(WireError)

    /// Writes the attributes.
    func write(to writer: inout MessageWriter)
}

/// An expression that this module has no type for, or that has attributes this module does not
/// know.
public struct UnknownExpression: Hashable, Sendable {
    /// The name by which the kernel knows it.
    public var name: String
    /// The attributes of `NFTA_EXPR_DATA`, as they came; nil when there was none.
    public var data: [UInt8]?

    /// Keeps an expression as bytes.
    public init(name: String, data: [UInt8]?) {
        self.name = name
        self.data = data
    }
}

extension Expression {
    private static let nameAttribute: UInt16 = 1  // NFTA_EXPR_NAME
    private static let dataAttribute: UInt16 = 2  // NFTA_EXPR_DATA
    static let listElement: UInt16 = 1  // NFTA_LIST_ELEM

    /// Reads the attributes of one list element.
    ///
    /// - Throws: ``WireError`` if the element has no name or is damaged. An unknown expression is
    ///   not an error.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        // DATA cannot be read without NAME, and nothing says that NAME comes first.
        let name = try Expression.name(in: copy attributes)
        var expression: Expression?
        while let attribute = try attributes.next() {
            if attribute.type == Expression.dataAttribute {
                expression = try Expression(name: name, data: attribute)
            }
        }
        if let expression {
            self = expression
        } else {
            try self.init(withoutData: name)
        }
    }

    private static func name(
        in attributes: consuming AttributeReader
    ) throws(WireError) -> String {
        var name: String?
        while let attribute = try attributes.next() {
            switch attribute.type {
            case nameAttribute: name = try attribute.string()
            case dataAttribute: break
            default: throw attribute.fault(.unrecognised, "not an attribute of an expression")
            }
        }
        guard let name else { throw WireError.missing("NAME", in: "an expression") }
        return name
    }

    private init(name: String, data: borrowing Attribute) throws(WireError) {
        do {
            if let typed = try Expression.typed(name, try data.nested()) {
                self = typed
                return
            }
        } catch  where error.code == .unrecognised {
            // Newer kernels add attributes; what cannot be typed is kept whole.
        } catch {
            throw error.inside(name)
        }
        self = .unknown(UnknownExpression(name: name, data: data.bytes()))
    }

    private init(withoutData name: String) throws(WireError) {
        let nothing: [UInt8] = []
        let typed = try Expression.typed(name, AttributeReader(nothing.span.bytes))
        self = typed ?? .unknown(UnknownExpression(name: name, data: nil))
    }

    /// Writes the attributes of one list element.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(Expression.nameAttribute, string: name)
        if hasBody { writer.nest(Expression.dataAttribute) { writeBody(to: &$0) } }
    }

    /// Reads a list of expressions (`NFTA_RULE_EXPRESSIONS`, `NFTA_SET_EXPRESSIONS`).
    ///
    /// - Throws: ``WireError`` past ``WireLimits/ruleExpressions`` or if one is damaged; the path
    ///   names which.
    public static func list(_ attributes: consuming AttributeReader) throws(WireError)
        -> [Expression]
    {
        var expressions: [Expression] = []
        while let element = try attributes.next() {
            guard expressions.count < WireLimits.ruleExpressions else {
                throw element.fault(
                    .tooLarge, "more than \(WireLimits.ruleExpressions) expressions in a rule")
            }
            do {
                expressions.append(try Expression(try element.nested()))
            } catch {
                throw error.inside("\(expressions.count + 1)")
            }
        }
        return expressions
    }

    /// Writes a list of expressions into an attribute of the given type.
    public static func write(
        _ expressions: [Expression], as type: UInt16, to writer: inout MessageWriter
    ) {
        writer.nest(type) { writer in
            for expression in expressions {
                writer.nest(listElement) { expression.write(to: &$0) }
            }
        }
    }

    /// Writes no attribute for no expression, one of type `one` for one, a list of type `more` for
    /// several.
    static func writeOneOrMore(
        _ expressions: [Expression], one: UInt16, more: UInt16, to writer: inout MessageWriter
    ) {
        switch expressions.count {
        case 0: break
        case 1: writer.nest(one) { expressions[0].write(to: &$0) }
        default: write(expressions, as: more, to: &writer)
        }
    }

    /// The same expression with its state (counter values, used quota) set to zero.
    ///
    /// Why: state changes with every packet; two rules that differ only in state are the same rule.
    public var withoutState: Expression {
        switch self {
        case .counter:
            return .counter(CounterExpression())
        case .quota(var quota):
            quota.resetState()
            return .quota(quota)
        case .dynamicSet(var update):
            update.expressions = update.expressions.map(\.withoutState)
            return .dynamicSet(update)
        case .unknown(let body) where body.name == "last":
            // `last` has nothing but state: when it was last reached.
            return .unknown(UnknownExpression(name: body.name, data: []))
        default:
            return self
        }
    }
}

extension WireError {
    /// A required attribute is not there.
    static func missing(_ attribute: String, in place: String) -> WireError {
        WireError(.missingAttribute, "\(place) has no \(attribute)")
    }
}

extension Attribute {
    /// An error that makes the caller keep the whole expression as bytes.
    func unrecognised(in name: String) -> WireError {
        fault(.unrecognised, "not an attribute of \(name) that is known here")
    }
}
