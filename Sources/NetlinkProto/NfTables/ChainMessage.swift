/// Makes, changes, describes or names a chain.
///
/// - Shape: `nfgenmsg`, then TABLE (1), NAME (3), HANDLE (2, be64), the body, NEWNAME (xt2).
/// - Source: linux `nf_tables_api.c`, `nf_tables_newchain`, `nf_tables_fill_chain_info`.
public struct ChainMessage: Hashable, Sendable {
    /// The table's family.
    public var family: Family
    /// The table's name.
    public var table: String
    /// The chain's name; nil only in dump requests.
    public var name: String?
    /// What the kernel, or the daemon, calls it.
    public var handle: Handle?
    /// On the control socket: the name that the chain is to get (``ExtensionAttribute/newName``).
    public var newName: String?
    /// Everything that a version of the chain consists of.
    public var body: ChainBody

    /// A message about one chain.
    public init(
        family: Family, table: String, name: String?, handle: Handle? = nil,
        newName: String? = nil, body: ChainBody = ChainBody()
    ) {
        self.family = family
        self.table = table
        self.name = name
        self.handle = handle
        self.newName = newName
        self.body = body
    }

    /// Reads NEWCHAIN, GETCHAIN or DELCHAIN.
    ///
    /// - Throws: ``WireError`` if the table is missing or an attribute is damaged.
    public init(_ view: borrowing MessageView) throws(WireError) {
        family = try view.netfilterHeader().family
        body = ChainBody()
        var table: String?
        var attributes = try view.attributes()
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: table = try attribute.string()
            case 2: handle = Handle(try attribute.uint64())
            case 3: name = try attribute.string()
            case 6: break  // NFTA_CHAIN_USE: a count
            case 8: break  // NFTA_CHAIN_COUNTERS: state
            case 9: break  // NFTA_CHAIN_PAD
            case 11: break  // NFTA_CHAIN_ID: means something only within a kernel batch
            case ExtensionAttribute.newName: newName = try attribute.string()
            default: try body.read(attribute)
            }
        }
        guard let table else { throw WireError.missing("TABLE", in: "a chain") }
        self.table = table
    }

    /// Writes the whole message.
    public func write(_ header: MessageHeader, to writer: inout MessageWriter) {
        writer.message(header) { writer in
            writer.netfilterHeader(family: family)
            writer.attribute(1, string: table)
            if let name { writer.attribute(3, string: name) }
            if let handle { writer.attribute(2, uint64: handle.rawValue) }
            body.write(to: &writer)
            if let newName { writer.attribute(ExtensionAttribute.newName, string: newName) }
        }
    }
}
