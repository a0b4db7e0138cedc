import NetlinkProto

/// Ethernet addresses, and the bits of them that count.
enum HardwareAddress {
    /// Names for an address with its mask, as ebtables has them.
    static let names: [(name: String, value: [UInt8], mask: [UInt8])] = [
        ("Unicast", [0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0]),
        ("Multicast", [1, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0]),
        ("Broadcast", whole, whole),
        // The group address of all bridges (IEEE 802.1D).
        ("BGA", [0x01, 0x80, 0xC2, 0, 0, 0], whole),
    ]

    private static let whole = [UInt8](repeating: 0xFF, count: 6)

    /// Reads six bytes, such as `00:11:22:aa:bb:cc`.
    static func parse(_ word: Word) throws(RuleSyntaxError) -> [UInt8] {
        try parse(word.text[...], at: word.index)
    }

    static func parse(_ text: Substring, at index: Int) throws(RuleSyntaxError) -> [UInt8] {
        var bytes: [UInt8] = []
        for part in text.split(separator: ":", omittingEmptySubsequences: false) {
            guard part.utf8.count <= 2, let number = Number.value("0x" + part),
                let byte = UInt8(exactly: number)
            else { break }
            bytes.append(byte)
        }
        guard bytes.count == 6, text.utf8.count <= 17 else {
            throw RuleSyntaxError(
                "“\(text)” is not an Ethernet address", at: index,
                hint: "six bytes, such as 00:11:22:aa:bb:cc")
        }
        return bytes
    }

    /// Reads `ADDRESS`, `ADDRESS/MASK` or one of ``names``; a mask of nil is one of all bits.
    static func parseMasked(
        _ word: Word
    ) throws(RuleSyntaxError) -> (value: [UInt8], mask: [UInt8]?) {
        if let named = names.first(where: { $0.name.lowercased() == word.text.lowercased() }) {
            return (named.value, named.mask == whole ? nil : named.mask)
        }
        let parts = word.text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let value = try parse(parts[0], at: word.index)
        guard parts.count == 2 else { return (value, nil) }
        let mask = try parse(parts[1], at: word.index)
        guard mask.contains(where: { $0 != 0 }) else {
            throw RuleSyntaxError("a mask of zeros asks for nothing", at: word.index)
        }
        let masked = zip(value, mask).map { $0 & $1 }
        return (masked, mask == whole ? nil : mask)
    }

    /// Six bytes with colons.
    static func text(_ bytes: [UInt8]) -> String {
        bytes.map { HexBytes.text([$0]) }.joined(separator: ":")
    }

    /// The text that ``parseMasked(_:)`` reads.
    static func text(_ value: [UInt8], mask: [UInt8]?) -> String {
        let mask = mask ?? whole
        if let named = names.first(where: { $0.value == value && $0.mask == mask }) {
            return named.name
        }
        return text(value) + (mask == whole ? "" : "/" + text(mask))
    }
}
