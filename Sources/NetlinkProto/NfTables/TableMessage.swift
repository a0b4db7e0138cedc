/// Makes, describes or names a table.
///
/// - Shape: `nfgenmsg`, then NAME (1), HANDLE (4, be64), FLAGS (2, be32), USERDATA (6).
/// - Source: linux `nf_tables_api.c`, `nf_tables_newtable`, `nf_tables_fill_table_info`.
public struct TableMessage: Hashable, Sendable {
    /// The table's family.
    public var family: Family
    /// The table's name.
    public var name: String
    /// What the kernel, or the daemon, calls it; nil in requests that go by name.
    public var handle: Handle?
    /// Everything that a version of the table consists of.
    public var body: TableBody

    /// A message about one table.
    public init(family: Family, name: String, handle: Handle? = nil, body: TableBody = TableBody())
    {
        self.family = family
        self.name = name
        self.handle = handle
        self.body = body
    }

    /// Reads NEWTABLE, GETTABLE or DELTABLE.
    ///
    /// - Throws: ``WireError`` if the name is missing or an attribute is damaged.
    public init(_ view: borrowing MessageView) throws(WireError) {
        family = try view.netfilterHeader().family
        body = TableBody()
        var name: String?
        var attributes = try view.attributes()
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: name = try attribute.string()
            case 3: break  // NFTA_TABLE_USE: a count, not part of the table
            case 4: handle = Handle(try attribute.uint64())
            case 5: break  // NFTA_TABLE_PAD
            case 7: break  // NFTA_TABLE_OWNER: see `owner(of:)`; not part of the table
            default: try body.read(attribute)
            }
        }
        guard let name else { throw WireError.missing("NAME", in: "a table") }
        self.name = name
    }

    /// The socket that alone may change the table that a message is about; nil if all may.
    ///
    /// - Source: linux `nf_tables_api.c`, `nf_tables_fill_table_info`: OWNER (7, be32).
    public static func owner(of view: borrowing MessageView) throws(WireError) -> PortID? {
        var attributes = try view.attributes()
        while let attribute = try attributes.next() {
            if attribute.type == 7 { return PortID(rawValue: try attribute.uint32()) }
        }
        return nil
    }

    /// Writes the whole message.
    public func write(_ header: MessageHeader, to writer: inout MessageWriter) {
        writer.message(header) { writer in
            writer.netfilterHeader(family: family)
            writer.attribute(1, string: name)
            if let handle { writer.attribute(4, uint64: handle.rawValue) }
            // Flags are written even when there are none, but only where a table is made or
            // changed.
            if header.type == .newTable { body.write(to: &writer) }
        }
    }
}

/// What a version of a table consists of, beside its name.
public struct TableBody: AttributeBody {
    /// Properties of a table.
    ///
    /// - Source: linux `include/uapi/linux/netfilter/nf_tables.h`, `enum nft_table_flags`.
    public struct Flags: OptionSet, Hashable, Sendable {
        /// The number on the wire.
        public let rawValue: UInt32
        /// Wraps a number.
        public init(rawValue: UInt32) { self.rawValue = rawValue }
        /// `NFT_TABLE_F_DORMANT`: its chains are not hooked in.
        public static let dormant = Flags(rawValue: 1)
        /// `NFT_TABLE_F_OWNER`: only the socket that made it may change it (kernel 5.12).
        public static let owner = Flags(rawValue: 2)
        /// `NFT_TABLE_F_PERSIST`: it outlives the owner's socket (kernel 6.9).
        public static let persist = Flags(rawValue: 4)
    }

    /// Its properties.
    public var flags: Flags
    /// What nft and others keep beside it; see ``UserData``.
    public var userData: [UInt8]
    /// How xt2 treats others' changes, where the kernel lets others in; nil for a table that xt2 owns.
    ///
    /// xt2's own (``ExtensionAttribute/tableWatch``); the kernel never sees it.
    public var watch: TableWatch?
    /// Attributes that this module does not know, as they came.
    public var unknown: [UInt8] = []

    /// A table without contents.
    public init(flags: Flags = [], userData: [UInt8] = [], watch: TableWatch? = nil) {
        self.flags = flags
        self.userData = userData
        self.watch = watch
    }

    /// No flags, no userdata.
    public init() { self.init(flags: []) }

    /// Takes in one attribute; those that are not known are kept.
    public mutating func read(_ attribute: borrowing Attribute) throws(WireError) {
        switch attribute.type {
        case 2: flags = Flags(rawValue: try attribute.uint32())
        case 6: userData = attribute.bytes()
        case ExtensionAttribute.tableWatch: watch = try TableWatch(attribute)
        default: try attribute.keep(in: &unknown)
        }
    }

    /// Writes the attributes in libnftnl's order.
    public func write(to writer: inout MessageWriter) {
        writer.attribute(2, uint32: flags.rawValue)
        if !userData.isEmpty { writer.attribute(6, bytes: userData) }
        writer.raw(unknown)
        if let watch {
            writer.attribute(ExtensionAttribute.tableWatch, uint8: watch.rawValue)
        }
    }
}
