/// What a version of a rule consists of.
public struct RuleBody: AttributeBody {
    /// What the rule does, in order; at most ``WireLimits/ruleExpressions``.
    public var expressions: [Expression]
    /// The anonymous sets that its lookups name by `setID`: 1 is the first.
    ///
    /// Why here: an anonymous set lives and dies with its rule, so it is part of the rule, not an
    /// object of its own.
    public var sets: [AnonymousSet]
    /// The protocol for xt matches that check it; the kernel does not dump it back.
    public var compat: RuleCompat?
    /// What nft and others keep beside it, such as the comment; without xt2's own triple.
    public var userData: [UInt8]
    /// Attributes that this module does not know, as they came.
    public var unknown: [UInt8] = []

    /// A rule.
    public init(
        expressions: [Expression] = [], sets: [AnonymousSet] = [], compat: RuleCompat? = nil,
        userData: [UInt8] = []
    ) {
        self.expressions = expressions
        self.sets = sets
        self.compat = compat
        self.userData = userData
    }

    /// A rule that does nothing.
    public init() { self.init(expressions: []) }

    /// Whether there is nothing in it, as in a request that names a rule or chain.
    public var isEmpty: Bool { self == RuleBody() }

    /// Takes in one attribute; those that are not known are kept.
    public mutating func read(_ attribute: borrowing Attribute) throws(WireError) {
        switch attribute.type {
        case 4:
            do {
                expressions = try Expression.list(try attribute.nested())
            } catch {
                throw error.inside("EXPRESSIONS")
            }
        case 5: compat = try RuleCompat(try attribute.nested())
        case 7: userData = attribute.bytes()
        case ExtensionAttribute.sets:
            try AnonymousSet.read(try attribute.nested(), into: &sets)
        default: try attribute.keep(in: &unknown)
        }
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        if !expressions.isEmpty { Expression.write(expressions, as: 4, to: &writer) }
        if !userData.isEmpty { writer.attribute(7, bytes: userData) }
        if let compat { compat.write(to: &writer) }
        if !sets.isEmpty { AnonymousSet.write(sets, to: &writer) }
        writer.raw(unknown)
    }

    /// The same rule without counter values and used quota.
    public var withoutState: RuleBody {
        var body = self
        body.expressions = expressions.map(\.withoutState)
        return body
    }

    /// The form in which rules are compared and stored: without state, the elements of its sets in
    /// the order of their keys, its sets without names, and its ``compat`` the implied one.
    ///
    /// Why ordered: the kernel dumps elements in the order of its hash tables, which differs from
    /// boot to boot. It does not dump ``compat`` at all.
    public var canonical: RuleBody {
        var body = withoutState
        body.compat = impliedCompat
        for index in body.sets.indices { body.sets[index].elements.sort() }
        body.expressions = body.expressions.map { expression in
            guard case .lookup(var lookup) = expression, lookup.setID != nil else {
                return expression
            }
            lookup.set = AnonymousSet.name
            return .lookup(lookup)
        }
        return body
    }
}
