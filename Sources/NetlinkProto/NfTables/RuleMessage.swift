/// Adds, inserts, replaces, deletes or describes a rule.
///
/// To the kernel, `handle` and `position` are kernel handles. On the control socket they are rule
/// ids, which are the daemon's handles for rules; `index` and a body in DELRULE (delete by text)
/// exist only there.
/// - Shape: `nfgenmsg`, then TABLE (1), CHAIN (2), HANDLE (3, be64), EXPRESSIONS (4) { ELEM { NAME,
///   DATA } … }, USERDATA (7), COMPAT (5), POSITION (6, be64); xt2's INDEX, SETS, KERNEL_HANDLE, TEXT.
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
    /// On the control socket, in requests: the digest of the text that the rule was read from.
    public var text: ContentDigest?
    /// Everything that a version of the rule consists of.
    public var body: RuleBody

    /// A message about one rule, or, without handle and body, about all rules of a chain or table.
    public init(
        family: Family, table: String, chain: String?, handle: Handle? = nil,
        position: Handle? = nil, index: UInt32? = nil, kernelHandle: Handle? = nil,
        text: ContentDigest? = nil, body: RuleBody = RuleBody()
    ) {
        self.family = family
        self.table = table
        self.chain = chain
        self.handle = handle
        self.position = position
        self.index = index
        self.kernelHandle = kernelHandle
        self.text = text
        self.body = body
    }

    /// Reads NEWRULE, GETRULE or DELRULE.
    ///
    /// - Throws: ``WireError`` if the table is missing or an attribute is damaged; the path names
    ///   the expression.
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
            // ID, POSITION_ID and CHAIN_ID mean something only within a kernel batch.
            case 9, 10, 11: break
            case ExtensionAttribute.index: index = try attribute.uint32()
            case ExtensionAttribute.kernelHandle: kernelHandle = Handle(try attribute.uint64())
            case ExtensionAttribute.text: text = try ContentDigest(attribute)
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
            if let text { text.write(ExtensionAttribute.text, to: &writer) }
        }
    }
}
