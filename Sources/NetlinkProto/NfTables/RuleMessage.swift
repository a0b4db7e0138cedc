/// Adds, inserts, replaces, deletes or describes a rule.
///
/// To the kernel, `handle` and `position` are kernel handles. On the control socket they are rule ids, which are the
/// daemon's handles for rules; `index` and a body in DELRULE (delete by text) exist only there.
/// - Shape: `nfgenmsg`, then TABLE (1), CHAIN (2), HANDLE (3, be64), EXPRESSIONS (4) { ELEM { NAME, DATA } … },
///   USERDATA (7), COMPAT (5), POSITION (6, be64); xt2's INDEX, SETS, KERNEL_HANDLE.
/// - Source: linux `nf_tables_api.c`, `nf_tables_newrule`, `nf_tables_fill_rule_info`.
public struct RuleMessage: Hashable, Sendable {
    /// The table's family.
    public var family: Family
    /// The table's name.
    public var table: String
    /// The chain's name; nil to mean every chain of the table.
    public var chain: String?
    /// Which rule; nil for a new one.
    public var handle: Handle?
    /// Insert in front of this rule, or behind it with ``MessageFlags/append``.
    public var position: Handle?
    /// On the control socket: how many rules stand in front, counted from 0.
    public var index: UInt32?
    /// On the control socket, in replies: the handle that the kernel gave.
    public var kernelHandle: Handle?
    /// Everything that a version of the rule consists of.
    public var body: RuleBody

    /// A message about one rule, or, without handle and body, about all rules of a chain or table.
    public init(
        family: Family, table: String, chain: String?, handle: Handle? = nil,
        position: Handle? = nil, index: UInt32? = nil, kernelHandle: Handle? = nil,
        body: RuleBody = RuleBody()
    ) {
        self.family = family
        self.table = table
        self.chain = chain
        self.handle = handle
        self.position = position
        self.index = index
        self.kernelHandle = kernelHandle
        self.body = body
    }

    /// Reads NEWRULE, GETRULE or DELRULE.
    ///
    /// - Throws: ``WireError`` if the table is missing or an attribute is damaged; the path names the expression.
    public init(_ view: borrowing MessageView) throws(WireError) {
        family = try view.netfilterHeader().family
        body = RuleBody()
        var table: String?
        var attributes = try view.attributes()
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: table = try attribute.string()
            case 2: chain = try attribute.string()
            case 3: handle = Handle(try attribute.uint64())
            case 6: position = Handle(try attribute.uint64())
            case 8: break  // NFTA_RULE_PAD
            case 9, 10, 11: break  // ID, POSITION_ID, CHAIN_ID: mean something only within a kernel batch
            case ExtensionAttribute.index: index = try attribute.uint32()
            case ExtensionAttribute.kernelHandle: kernelHandle = Handle(try attribute.uint64())
            default: try body.read(attribute)
            }
        }
        guard let table else { throw WireError.missing("TABLE", in: "a rule") }
        self.table = table
    }

    /// Writes the whole message.
    public func write(_ header: MessageHeader, to writer: inout MessageWriter) {
        writer.message(header) { writer in
            writer.netfilterHeader(family: family)
            writer.attribute(1, string: table)
            if let chain { writer.attribute(2, string: chain) }
            if let handle { writer.attribute(3, uint64: handle.rawValue) }
            body.write(to: &writer)
            if let position { writer.attribute(6, uint64: position.rawValue) }
            if let index { writer.attribute(ExtensionAttribute.index, uint32: index) }
            if let kernelHandle {
                writer.attribute(ExtensionAttribute.kernelHandle, uint64: kernelHandle.rawValue)
            }
        }
    }
}

/// What a version of a rule consists of.
public struct RuleBody: AttributeBody {
    /// What the rule does, in order; at most ``WireLimits/ruleExpressions``.
    public var expressions: [Expression]
    /// The anonymous sets that its lookups name by `setID`: 1 is the first.
    ///
    /// Why here: an anonymous set lives and dies with its rule, so it is part of the rule, not an object of its own.
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
        case ExtensionAttribute.sets: sets = try AnonymousSet.list(try attribute.nested())
        default: try attribute.keep(in: &unknown)
        }
    }

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

    /// The form in which rules are compared and stored: without state, the elements of its sets in the order of their keys.
    ///
    /// Why ordered: the kernel dumps elements in the order of its hash tables, which differs from boot to boot.
    public var canonical: RuleBody {
        var body = withoutState
        for index in body.sets.indices { body.sets[index].elements.sort() }
        return body
    }
}

/// The protocol that a rule's xt extensions may ask for.
///
/// - Shape: nested; PROTO (1, be32), FLAGS (2, be32; bit 1 inverts).
/// - Source: linux `nft_compat.c`, `nft_parse_compat`.
public struct RuleCompat: Hashable, Sendable {
    /// `IPPROTO_*`.
    public var transportProtocol: UInt32
    /// 2 (`NFT_RULE_COMPAT_F_INV`): any protocol but this.
    public var flags: UInt32

    /// A protocol.
    public init(transportProtocol: UInt32, flags: UInt32) {
        self.transportProtocol = transportProtocol
        self.flags = flags
    }

    init(_ attributes: consuming AttributeReader) throws(WireError) {
        var transportProtocol: UInt32 = 0
        var flags: UInt32 = 0
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: transportProtocol = try attribute.uint32()
            case 2: flags = try attribute.uint32()
            default: throw attribute.fault(.unrecognised, "not an attribute of COMPAT")
            }
        }
        self.init(transportProtocol: transportProtocol, flags: flags)
    }

    func write(to writer: inout MessageWriter) {
        writer.nest(5) { writer in
            writer.attribute(1, uint32: transportProtocol)
            writer.attribute(2, uint32: flags)
        }
    }
}
