/// Makes, changes, describes or names a chain.
///
/// - Shape: `nfgenmsg`, then TABLE (1), NAME (3), HANDLE (2, be64), the body, COUNTERS (8, nested: bytes and packets), NEWNAME (xt2).
/// - Source: linux `nf_tables_api.c`, `nf_tables_newchain`, `nf_tables_fill_chain_info`, `nft_dump_stats`.
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
    /// What a base chain has counted of packets that its policy decided on, or is to count from; state, not chain.
    ///
    /// nil for one that does not count, and in a request for leaving the counters alone.
    public var counters: CounterExpression?

    /// A message about one chain.
    public init(
        family: Family, table: String, name: String?, handle: Handle? = nil,
        newName: String? = nil, body: ChainBody = ChainBody(), counters: CounterExpression? = nil
    ) {
        self.family = family
        self.table = table
        self.name = name
        self.handle = handle
        self.newName = newName
        self.body = body
        self.counters = counters
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
            case 8: counters = try CounterExpression(try attribute.nested())
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
            if let counters { ChainMessage.write(counters, to: &writer) }
            if let newName { writer.attribute(ExtensionAttribute.newName, string: newName) }
        }
    }

    /// Both values, though they be 0: there the chain begins to count.
    private static func write(_ counters: CounterExpression, to writer: inout MessageWriter) {
        writer.nest(8) { writer in
            writer.attribute(1, uint64: counters.bytes)
            writer.attribute(2, uint64: counters.packets)
        }
    }
}
