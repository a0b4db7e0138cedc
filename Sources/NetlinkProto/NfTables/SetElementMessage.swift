/// Adds, deletes or describes elements of a set.
///
/// - Shape: `nfgenmsg`, then TABLE (1), SET (2), SET_ID (4, be32), ELEMENTS (3) { ELEM { … } … }.
///   The list is at most 64 KiB, so that many elements take several messages.
/// - Source: linux `nf_tables_api.c`, `nf_tables_newsetelem`, `nf_tables_fill_setelem`.
public struct SetElementMessage: Hashable, Sendable {
    /// The table's family.
    public var family: Family
    /// The table's name.
    public var table: String
    /// The set's name.
    public var set: String
    /// Names a set of the same batch.
    public var setID: UInt32?
    /// The elements.
    public var elements: [SetElement]

    /// A message about elements of one set.
    public init(
        family: Family, table: String, set: String, setID: UInt32? = nil, elements: [SetElement]
    ) {
        self.family = family
        self.table = table
        self.set = set
        self.setID = setID
        self.elements = elements
    }

    /// Reads NEWSETELEM, GETSETELEM or DELSETELEM.
    ///
    /// - Throws: ``WireError`` if table or set is missing or an attribute is damaged.
    public init(_ view: borrowing MessageView) throws(WireError) {
        family = try view.netfilterHeader().family
        elements = []
        var table: String?
        var set: String?
        var attributes = try view.attributes()
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: table = try attribute.string()
            case 2: set = try attribute.string()
            case 3: elements = try SetElement.list(try attribute.nested())
            case 4: setID = try attribute.uint32()
            default: throw attribute.fault(.unrecognised, "not an attribute of an element list")
            }
        }
        guard let table else { throw WireError.missing("TABLE", in: "an element list") }
        guard let set else { throw WireError.missing("SET", in: "an element list") }
        self.table = table
        self.set = set
    }

    /// Writes the whole message.
    public func write(_ header: MessageHeader, to writer: inout MessageWriter) {
        writer.message(header) { writer in
            writer.netfilterHeader(family: family)
            writer.attribute(1, string: table)
            writer.attribute(2, string: set)
            if let setID { writer.attribute(4, uint32: setID) }
            // Without a list, the message is about all elements.
            if !elements.isEmpty { SetElement.write(elements, as: 3, to: &writer) }
        }
    }
}
