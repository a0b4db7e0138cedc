/// Makes, describes or names a flowtable.
///
/// - Shape: `nfgenmsg`, then TABLE (1), NAME (2), HANDLE (5, be64), the body.
/// - Source: linux `nf_tables_api.c`, `nf_tables_newflowtable`, `nf_tables_fill_flowtable_info`.
public struct FlowtableMessage: Hashable, Sendable {
    /// The table's family.
    public var family: Family
    /// The table's name.
    public var table: String
    /// The flowtable's name.
    public var name: String
    /// What the kernel calls it.
    public var handle: Handle?
    /// Everything that a version of the flowtable consists of.
    public var body: FlowtableBody

    /// A message about one flowtable.
    public init(
        family: Family, table: String, name: String, handle: Handle? = nil,
        body: FlowtableBody = FlowtableBody()
    ) {
        self.family = family
        self.table = table
        self.name = name
        self.handle = handle
        self.body = body
    }

    /// Reads NEWFLOWTABLE, GETFLOWTABLE or DELFLOWTABLE.
    ///
    /// - Throws: ``WireError`` if table or name is missing or an attribute is damaged.
    public init(_ view: borrowing MessageView) throws(WireError) {
        family = try view.netfilterHeader().family
        body = FlowtableBody()
        var table: String?
        var name: String?
        var attributes = try view.attributes()
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: table = try attribute.string()
            case 2: name = try attribute.string()
            case 5: handle = Handle(try attribute.uint64())
            case 4, 6: break  // USE is a count, 6 is padding
            default: try body.read(attribute)
            }
        }
        guard let table else { throw WireError.missing("TABLE", in: "a flowtable") }
        guard let name else { throw WireError.missing("NAME", in: "a flowtable") }
        self.table = table
        self.name = name
    }

    /// Writes the whole message.
    public func write(_ header: MessageHeader, to writer: inout MessageWriter) {
        writer.message(header) { writer in
            writer.netfilterHeader(family: family)
            writer.attribute(1, string: table)
            writer.attribute(2, string: name)
            if let handle { writer.attribute(5, uint64: handle.rawValue) }
            body.write(to: &writer)
        }
    }
}

/// What a version of a flowtable consists of: hook, devices and flags, kept as bytes.
public struct FlowtableBody: AttributeBody {
    /// All attributes, as they came.
    public var unknown: [UInt8] = []

    /// A flowtable without properties.
    public init() {}

    /// Takes in one attribute.
    public mutating func read(_ attribute: borrowing Attribute) throws(WireError) {
        try attribute.keep(in: &unknown)
    }

    /// Writes all attributes.
    public func write(to writer: inout MessageWriter) {
        writer.raw(unknown)
    }
}
