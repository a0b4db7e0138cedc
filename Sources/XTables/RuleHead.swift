import CXTables

/// What stands in a rule outside of its extensions, as extensions look at it: `struct ipt_ip` or `struct ip6t_ip6`.
public struct RuleHead: Hashable, Sendable {
    /// Which parts are to be met by not being so.
    ///
    /// - Source: linux `include/uapi/linux/netfilter_ipv4/ip_tables.h`, `IPT_INV_*`.
    public struct Inversions: OptionSet, Hashable, Sendable {
        /// The bits.
        public let rawValue: UInt8
        /// Wraps the bits.
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        /// `IPT_INV_VIA_IN`.
        public static let input = Inversions(rawValue: 0x01)
        /// `IPT_INV_VIA_OUT`.
        public static let output = Inversions(rawValue: 0x02)
        /// `IPT_INV_SRCIP`.
        public static let source = Inversions(rawValue: 0x08)
        /// `IPT_INV_DSTIP`.
        public static let destination = Inversions(rawValue: 0x10)
        /// `IPT_INV_FRAG`.
        public static let fragment = Inversions(rawValue: 0x20)
        /// `XT_INV_PROTO`.
        public static let transport = Inversions(rawValue: 0x40)
    }

    /// A network interface: its name, and the bytes of it that count.
    public struct Interface: Hashable, Sendable {
        /// The name with its zeros, or with `+` for any rest; 16 bytes.
        public var name = [UInt8](repeating: 0, count: 16)
        /// 255 for each byte that counts; 16 bytes, all zero for any interface.
        public var mask = [UInt8](repeating: 0, count: 16)

        /// Any interface.
        public init() {}

        /// Whether any interface will do.
        public var isAny: Bool { name[0] == 0 }
        /// The name as text.
        public var text: String { String(decoding: name.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// An address and the bits of it that count.
    public struct Address: Hashable, Sendable {
        /// 4 or 16 bytes.
        public var bytes: [UInt8]
        /// As many.
        public var mask: [UInt8]

        /// An address.
        public init(bytes: [UInt8], mask: [UInt8]) {
            self.bytes = bytes
            self.mask = mask
        }

        /// Any address.
        public init(anyOf size: Int) {
            self.init(
                bytes: [UInt8](repeating: 0, count: size),
                mask: [UInt8](repeating: 0, count: size))
        }

        /// Whether it tests nothing.
        public var isAny: Bool { !bytes.contains { $0 != 0 } && !mask.contains { $0 != 0 } }
    }

    /// `NFPROTO_*`.
    public var family: UInt8
    /// `IPPROTO_*`, 0 for any.
    public var transport: UInt8 = 0
    /// 1 for `-f`, 2 for `-g`, as `IPT_F_*`; `IP6T_F_*` for IPv6.
    public var flags: UInt8 = 0
    /// What is inverted.
    public var inversions: Inversions = []
    /// `-s`.
    public var source: Address
    /// `-d`.
    public var destination: Address
    /// `-i`.
    public var input = Interface()
    /// `-o`.
    public var output = Interface()

    /// A head that asks for nothing.
    public init(family: UInt8) {
        self.family = family
        let size = family == 10 ? 16 : 4
        source = Address(anyOf: size)
        destination = Address(anyOf: size)
    }

    /// The same in C.
    var shim: cxt_head {
        var head = cxt_head()
        head.family = family
        head.protocol = transport
        head.flags = flags
        head.inversions = inversions.rawValue
        copy(source.bytes, to: &head.source)
        copy(source.mask, to: &head.source_mask)
        copy(destination.bytes, to: &head.destination)
        copy(destination.mask, to: &head.destination_mask)
        copy(input.name, to: &head.input)
        copy(output.name, to: &head.output)
        return head
    }

    private func copy<Field>(_ bytes: [UInt8], to field: inout Field) {
        withUnsafeMutableBytes(of: &field) { room in
            for (index, byte) in bytes.prefix(room.count).enumerated() { room[index] = byte }
        }
    }
}
