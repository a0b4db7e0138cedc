/// What every typed expression can do: be read from, and written as, the attributes of `NFTA_EXPR_DATA`.
///
/// Attributes are written in the order that libnftnl uses, so that bytes can be compared with those of `nft`. A field whose
/// default the kernel fills in is not optional here: reading supplies the default, so a rule that was sent and the same
/// rule dumped by the kernel are equal values.
public protocol ExpressionBody: Hashable, Sendable {
    /// The name by which the kernel knows the expression.
    static var name: String { get }

    /// Reads the attributes.
    ///
    /// - Throws: ``WireError/Code/unrecognised`` at an attribute that this type does not have (the caller then keeps the
    ///   expression as bytes), any other ``WireError`` for damage.
    init(_ attributes: consuming AttributeReader) throws(WireError)

    /// Writes the attributes.
    func write(to writer: inout MessageWriter)
}

/// An expression that this module has no type for, or that has attributes this module does not know.
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
    /// - Throws: ``WireError`` if the element has no name or is damaged. An unknown expression is not an error.
    public init(_ attributes: consuming AttributeReader) throws(WireError) {
        var name: String?
        var data: [UInt8]?
        while let attribute = try attributes.next() {
            switch attribute.type {
            case Expression.nameAttribute: name = try attribute.string()
            case Expression.dataAttribute: data = attribute.bytes()
            default: throw attribute.fault(.unrecognised, "not an attribute of an expression")
            }
        }
        guard let name else { throw WireError.missing("NAME", in: "an expression") }
        self = try Expression.decode(name: name, data: data)
    }

    private static func decode(name: String, data: [UInt8]?) throws(WireError) -> Expression {
        if name == "notrack" && (data ?? []).isEmpty { return .notrack }
        do {
            let bytes = data ?? []
            if let typed = try typed(name, AttributeReader(bytes.span.bytes)) { return typed }
        } catch  where error.code == .unrecognised {
            // Newer kernels add attributes; what cannot be typed is kept whole.
        } catch {
            throw error.inside(name)
        }
        return .unknown(UnknownExpression(name: name, data: data))
    }

    /// Writes the attributes of one list element.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(Expression.nameAttribute, string: name)
        if hasBody { writer.nest(Expression.dataAttribute) { writeBody(to: &$0) } }
    }

    /// Reads a list of expressions (`NFTA_RULE_EXPRESSIONS`, `NFTA_SET_EXPRESSIONS`).
    ///
    /// - Throws: ``WireError`` past ``WireLimits/ruleExpressions`` or if one is damaged; the path names which.
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

    /// The same expression with its state (counter values, used quota) set to zero.
    ///
    /// Why: state changes with every packet; two rules that differ only in state are the same rule.
    public var withoutState: Expression {
        switch self {
        case .counter: .counter(CounterExpression())
        case .quota(var quota):
            {
                quota.consumed = 0
                return .quota(quota)
            }()
        default: self
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
