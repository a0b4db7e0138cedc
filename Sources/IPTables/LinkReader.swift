import NetlinkProto
import XTables

/// Comparisons in rules of arptables and ebtables.
///
/// - Source: iptables 1.8.9, `iptables/nft-arp.c`, `nft_arp_parse_payload`; `iptables/nft-bridge.c`, `nft_bridge_parse_payload`.
extension ARPHead {
    /// Takes in what a comparison asks of a number of the header; false if it is not about one.
    mutating func take(
        _ payload: PayloadExpression, _ mask: [UInt8]?, _ compare: CompareExpression
    ) -> Bool {
        let isInverted = compare.operation == .notEqual
        func field() -> Field {
            func number(_ bytes: [UInt8]) -> UInt16 { bytes.reduce(0) { $0 << 8 | UInt16($1) } }
            return Field(
                value: number(compare.value), mask: mask.map(number) ?? .max,
                isInverted: isInverted)
        }
        guard compare.value.count <= 2 || payload.offset > ARPHead.operationOffset else {
            return false
        }
        switch payload.offset {
        case ARPHead.hardwareTypeOffset: hardwareType = field()
        case ARPHead.protocolTypeOffset: protocolType = field()
        case ARPHead.hardwareLengthOffset: hardwareLength = field()
        case ARPHead.protocolLengthOffset: break
        case ARPHead.operationOffset: operation = field()
        case ARPHead.sourceOffset: source = Address(payload, mask, compare) ?? source
        case ARPHead.targetOffset: target = Address(payload, mask, compare) ?? target
        default: return false
        }
        return true
    }
}

extension ARPHead.Address {
    /// What a comparison asks of up to six bytes; the others are zero.
    init?(_ payload: PayloadExpression, _ mask: [UInt8]?, _ compare: CompareExpression) {
        let count = compare.value.count
        guard payload.length == UInt32(count), count <= 6 else { return nil }
        let rest = [UInt8](repeating: 0, count: 6 - count)
        let bits = (mask ?? [UInt8](repeating: 0xFF, count: count)) + rest
        self.init(
            address: RuleOptions.HardwareAddress(bytes: compare.value + rest, mask: bits),
            isInverted: compare.operation == .notEqual)
    }
}

extension BridgeHead {
    /// Takes in what a comparison asks of the frame; false if it is not about it.
    mutating func take(
        _ payload: PayloadExpression, _ mask: [UInt8]?, _ compare: CompareExpression
    ) -> Bool {
        switch payload.offset {
        case BridgeHead.destinationOffset:
            destination = ARPHead.Address(payload, mask, compare)
        case BridgeHead.sourceOffset: source = ARPHead.Address(payload, mask, compare)
        case BridgeHead.typeOffset where compare.value.count == 2:
            let type = UInt16(compare.value[0]) << 8 | UInt16(compare.value[1])
            content = type == BridgeHead.firstType ? .length : .type(type)
            contentIsInverted =
                compare.operation == .notEqual || compare.operation == .greaterOrEqual
        default: return false
        }
        return true
    }
}
