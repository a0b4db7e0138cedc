import CXTables

/// What ebtables and arptables read beside what iptables reads.
extension RuleOptions {
    /// A match or a watcher of ebtables that a rule has.
    public struct Used: Hashable, Sendable {
        /// Its structure.
        public var info: ExtensionInfo
        /// Whether it is a watcher, which the kernel takes for a target.
        public var isWatcher: Bool
    }

    /// A hardware address and the bits of it that count.
    public struct HardwareAddress: Hashable, Sendable {
        /// Six bytes.
        public var bytes: [UInt8]
        /// As many.
        public var mask: [UInt8]

        /// An address.
        public init(bytes: [UInt8], mask: [UInt8]) {
            self.bytes = bytes
            self.mask = mask
        }
    }

    /// Makes the options of all matches and watchers of ebtables known: there they need no `-m`.
    ///
    /// - Throws: ``XTablesError`` if the library gives up.
    public func loadBridge() throws(XTablesError) {
        try XTablesSession.check(cxt_load_bridge())
    }

    /// Gives an option to the extension of ebtables that knows it, which comes into the rule by that.
    ///
    /// - Throws: ``XTablesError`` if none knows it, or the one that does refuses it.
    public func giveBridge(_ item: Int32, negated: Bool) throws(XTablesError) {
        try XTablesSession.check(cxt_bridge_option(item, negated))
    }

    /// The matches and watchers in the order in which they came into the rule.
    public var used: [Used] {
        var found: [Used] = []
        var shim = cxt_extension()
        var isTarget = false
        while cxt_used_at(Int32(found.count), &shim, &isTarget), let info = ExtensionInfo(shim) {
            found.append(Used(info: info, isWatcher: isTarget))
        }
        return found
    }

    /// A hardware address with its mask, or one of the names `Unicast`, `Multicast`, `Broadcast` and `BGA`; nil if it is none.
    public func hardwareAddress(_ text: String) -> HardwareAddress? {
        var address = HardwareAddress(
            bytes: [UInt8](repeating: 0, count: 6), mask: [UInt8](repeating: 0, count: 6))
        guard cxt_parse_mac(text, &address.bytes, &address.mask) == 0 else { return nil }
        return address
    }

    /// The number of an Ethernet type that `/etc/ethertypes` has a name for.
    public func etherType(_ name: String) -> UInt16? {
        var number: UInt16 = 0
        return cxt_ethertype_number(name, &number) ? number : nil
    }
}

extension XTablesSession {
    /// The name of an Ethernet type in `/etc/ethertypes`.
    public func etherTypeName(_ number: UInt16) -> String? {
        cxt_ethertype_name(number).map { String(cString: $0) }
    }
}
