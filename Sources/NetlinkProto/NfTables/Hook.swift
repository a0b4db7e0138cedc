/// Where a base chain hooks in.
///
/// - Shape: nested; HOOKNUM (1, be32), PRIORITY (2, be32, two's complement), DEV (3), DEVS (4) {
///   NAME (1) … }.
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
