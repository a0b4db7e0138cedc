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

/// What a version of a chain consists of, beside its name.
public struct ChainBody: AttributeBody {
    /// Where a base chain hooks in; nil for other chains.
    public var hook: Hook?
    /// What happens to packets that reach the end of a base chain.
    public var policy: ChainPolicy?
    /// `filter`, `nat` or `route`; nil for other than base chains.
    public var type: String?
    /// `NFT_CHAIN_HW_OFFLOAD` (2) and the like.
    public var flags: UInt32
    /// What nft and others keep beside it.
    public var userData: [UInt8]
    /// Attributes that this module does not know, as they came.
    public var unknown: [UInt8] = []

    /// A chain that only jumps reach, unless `hook` is given.
    public init(
        hook: Hook? = nil, policy: ChainPolicy? = nil, type: String? = nil, flags: UInt32 = 0,
        userData: [UInt8] = []
    ) {
        self.hook = hook
        self.policy = policy
        self.type = type
        self.flags = flags
        self.userData = userData
    }

    /// A chain that only jumps reach.
    public init() { self.init(hook: nil) }

    /// `NFT_CHAIN_BASE`, which the kernel reports for base chains and nobody need send.
    private static let baseFlag: UInt32 = 1

    public mutating func read(_ attribute: borrowing Attribute) throws(WireError) {
        switch attribute.type {
        case 4: hook = try Hook(try attribute.nested())
        case 5: policy = ChainPolicy(rawValue: try attribute.uint32())
        case 7: type = try attribute.string()
        case 10: flags = try attribute.uint32() & ~ChainBody.baseFlag
        case 12: userData = attribute.bytes()
        default: try attribute.keep(in: &unknown)
        }
    }

    public func write(to writer: inout MessageWriter) {
        if let type { writer.attribute(7, string: type) }
        if flags != 0 { writer.attribute(10, uint32: flags) }
        if let policy { writer.attribute(5, uint32: policy.rawValue) }
        if let hook { hook.write(to: &writer) }
        if !userData.isEmpty { writer.attribute(12, bytes: userData) }
        writer.raw(unknown)
    }

    /// The same chain with what the kernel fills in when it makes one: a base chain accepts unless told otherwise.
    ///
    /// Why not when reading: in a request that changes a chain, no policy means to leave the policy alone.
    public var withDefaults: ChainBody {
        var body = self
        if hook != nil && policy == nil { body.policy = .accept }
        return body
    }
}

/// What happens to packets that reach the end of a base chain.
public struct ChainPolicy: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// `NF_DROP`.
    public static let drop = ChainPolicy(rawValue: 0)
    /// `NF_ACCEPT`.
    public static let accept = ChainPolicy(rawValue: 1)
}

/// Where a base chain hooks in.
///
/// - Shape: nested; HOOKNUM (1, be32), PRIORITY (2, be32, two's complement), DEV (3), DEVS (4) { NAME (1) … }.
/// - Source: linux `nf_tables_api.c`, `nft_chain_parse_hook`.
public struct Hook: Hashable, Sendable {
    /// `NF_INET_*`, `NF_ARP_*`, `NF_BR_*` or `NF_NETDEV_*`, as the family says.
    public var number: UInt32
    /// Lower runs first.
    public var priority: Int32
    /// The devices of a netdev chain.
    public var devices: [String]
    /// Attributes that this module does not know, such as device prefixes, as they came.
    public var unknown: [UInt8] = []

    /// A place to hook in.
    public init(number: UInt32, priority: Int32, devices: [String] = []) {
        self.number = number
        self.priority = priority
        self.devices = devices
    }

    init(_ attributes: consuming AttributeReader) throws(WireError) {
        var number: UInt32?
        var priority: Int32?
        devices = []
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: number = try attribute.uint32()
            case 2: priority = Int32(bitPattern: try attribute.uint32())
            case 3: devices = [try attribute.string(limit: Hook.deviceNameBytes)]
            case 4:
                // The kernel names a single device twice, as DEV and in DEVS.
                if let list = try Hook.deviceList(try attribute.nested()) {
                    devices = list
                } else {
                    try attribute.keep(in: &unknown)
                }
            default: try attribute.keep(in: &unknown)
            }
        }
        guard let number else { throw WireError.missing("HOOKNUM", in: "a hook") }
        guard let priority else { throw WireError.missing("PRIORITY", in: "a hook") }
        self.number = number
        self.priority = priority
    }

    private static let deviceNameBytes = 15  // IFNAMSIZ - 1

    /// The names in DEVS; nil if there is anything else than names in it.
    private static func deviceList(
        _ list: consuming AttributeReader
    ) throws(WireError) -> [String]? {
        var devices: [String] = []
        while let device = try list.next() {
            guard device.type == 1 else { return nil }
            devices.append(try device.string(limit: deviceNameBytes))
        }
        return devices
    }

    func write(to writer: inout MessageWriter) {
        writer.nest(4) { writer in
            writer.attribute(1, uint32: number)
            writer.attribute(2, uint32: UInt32(bitPattern: priority))
            if devices.count == 1 {
                writer.attribute(3, string: devices[0])
            } else if !devices.isEmpty {
                writer.nest(4) { list in
                    for device in devices { list.attribute(1, string: device) }
                }
            }
            writer.raw(unknown)
        }
    }
}
