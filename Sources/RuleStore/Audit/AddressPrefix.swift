import Glibc

/// An address, or all addresses that begin with the same bits.
public struct AddressPrefix: Hashable, Sendable {
    /// The first address: 4 or 16 bytes, zero behind the prefix.
    public let address: [UInt8]
    /// How many bits count.
    public let length: Int

    /// The addresses that agree with `address` in the first `length` bits; all bits when left out.
    ///
    /// - Returns: `nil` if there are not 4 or 16 bytes, or not so many bits.
    public init?(_ address: [UInt8], length: Int? = nil) {
        let bits = address.count * 8
        guard bits == 32 || bits == 128, (0...bits).contains(length ?? bits) else { return nil }
        self.length = length ?? bits
        self.address = Self.masked(address, self.length)
    }

    /// How many bits an address has.
    public var bits: Int { address.count * 8 }

    /// The last address.
    var last: [UInt8] {
        zip(address, Self.masked([UInt8](repeating: 255, count: address.count), length))
            .map { $0 | ~$1 }
    }

    /// The prefix with fewer bits that contains this one.
    func shortened(to length: Int) -> [UInt8] { Self.masked(address, length) }

    private static func masked(_ address: [UInt8], _ length: Int) -> [UInt8] {
        if length == address.count * 8 { return address }
        return address.enumerated().map { index, byte in
            let kept = max(0, min(8, length - 8 * index))
            return kept == 0 ? 0 : byte & (0xFF << UInt8(8 - kept))
        }
    }
}

extension AddressPrefix: Comparable {
    /// Orders shorter addresses first, then by address, the wider prefix first: the order of the index.
    public static func < (left: AddressPrefix, right: AddressPrefix) -> Bool {
        if left.bits != right.bits { return left.bits < right.bits }
        let order = memcmp(left.address, right.address, left.address.count)
        return order == 0 ? left.length < right.length : order < 0
    }
}

extension AddressPrefix {
    /// The prefixes that make up a range, both ends included, from the first address to the last.
    ///
    /// - Returns: none if the ends are not of one length, or the wrong way round.
    public static func covering(_ from: [UInt8], _ to: [UInt8]) -> [AddressPrefix] {
        guard from.count == to.count, !to.lexicographicallyPrecedes(from) else { return [] }
        var prefixes: [AddressPrefix] = []
        var start = from
        while let prefix = longest(at: start, upTo: to) {
            prefixes.append(prefix)
            guard let next = successor(prefix.last), !to.lexicographicallyPrecedes(next) else {
                break
            }
            start = next
        }
        return prefixes
    }

    /// The shortest prefix that begins at `start` and does not go beyond `end`.
    private static func longest(at start: [UInt8], upTo end: [UInt8]) -> AddressPrefix? {
        var found = AddressPrefix(start)
        var length = start.count * 8 - 1
        while length >= 0, let wider = AddressPrefix(start, length: length),
            wider.address == start, !end.lexicographicallyPrecedes(wider.last)
        {
            found = wider
            length -= 1
        }
        return found
    }

    private static func successor(_ address: [UInt8]) -> [UInt8]? {
        var next = address
        for index in next.indices.reversed() {
            next[index] &+= 1
            if next[index] != 0 { return next }
        }
        return nil
    }
}
