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
        self.init(family: try view.netfilterHeader().family, table: "", chain: nil)
        var isNamed = false
        var attributes = try view.attributes()
        while let attribute = try attributes.next() {
            if attribute.type == 1 { isNamed = true }
            if try !read(attribute) { try body.read(attribute) }
        }
        guard isNamed else { throw WireError.missing("TABLE", in: "a rule") }
    }

    /// Reads everything of NEWRULE, GETRULE or DELRULE but the body.
    ///
    /// Why: a body whose bytes are known already need not be taken apart.
    /// - Parameter body: becomes where the body's attributes stand, as bytes from the start of the message, padding
    ///   included; nil if there are none, or others stand among them.
    /// - Throws: as ``init(_:)``, but for the body.
    public init(
        headOf view: borrowing MessageView, body range: inout Range<Int>?
    ) throws(WireError) {
        self.init(family: try view.netfilterHeader().family, table: "", chain: nil)
        range = nil
        var isNamed = false
        var isTogether = true
        var attributes = try view.attributes()
        while let attribute = try attributes.next() {
            if attribute.type == 1 { isNamed = true }
            if try read(attribute) { continue }
            let end = attribute.offset + netlinkAligned(attribute.payload.byteCount + 4)
            if let range, range.upperBound != attribute.offset { isTogether = false }
            range = (range?.lowerBound ?? attribute.offset)..<end
        }
        guard isNamed else { throw WireError.missing("TABLE", in: "a rule") }
        if !isTogether || range.map({ $0.upperBound > view.bytes.byteCount }) == true {
            range = nil
        }
    }

    /// Takes in one attribute; false if it belongs to the body.
    private mutating func read(_ attribute: borrowing Attribute) throws(WireError) -> Bool {
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
        default: return false
        }
        return true
    }

    /// Writes the whole message.
    public func write(_ header: MessageHeader, to writer: inout MessageWriter) {
        write(header, to: &writer) { body.write(to: &$0) }
    }

    /// Writes the whole message with a body that is encoded already, instead of its own.
    public func write(
        _ header: MessageHeader, body bytes: [UInt8], to writer: inout MessageWriter
    ) {
        write(header, to: &writer) { $0.raw(bytes) }
    }

    private func write(
        _ header: MessageHeader, to writer: inout MessageWriter,
        _ writeBody: (inout MessageWriter) -> Void
    ) {
        writer.message(header) { writer in
            writer.netfilterHeader(family: family)
            writer.attribute(1, string: table)
            if let chain { writer.attribute(2, string: chain) }
            if let handle { writer.attribute(3, uint64: handle.rawValue) }
            writeBody(&writer)
            if let position { writer.attribute(6, uint64: position.rawValue) }
            if let index { writer.attribute(ExtensionAttribute.index, uint32: index) }
            if let kernelHandle {
                writer.attribute(ExtensionAttribute.kernelHandle, uint64: kernelHandle.rawValue)
            }
            if let text { text.write(ExtensionAttribute.text, to: &writer) }
        }
    }
}
