import XTables

extension RuleOptions.HardwareAddress {
    private static let names: [(name: String, bytes: [UInt8], mask: [UInt8])] = [
        ("Unicast", [0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0]),
        ("Multicast", [1, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0]),
        ("Broadcast", allOnes, allOnes),
        ("BGA", [0x01, 0x80, 0xC2, 0, 0, 0], allOnes),
    ]
    private static let allOnes = [UInt8](repeating: 0xFF, count: 6)

    /// The address as ebtables and arptables write it: one of its names, or numbers, with a mask unless all bits count.
    var text: String {
        let known = Self.names.first { $0.bytes == bytes && $0.mask == mask }
        return known?.name ?? numbers
    }

    /// The same without names, as arptables writes it.
    var numbers: String {
        let address = Self.text(bytes)
        return mask == Self.allOnes ? address : address + "/" + Self.text(mask)
    }

    private static func text(_ bytes: [UInt8]) -> String {
        bytes.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count < 2 ? "0" + digits : digits
        }.joined(separator: ":")
    }
}
