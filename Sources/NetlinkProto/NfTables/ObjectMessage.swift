/// Makes, describes or names a stateful object: a counter, a quota, a helper, ….
///
/// - Shape: `nfgenmsg`, then TABLE (1), NAME (2), TYPE (3, be32), DATA (4, nested), HANDLE (6,
///   be64), USERDATA (8).
/// - Source: linux `nf_tables_api.c`, `nf_tables_newobj`, `nf_tables_fill_obj_info`. Userdata since
///   kernel 5.10.
public struct ObjectMessage: Hashable, Sendable {
    /// `NFT_OBJECT_COUNTER`.
    public static let counterType: UInt32 = 1
    /// `NFT_OBJECT_QUOTA`.
    public static let quotaType: UInt32 = 2

    /// The table's family.
    public var family: Family
    /// The table's name.
    public var table: String
    /// The object's name.
    public var name: String
    /// `NFT_OBJECT_*`.
    public var type: UInt32
    /// The attributes inside of DATA; nil when there is no DATA.
    public var data: [UInt8]?
    /// What the kernel calls it.
    public var handle: Handle?
    /// What nft and others keep beside it.
    public var userData: [UInt8]
    /// Attributes that this module does not know, as they came.
    public var unknown: [UInt8] = []

    /// A message about one object.
    public init(
        family: Family, table: String, name: String, type: UInt32, data: [UInt8]? = nil,
        handle: Handle? = nil, userData: [UInt8] = []
    ) {
        self.family = family
        self.table = table
        self.name = name
        self.type = type
        self.data = data
        self.handle = handle
        self.userData = userData
    }

    /// Reads NEWOBJ, GETOBJ or DELOBJ.
    ///
    /// - Throws: ``WireError`` if table, name or type is missing or an attribute is damaged.
    public init(_ view: borrowing MessageView) throws(WireError) {
        family = try view.netfilterHeader().family
        userData = []
        var table: String?
        var name: String?
        var type: UInt32?
        var attributes = try view.attributes()
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: table = try attribute.string()
            case 2: name = try attribute.string()
            case 3: type = try attribute.uint32()
            case 4: data = attribute.bytes()
            case 6: handle = Handle(try attribute.uint64())
            case 8: userData = attribute.bytes()
            case 5, 7: break  // USE is a count, 7 is padding
            default: try attribute.keep(in: &unknown)
            }
        }
        guard let table else { throw WireError.missing("TABLE", in: "an object") }
        guard let name else { throw WireError.missing("NAME", in: "an object") }
        guard let type else { throw WireError.missing("TYPE", in: "an object") }
        self.table = table
        self.name = name
        self.type = type
    }

    /// Writes the whole message.
    public func write(_ header: MessageHeader, to writer: inout MessageWriter) {
        writer.message(header) { writer in
            writer.netfilterHeader(family: family)
            writer.attribute(1, string: table)
            writer.attribute(2, string: name)
            writer.attribute(3, uint32: type)
            if let handle { writer.attribute(6, uint64: handle.rawValue) }
            if !userData.isEmpty { writer.attribute(8, bytes: userData) }
            if let data { writer.nest(4) { $0.raw(data) } }
            writer.raw(unknown)
        }
    }
}

extension ObjectMessage {
    /// The same object with its state (counter values, used quota) set to zero.
    ///
    /// - Throws: ``WireError`` if the data of a counter or quota is damaged.
    public func withoutState() throws(WireError) -> ObjectMessage {
        guard let data else { return self }
        var writer = MessageWriter()
        switch type {
        case ObjectMessage.counterType: CounterExpression().write(to: &writer)
        case ObjectMessage.quotaType:
            var quota = try QuotaExpression(AttributeReader(data.span.bytes))
            quota.resetState()
            quota.write(to: &writer)
        default: return self
        }
        var object = self
        object.data = try writer.finish()
        return object
    }
}
