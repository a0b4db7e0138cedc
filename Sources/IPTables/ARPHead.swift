import NetlinkProto
import RuleSyntax
import XTables

/// What a rule of arptables asks of the ARP header, beside the addresses of IP, which are in ``RuleHead``.
///
/// - Source: linux `include/uapi/linux/netfilter_arp/arp_tables.h`, `struct arpt_arp`.
struct ARPHead: Hashable {
    /// A number of the header.
    struct Field: Hashable {
        var value: UInt16
        var mask: UInt16 = .max
        var isInverted = false

        /// Whether it asks for something: zero stands for anything.
        var isAsked: Bool { value != 0 || mask != .max || isInverted }
    }

    /// A hardware address.
    struct Address: Hashable {
        var address: RuleOptions.HardwareAddress
        var isInverted = false
    }

    /// Ethernet unless something else is given.
    var hardwareType = Field(value: 1)
    var protocolType = Field(value: 0)
    /// The mask is 255 for all bits; the kernel's field has one byte.
    var hardwareLength = Field(value: 6)
    var operation = Field(value: 0)
    var source: Address?
    var target: Address?

    /// Names of the operations, the first is 1.
    static let operations = [
        "Request", "Reply", "Request_Reverse", "Reply_Reverse", "DRARP_Request", "DRARP_Reply",
        "DRARP_Error", "InARP_Request", "ARP_NAK",
    ]

    // MARK: Where it is in the header

    static let hardwareTypeOffset: UInt32 = 0
    static let protocolTypeOffset: UInt32 = 2
    static let hardwareLengthOffset: UInt32 = 4
    static let protocolLengthOffset: UInt32 = 5
    static let operationOffset: UInt32 = 6
    static let sourceOffset: UInt32 = 8
    static let sourceAddressOffset: UInt32 = 14
    static let targetOffset: UInt32 = 18
    static let targetAddressOffset: UInt32 = 24
}

extension ARPHead.Field {
    /// A number with its mask behind a slash; nil if it is none.
    init?(_ text: String, base: Int32, limit: Int = 0xFFFF) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let value = Self.number(parts[0], base), value <= limit else { return nil }
        self.init(value: UInt16(value))
        guard parts.count == 2 else { return }
        guard let mask = Self.number(parts[1], base), mask <= limit else { return nil }
        self.mask = UInt16(mask)
    }

    /// A number as strtol(3) reads it; base 0 for all of its notations.
    private static func number(_ text: Substring, _ base: Int32) -> Int? {
        let isHexadecimal = text.hasPrefix("0x") || text.hasPrefix("0X")
        switch base {
        case 10: return Int(text).flatMap { $0 < 0 ? nil : $0 }
        case 16: return Int(isHexadecimal ? text.dropFirst(2) : text, radix: 16)
        default:
            if isHexadecimal { return Int(text.dropFirst(2), radix: 16) }
            return text.count > 1 && text.hasPrefix("0") ? Int(text, radix: 8) : Int(text)
        }
    }
}

// MARK: Expressions

extension ExpressionWriter {
    /// - Source: iptables 1.8.9, `iptables/nft-arp.c`, `nft_arp_add`.
    mutating func writeARPHead() throws(RuleSyntaxError) {
        let (head, arp) = (rule.head, rule.arp)
        write(head.input, .inputInterfaceName, isInverted: head.inversions.contains(.input))
        write(head.output, .outputInterfaceName, isInverted: head.inversions.contains(.output))
        write(arp.hardwareType, at: ARPHead.hardwareTypeOffset)
        write(arp.protocolType, at: ARPHead.protocolTypeOffset)
        write(arp.hardwareLength, at: ARPHead.hardwareLengthOffset, isByte: true)
        load(.network, ARPHead.protocolLengthOffset, 1)
        compare([4], isInverted: false)
        write(arp.operation, at: ARPHead.operationOffset)
        try write(arp.source, at: ARPHead.sourceOffset)
        try write(
            head.source, at: ARPHead.sourceAddressOffset,
            isInverted: head.inversions.contains(.source), "-s")
        try write(arp.target, at: ARPHead.targetOffset)
        try write(
            head.destination, at: ARPHead.targetAddressOffset,
            isInverted: head.inversions.contains(.destination), "-d")
    }

    private mutating func write(_ field: ARPHead.Field, at offset: UInt32, isByte: Bool = false) {
        guard field.isAsked else { return }
        func bytes(_ number: UInt16) -> [UInt8] {
            isByte ? [UInt8(truncatingIfNeeded: number)] : number.networkBytes
        }
        load(.network, offset, isByte ? 1 : 2)
        if field.mask != .max { mask(bytes(field.mask)) }
        compare(bytes(field.value), isInverted: field.isInverted)
    }

    private mutating func write(
        _ address: ARPHead.Address?, at offset: UInt32
    ) throws(RuleSyntaxError) {
        guard let address else { return }
        try write(
            RuleHead.Address(bytes: address.address.bytes, mask: address.address.mask),
            at: offset, isInverted: address.isInverted, "--src-mac")
    }
}

// MARK: Text

extension ARPHead {
    /// The words of a rule from its target to its numbers; `target` is what stands behind `-j`.
    ///
    /// - Source: iptables 1.8.9, `iptables/nft-arp.c`, `nft_arp_print_rule_details`.
    func words(
        _ head: RuleHead, target: String, interfaces: Bool, numeric: Bool,
        address: (RuleHead.Address) throws(XTablesError) -> String
    ) throws(XTablesError) -> String {
        var words: [String] = []
        func add(_ option: String, _ value: String, _ isInverted: Bool) {
            words.append("\(isInverted ? "! " : "")\(option) \(value)")
        }
        func add(_ option: String, _ interface: RuleHead.Interface, _ isInverted: Bool) {
            let isAny = interface.isAny || (interface.text == "+" && !isInverted)
            if isAny, !interfaces { return }
            add(option, isAny ? (numeric ? "*" : "any") : interface.text, isInverted)
        }
        if !target.isEmpty { add("-j", target, false) }
        add("-i", head.input, head.inversions.contains(.input))
        add("-o", head.output, head.inversions.contains(.output))
        if head.source.mask.contains(where: { $0 != 0 }) {
            add("-s", try address(head.source), head.inversions.contains(.source))
        }
        if let source { add("--src-mac", source.address.numbers, source.isInverted) }
        if head.destination.mask.contains(where: { $0 != 0 }) {
            add("-d", try address(head.destination), head.inversions.contains(.destination))
        }
        if let destination = self.target {
            add("--dst-mac", destination.address.numbers, destination.isInverted)
        }
        return (words + numbers(numeric)).joined(separator: " ")
    }

    private func numbers(_ numeric: Bool) -> [String] {
        func word(
            _ option: String, _ field: Field, unless usual: UInt16, hexadecimal: Bool,
            name: String? = nil
        ) -> [String] {
            guard field.mask != .max || field.isInverted || field.value != usual || field.isInverted
            else { return [] }
            func text(_ number: UInt16) -> String {
                hexadecimal ? "0x" + String(number, radix: 16) : "\(number)"
            }
            // arptables 1.8.9 leaves masks out, so that what it saves is another rule.
            let mask = field.mask == .max ? "" : "/" + text(field.mask)
            let value = (numeric ? nil : name) ?? text(field.value)
            return ["\(field.isInverted ? "! " : "")\(option) \(value)\(mask)"]
        }
        let code = Int(operation.value) - 1
        let name = ARPHead.operations.indices.contains(code) ? ARPHead.operations[code] : nil
        return word("--h-length", hardwareLength, unless: 6, hexadecimal: false)
            + word("--opcode", operation, unless: 0, hexadecimal: false, name: name)
            + word(
                // Read as hexadecimal, and shown by arptables 1.8.9 as decimal: one digit is both.
                "--h-type", hardwareType, unless: 1, hexadecimal: hardwareType.value > 9,
                name: hardwareType.value == 1 ? "Ethernet" : nil)
            + word(
                "--proto-type", protocolType, unless: 0, hexadecimal: true,
                name: protocolType.value == 0x800 ? "IPv4" : nil)
    }
}
