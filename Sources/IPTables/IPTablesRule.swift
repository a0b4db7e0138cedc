import NetlinkProto
import XTables

/// A rule as iptables sees it: a head, matches and what is done.
struct IPTablesRule: Hashable {
    /// What is done with a packet that all matches hold for.
    enum Action: Hashable {
        /// Nothing but counting.
        case none
        /// ACCEPT, DROP or RETURN.
        case verdict(Verdict)
        /// `-j CHAIN` or `-g CHAIN`.
        case chain(String, isGoto: Bool)
        /// A target of the kernel's xt modules.
        case target(ExtensionInfo)
        /// `-j NFLOG`, with a prefix that may be longer than the target's structure has room for.
        case log(ExtensionInfo, prefix: String)
        /// `-j TRACE`.
        case trace(ExtensionInfo)
    }

    var head: RuleHead
    /// What rules of arptables ask for beside addresses and interfaces.
    var arp = ARPHead()
    /// What rules of ebtables ask for beside interfaces.
    var bridge = BridgeHead()
    var matches: [ExtensionInfo] = []
    /// Which of the matches are watchers of ebtables.
    var watchers: Set<Int> = []
    var action = Action.none
    var counter = CounterExpression()
    /// Whether there is a counter, as there is in all rules of iptables.
    var hasCounter = true

    init(family: Family) {
        head = RuleHead(family: family.rawValue)
    }
}

extension ExtensionInfo {
    /// The number of two bytes at `offset`, in host order; 0 behind the end.
    func uint16(at offset: Int) -> UInt16 {
        guard offset + 2 <= info.count else { return 0 }
        return info.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt16.self) }
    }

    /// The number of four bytes at `offset`, in host order; 0 behind the end.
    func uint32(at offset: Int) -> UInt32 {
        guard offset + 4 <= info.count else { return 0 }
        return info.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self) }
    }

    /// The byte at `offset`; 0 behind the end.
    func byte(at offset: Int) -> UInt8 { offset < info.count ? info[offset] : 0 }

    /// Puts bytes at `offset`; what is behind the end is left out.
    mutating func put(_ bytes: [UInt8], at offset: Int) {
        for (index, byte) in bytes.enumerated() where offset + index < info.count {
            info[offset + index] = byte
        }
    }

    /// Puts a number in host order at `offset`.
    mutating func put<Number: FixedWidthInteger>(_ number: Number, at offset: Int) {
        put(withUnsafeBytes(of: number) { Array($0) }, at: offset)
    }
}

extension FixedWidthInteger {
    /// The bytes in network order.
    var networkBytes: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }
    /// The bytes in host order.
    var memoryBytes: [UInt8] { withUnsafeBytes(of: self) { Array($0) } }
}
