import NetlinkProto

/// The elements of a set as people read them: addresses, ports and names by the type of the set's key, ranges as one.
enum ElementText {
    /// The elements in the order of their keys; each range is one of them.
    static func list(_ elements: [SetElement], of set: SetBody) -> [String] {
        let isInterval = set.flags.contains(.interval)
        let key = ValueText(type: set.keyType, length: Int(set.keyLength), isBigEndian: isInterval)
        guard isInterval, !set.flags.contains(.concatenation) else {
            return elements.sorted().map { text(of: $0, key: keyText($0, key), set) }
        }
        return ranges(elements.sorted(), key, set)
    }

    /// One element alone; of a range, one of its two ends.
    static func one(_ element: SetElement, of set: SetBody) -> String {
        let key = ValueText(
            type: set.keyType, length: Int(set.keyLength),
            isBigEndian: set.flags.contains(.interval))
        let text = text(of: element, key: keyText(element, key), set)
        return element.isRangeEnd ? text + " (behind a range)" : text
    }

    /// One element, with what is known of its set.
    private static func text(of element: SetElement, key: String, _ set: SetBody) -> String {
        var text = key
        if let data = element.data { text += " : " + dataText(data, set) }
        if let object = element.object { text += " : object \(PlainText.escaped(object))" }
        return text + ObjectText.comment(element)
    }

    private static func keyText(_ element: SetElement, _ key: ValueText) -> String {
        if element.key.isEmpty { return "*" }
        guard let end = element.keyEnd else { return key.text(element.key) }
        return key.text(from: element.key, to: end)
    }

    private static func dataText(_ data: ExpressionData, _ set: SetBody) -> String {
        switch data {
        case .verdict(let verdict): return ObjectText.words(verdict)
        case .value(let bytes):
            guard let type = set.dataType else { return HexBytes.text(bytes) }
            return ValueText(type: type, length: bytes.count, isBigEndian: false).text(bytes)
        }
    }

    /// Puts each first key of a range together with the first key behind it.
    private static func ranges(
        _ elements: [SetElement], _ key: ValueText, _ set: SetBody
    ) -> [String] {
        var texts: [String] = []
        for (index, element) in elements.enumerated() where !element.isRangeEnd {
            let next = elements.dropFirst(index + 1).first
            let last = lastKey(of: element, next)
            texts.append(
                text(
                    of: element,
                    key: element.key.isEmpty ? "*" : key.text(from: element.key, to: last), set))
        }
        return texts
    }

    /// Without an end, a range goes to the end of all keys, or to the next range.
    private static func lastKey(of element: SetElement, _ next: SetElement?) -> [UInt8] {
        if let next, !next.key.isEmpty { return predecessor(next.key) }
        return [UInt8](repeating: 0xFF, count: element.key.count)
    }

    private static func predecessor(_ key: [UInt8]) -> [UInt8] {
        var bytes = key
        for index in bytes.indices.reversed() {
            defer { bytes[index] &-= 1 }
            if bytes[index] != 0 { break }
        }
        return bytes
    }
}

/// Values of one of nft's data types, or of several behind each other, as text.
///
/// - Source: nftables `include/datatype.h`, `enum datatypes`; of a concatenation the number has six bits for each field.
private struct ValueText {
    private let fields: [Field]

    fileprivate struct Field {
        let type: UInt32
        let length: Int
        let isBigEndian: Bool
    }

    /// - Parameter isBigEndian: of all types, also of those that are in the host's order elsewhere.
    init(type: UInt32, length: Int, isBigEndian: Bool) {
        var types: [UInt32] = []
        var rest = type
        while rest != 0 {
            types.insert(rest & 63, at: 0)
            rest >>= 6
        }
        guard types.count > 1 else {
            fields = [Field(type: type, length: length, isBigEndian: isBigEndian)]
            return
        }
        let known = types.map { Field.lengths[$0] }
        let total = known.reduce(0) { $0 + (($1 ?? 0) + 3) & ~3 }
        // A field of a length that is not known makes the places of all others unknown.
        fields =
            known.contains(nil) || total != length
            ? [Field(type: 0, length: length, isBigEndian: true)]
            : zip(types, known).map { Field(type: $0, length: $1 ?? 0, isBigEndian: false) }
    }

    /// One value.
    func text(_ bytes: [UInt8]) -> String {
        zip(fields, parts(bytes)).map { $0.text($1) }.joined(separator: " . ")
    }

    /// The values from one to another, both included.
    func text(from first: [UInt8], to last: [UInt8]) -> String {
        zip(fields, zip(parts(first), parts(last))).map { $0.text(from: $1.0, to: $1.1) }
            .joined(separator: " . ")
    }

    private func parts(_ bytes: [UInt8]) -> [[UInt8]] {
        guard fields.count > 1 else { return [bytes] }
        var rest = bytes[...]
        return fields.map { field in
            defer { rest = rest.dropFirst((field.length + 3) & ~3) }
            return Array(rest.prefix(field.length))
        }
    }
}

extension ValueText.Field {
    /// Bytes of a value, of the types that concatenations are made of.
    static let lengths: [UInt32: Int] = [
        7: 4, 8: 16, 9: 6, 10: 2, 12: 1, 13: 2, 19: 4, 20: 4, 24: 4, 25: 4, 41: 16,
    ]

    func text(from first: [UInt8], to last: [UInt8]) -> String {
        if first == last { return text(first) }
        if first.allSatisfy({ $0 == 0 }), last.allSatisfy({ $0 == 0xFF }), type != 7, type != 8 {
            return "*"
        }
        if [7, 8].contains(type), let prefix = prefixLength(first, last) {
            return "\(text(first))/\(prefix)"
        }
        return "\(text(first))-\(text(last))"
    }

    func text(_ bytes: [UInt8]) -> String {
        switch type {
        case 7 where bytes.count == 4, 8 where bytes.count == 16: Address(bytes).text
        case 9 where bytes.count == 6: bytes.map { HexBytes.text([$0]) }.joined(separator: ":")
        case 12 where bytes.count == 1: ProtocolName.name(bytes[0])
        case 13 where bytes.count == 2: "\(number(bytes, isBigEndian: true))"
        case 19 where bytes.count == 4: "0x" + String(number(bytes, isBigEndian), radix: 16)
        case 20 where bytes.count == 4, 24 where bytes.count == 4, 25 where bytes.count == 4:
            "\(number(bytes, isBigEndian))"
        case 5, 41: PlainText.escaped(string(bytes))
        default: HexBytes.text(bytes)
        }
    }

    private func number(_ bytes: [UInt8], _ isBigEndian: Bool) -> UInt64 {
        (isBigEndian ? bytes : bytes.reversed()).reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func number(_ bytes: [UInt8], isBigEndian: Bool) -> UInt64 {
        number(bytes, isBigEndian)
    }

    private func string(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// How many bits all keys of a range have in common, if it has all keys with them.
    private func prefixLength(_ first: [UInt8], _ last: [UInt8]) -> Int? {
        let differ = zip(first, last).map { $0 ^ $1 }
        let same = differ.prefix { $0 == 0 }.count
        let bits = same * 8 + (same < differ.count ? differ[same].leadingZeroBitCount : 0)
        for index in 0..<first.count * 8 where index >= bits {
            let bit = UInt8(0x80) >> UInt8(index & 7)
            guard first[index / 8] & bit == 0, last[index / 8] & bit != 0 else { return nil }
        }
        return bits
    }
}

extension SetElement {
    /// Whether it is the first key behind a range.
    fileprivate var isRangeEnd: Bool { flags & SetElement.intervalEnd != 0 }
}
