import NetlinkProto
import RuleSyntax
import XTables

/// What a rule of ebtables asks of the frame, beside the ports that it comes and goes by, which are in ``RuleHead``.
///
/// - Source: linux `include/uapi/linux/netfilter_bridge/ebtables.h`, `struct ebt_entry`.
struct BridgeHead: Hashable {
    /// What the frame carries.
    enum Content: Hashable {
        /// An Ethernet type.
        case type(UInt16)
        /// A length instead: a frame of IEEE 802.3.
        case length
    }

    var content: Content?
    var contentIsInverted = false
    var source: ARPHead.Address?
    var destination: ARPHead.Address?
    var logicalInput = RuleHead.Interface()
    var logicalInputIsInverted = false
    var logicalOutput = RuleHead.Interface()
    var logicalOutputIsInverted = false

    static let destinationOffset: UInt32 = 0
    static let sourceOffset: UInt32 = 6
    static let typeOffset: UInt32 = 12
    /// Below it a type is a length.
    static let firstType: UInt16 = 0x0600
}

// MARK: Expressions

extension ExpressionWriter {
    /// - Source: iptables 1.8.9, `iptables/nft-bridge.c`, `nft_bridge_add`.
    mutating func writeBridgeHead() throws(RuleSyntaxError) {
        let (head, bridge) = (rule.head, rule.bridge)
        write(head.input, .inputInterfaceName, isInverted: head.inversions.contains(.input))
        write(head.output, .outputInterfaceName, isInverted: head.inversions.contains(.output))
        write(
            bridge.logicalInput, .bridgeInputName, isInverted: bridge.logicalInputIsInverted)
        write(
            bridge.logicalOutput, .bridgeOutputName, isInverted: bridge.logicalOutputIsInverted)
        write(bridge.source, at: BridgeHead.sourceOffset)
        write(bridge.destination, at: BridgeHead.destinationOffset)
        guard let content = bridge.content else { return }
        load(.link, BridgeHead.typeOffset, 2)
        switch content {
        case .type(let type): compare(type.networkBytes, isInverted: bridge.contentIsInverted)
        case .length:
            compare(
                BridgeHead.firstType.networkBytes,
                bridge.contentIsInverted ? .greaterOrEqual : .less)
        }
    }

    private mutating func write(_ address: ARPHead.Address?, at offset: UInt32) {
        guard let address else { return }
        let mask = address.address.mask
        // A mask of whole bytes is a shorter comparison.
        let whole = mask.prefix { $0 == 0xFF }.count
        let isOfBytes = whole > 0 && !mask[whole...].contains { $0 != 0 }
        let length = isOfBytes ? whole : mask.count
        load(.link, offset, length)
        if !isOfBytes { self.mask(mask) }
        compare(Array(address.address.bytes.prefix(length)), isInverted: address.isInverted)
    }
}

// MARK: Text

extension BridgeHead {
    /// The words of a rule's head, each with a blank behind it.
    ///
    /// - Source: iptables 1.8.9, `iptables/nft-bridge.c`, `nft_bridge_save_rule`.
    func text(_ head: RuleHead, _ session: XTablesSession) -> String {
        var text = ""
        func add(_ option: String, _ value: String, _ isInverted: Bool) {
            text += "\(option) \(isInverted ? "! " : "")\(value) "
        }
        func add(_ option: String, _ interface: RuleHead.Interface, _ isInverted: Bool) {
            if !interface.isAny { add(option, interface.text, isInverted) }
        }
        switch content {
        case nil: break
        case .length: add("-p", "Length", contentIsInverted)
        case .type(let type):
            let name = session.etherTypeName(type) ?? "0x" + String(type, radix: 16)
            add("-p", name, contentIsInverted)
        }
        if let source { add("-s", source.address.text, source.isInverted) }
        if let destination { add("-d", destination.address.text, destination.isInverted) }
        add("-i", head.input, head.inversions.contains(.input))
        add("--logical-in", logicalInput, logicalInputIsInverted)
        add("-o", head.output, head.inversions.contains(.output))
        add("--logical-out", logicalOutput, logicalOutputIsInverted)
        return text
    }
}
