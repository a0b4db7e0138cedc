import NetlinkProto

/// What an anonymous set holds, and what nft tells the kernel about it.
struct SetKind: Hashable, Sendable {
    /// nft's number of the key's data type.
    var keyType: UInt32
    /// Bytes of a key.
    var keyLength: UInt32
    /// How the bytes of a key are ordered, in nft's numbers: 0 mixed, 1 host, 2 network.
    var byteOrder: UInt32
    /// What the key is compared with, in the encoding of nft's userdata.
    var typeOf: [UInt8]

    /// Values of a header's field; `header` and `field` are nft's numbers.
    ///
    /// - Source: nftables `include/proto.h`, `enum proto_desc_id`; `src/payload.c`, `payload_expr_build_udata`.
    static func payload(
        keyType: UInt32, length: UInt32, header: UInt32, field: UInt32
    ) -> SetKind {
        SetKind(
            keyType: keyType, keyLength: length, byteOrder: 2,
            typeOf: payloadType(header: header, field: field))
    }

    /// nft's encoding of "this field of this header".
    static func payloadType(header: UInt32, field: UInt32) -> [UInt8] {
        typeOf(expression: 7, triple(0, header.hostBytes) + triple(1, field.hostBytes))
    }

    /// nft's encoding of an expression: its number and its own data.
    static func typeOf(expression: UInt32, _ data: [UInt8]) -> [UInt8] {
        triple(0, expression.hostBytes) + triple(1, data)
    }

    /// Several fields behind each other, each padded to four bytes.
    static func concatenation(_ fields: [SetKind]) -> SetKind {
        var inner: [UInt8] = []
        for (index, field) in fields.enumerated() {
            inner += triple(UInt8(index), field.typeOf)
        }
        return SetKind(
            keyType: fields.reduce(0) { $0 << 6 | $1.keyType },
            keyLength: fields.reduce(0) { $0 + ($1.keyLength + 3) & ~3 },
            byteOrder: 0, typeOf: typeOf(expression: 13, inner))
    }

    /// A type, a length and a value, as libnftnl's userdata has them.
    static func triple(_ type: UInt8, _ value: [UInt8]) -> [UInt8] {
        [type, UInt8(truncatingIfNeeded: value.count)] + value
    }
}

extension AnonymousSet {
    /// A set of single values.
    init(_ kind: SetKind, values: [[UInt8]]) {
        let elements = Set(values).sorted { $0.lexicographicallyPrecedes($1) }
            .map { SetElement(key: $0) }
        self.init(kind, flags: [], elements: elements, mergesRanges: nil)
    }

    /// A set of ranges; those that touch or overlap become one, as nft does it.
    init(_ kind: SetKind, ranges: [(lower: [UInt8], upper: [UInt8])]) {
        var elements: [SetElement] = []
        for (lower, upper) in AnonymousSet.merged(ranges) {
            if elements.isEmpty, lower.contains(where: { $0 != 0 }) {
                // The kernel's tree wants to know that nothing comes before the first range.
                elements.append(
                    SetElement(
                        key: [UInt8](repeating: 0, count: lower.count),
                        flags: SetElement.intervalEnd))
            }
            elements.append(SetElement(key: lower))
            if let end = Bytes.successor(upper) {
                elements.append(SetElement(key: end, flags: SetElement.intervalEnd))
            } else {
                elements[elements.count - 1].userData = AnonymousSet.openRange
            }
        }
        self.init(kind, flags: .interval, elements: elements, mergesRanges: true)
    }

    /// A set of concatenations whose fields may be ranges.
    init(_ kind: SetKind, fields: [UInt32], boxes: [(lower: [UInt8], upper: [UInt8])]) {
        self.init(
            kind, flags: [.interval, .concatenation],
            elements: boxes.map { SetElement(key: $0.lower, keyEnd: $0.upper) },
            mergesRanges: true, fields: fields)
    }

    private init(
        _ kind: SetKind, flags: SetBody.Flags, elements: [SetElement], mergesRanges: Bool?,
        fields: [UInt32] = []
    ) {
        var userData = SetKind.triple(0, kind.byteOrder.hostBytes)
        if let mergesRanges {
            userData += SetKind.triple(2, UInt32(mergesRanges ? 1 : 0).hostBytes)
        }
        userData += SetKind.triple(3, kind.typeOf)
        var body = SetBody(
            flags: flags.union([.anonymous, .constant]), keyType: kind.keyType,
            keyLength: kind.keyLength, userData: userData)
        body.sizeElements = UInt32(clamping: elements.count)
        body.fieldLengths = fields
        self.init(body: body, elements: elements)
    }

    /// nft's mark for a range that has no end, `NFTNL_UDATA_SET_ELEM_FLAGS` = `SET_ELEM_F_INTERVAL_OPEN`.
    private static let openRange = SetKind.triple(1, UInt32(1).hostBytes)

    /// The ranges in order, with those that touch or overlap joined.
    static func merged(
        _ ranges: [(lower: [UInt8], upper: [UInt8])]
    ) -> [(lower: [UInt8], upper: [UInt8])] {
        var result: [(lower: [UInt8], upper: [UInt8])] = []
        for range in ranges.sorted(by: { $0.lower.lexicographicallyPrecedes($1.lower) }) {
            guard let last = result.last else {
                result.append(range)
                continue
            }
            if let gap = Bytes.successor(last.upper), gap.lexicographicallyPrecedes(range.lower) {
                result.append(range)
            } else if last.upper.lexicographicallyPrecedes(range.upper) {
                result[result.count - 1].upper = range.upper
            }
        }
        return result
    }

    /// The single values of a set without ranges; nil for any other.
    var values: [[UInt8]]? {
        guard body.flags == [.anonymous, .constant],
            elements.allSatisfy({ $0.flags == 0 && $0.keyEnd == nil && $0.data == nil })
        else { return nil }
        return elements.map(\.key)
    }

    /// The ranges of a set of ranges; nil for any other.
    var ranges: [(lower: [UInt8], upper: [UInt8])]? {
        guard body.flags == [.anonymous, .constant, .interval] else { return nil }
        var result: [(lower: [UInt8], upper: [UInt8])] = []
        var start: [UInt8]?
        for element in elements {
            guard element.keyEnd == nil, element.data == nil else { return nil }
            if element.flags == 0 {
                guard start == nil else { return nil }
                start = element.key
            } else if let lower = start {
                guard let upper = Bytes.predecessor(element.key) else { return nil }
                result.append((lower, upper))
                start = nil
            }
        }
        if let start { result.append((start, [UInt8](repeating: 0xFF, count: start.count))) }
        return result
    }
}
