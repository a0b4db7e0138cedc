/// Whether something holds, as far as it can be told.
enum Truth: Sendable, Equatable {
    case yes
    case no
    case unknown

    /// Whether both hold.
    func and(_ other: Truth) -> Truth {
        if self == .no || other == .no { return .no }
        return self == .yes && other == .yes ? .yes : .unknown
    }

    /// Whether one of them holds.
    func or(_ other: Truth) -> Truth { inverted.and(other.inverted).inverted }

    /// Whether it does not hold.
    var inverted: Truth {
        switch self {
        case .yes: .no
        case .no: .yes
        case .unknown: .unknown
        }
    }
}

/// Bytes of which some bits may be unknown.
struct PartialBytes: Sendable, Equatable {
    /// The bits; those that are not known are 0.
    private(set) var value: [UInt8]
    /// Which bits are known.
    private(set) var known: [UInt8]

    /// Bytes that are known.
    init(_ bytes: [UInt8]) {
        value = bytes
        known = [UInt8](repeating: 255, count: bytes.count)
    }

    /// Bytes of which nothing is known.
    init(unknown count: Int) {
        value = [UInt8](repeating: 0, count: count)
        known = value
    }

    /// Bytes of which some bits are known; `value` and `known` have one length.
    init(value: [UInt8], known: [UInt8]) {
        self.value = zip(value, known).map { $0 & $1 }
        self.known = known
    }

    /// How many bytes there are.
    var count: Int { value.count }
    /// Whether all bits are known.
    var isKnown: Bool { known.allSatisfy { $0 == 255 } }
    /// The least that the bytes may be.
    var least: [UInt8] { value }
    /// The most that the bytes may be.
    var most: [UInt8] { zip(value, known).map { $0 | ~$1 } }

    /// So many bytes from an offset; those beyond the end are unknown.
    func slice(_ offset: Int, _ length: Int) -> PartialBytes {
        var part = PartialBytes(unknown: length)
        for index in 0..<length where value.indices.contains(offset + index) {
            part.value[index] = value[offset + index]
            part.known[index] = known[offset + index]
        }
        return part
    }

    /// Puts bytes in place; what would lie beyond the end is left out.
    mutating func replace(at offset: Int, with bytes: PartialBytes) {
        for index in bytes.value.indices where value.indices.contains(offset + index) {
            value[offset + index] = bytes.value[index]
            known[offset + index] = bytes.known[index]
        }
    }

    /// Forgets the bits that are not the same in `other`, which is as long.
    mutating func forgetDifferences(from other: PartialBytes) {
        for (index, (value, known)) in zip(other.value, other.known).enumerated()
        where value != self.value[index] || known != self.known[index] {
            self.known[index] &= known & ~(value ^ self.value[index])
            self.value[index] &= self.known[index]
        }
    }

    /// `(self & mask) ^ xor`: a bit that is masked out is known to be 0.
    func masked(_ mask: [UInt8], xor: [UInt8]) -> PartialBytes {
        var result = self
        for index in value.indices {
            let mask = index < mask.count ? mask[index] : 0
            let xor = index < xor.count ? xor[index] : 0
            result.known[index] = known[index] | ~mask
            result.value[index] = ((value[index] & mask) ^ xor) & result.known[index]
        }
        return result
    }

    /// The bytes with each group of `size` turned round.
    func turned(groupsOf size: Int) -> PartialBytes {
        guard size > 0 else { return PartialBytes(unknown: count) }
        var result = self
        for start in stride(from: 0, to: count - count % size, by: size) {
            for index in 0..<size {
                result.value[start + index] = value[start + size - 1 - index]
                result.known[start + index] = known[start + size - 1 - index]
            }
        }
        return result
    }

    // MARK: Comparing

    /// Whether the first bytes are these.
    func equals(_ bytes: [UInt8]) -> Truth {
        guard bytes.count <= count else { return .unknown }
        var result = Truth.yes
        for (index, byte) in bytes.enumerated() {
            if (value[index] ^ byte) & known[index] != 0 { return .no }
            if known[index] != 255 { result = .unknown }
        }
        return result
    }

    /// Whether the first bytes stand before these.
    func precedes(_ bytes: [UInt8]) -> Truth {
        guard bytes.count <= count else { return .unknown }
        if most.prefix(bytes.count).lexicographicallyPrecedes(bytes) { return .yes }
        return least.prefix(bytes.count).lexicographicallyPrecedes(bytes) ? .unknown : .no
    }

    /// Whether the first bytes stand behind these.
    func follows(_ bytes: [UInt8]) -> Truth {
        guard bytes.count <= count else { return .unknown }
        if bytes.lexicographicallyPrecedes(least.prefix(bytes.count)) { return .yes }
        return bytes.lexicographicallyPrecedes(most.prefix(bytes.count)) ? .unknown : .no
    }

    /// Whether the bytes lie within a range, both ends included.
    func lies(from: [UInt8], to: [UInt8]) -> Truth {
        precedes(from).inverted.and(follows(to).inverted)
    }
}
