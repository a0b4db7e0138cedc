/// Makes, describes or names a set or map.
///
/// - Shape: `nfgenmsg`, then TABLE (1), NAME (2), HANDLE (16, be64), ID (10, be32), the body.
/// - Source: linux `nf_tables_api.c`, `nf_tables_newset`, `nf_tables_fill_set`.
public struct SetMessage: Hashable, Sendable {
    /// The table's family.
    public var family: Family
    /// The table's name.
    public var table: String
    /// The set's name; `__set%d` lets the kernel choose a number for an anonymous set.
    public var name: String
    /// What the kernel calls it.
    public var handle: Handle?
    /// By which number other messages of the same batch name it.
    public var id: UInt32?
    /// Everything that a version of the set consists of, beside its elements.
    public var body: SetBody

    /// A message about one set.
    public init(
        family: Family, table: String, name: String, handle: Handle? = nil, id: UInt32? = nil,
        body: SetBody = SetBody()
    ) {
        self.family = family
        self.table = table
        self.name = name
        self.handle = handle
        self.id = id
        self.body = body
    }

    /// Reads NEWSET, GETSET or DELSET.
    ///
    /// - Throws: ``WireError`` if table or name is missing or an attribute is damaged.
    public init(_ view: borrowing MessageView) throws(WireError) {
        family = try view.netfilterHeader().family
        body = SetBody()
        var table: String?
        var name: String?
        var attributes = try view.attributes()
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: table = try attribute.string()
            case 2: name = try attribute.string()
            case 10: id = try attribute.uint32()
            case 14: break  // NFTA_SET_PAD
            case 16: handle = Handle(try attribute.uint64())
            default: try body.read(attribute)
            }
        }
        guard let table else { throw WireError.missing("TABLE", in: "a set") }
        guard let name else { throw WireError.missing("NAME", in: "a set") }
        self.table = table
        self.name = name
    }

    /// Writes the whole message.
    public func write(_ header: MessageHeader, to writer: inout MessageWriter) {
        writer.message(header) { writer in
            writer.netfilterHeader(family: family)
            writer.attribute(1, string: table)
            writer.attribute(2, string: name)
            if let handle { writer.attribute(16, uint64: handle.rawValue) }
            body.write(to: &writer, id: id)
        }
    }
}
