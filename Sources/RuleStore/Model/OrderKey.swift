/// The place of a rule within its chain: a number with as many digits as it takes to stand between
/// any two others.
///
/// Why: an insert must touch one row, so a rule's place cannot be its index.
/// - Shape: digits in base 2^64, the most significant first, compared like words in a dictionary.
///   The last digit is never 0, so each place has one spelling and there is always room before a
///   key and after it. Almost all keys have a single digit; the rest of them live in an array.
/// - Limits: ``StoreLimits/orderKeyDigits`` digits.
public struct OrderKey: Hashable, Sendable {
    let first: UInt64
    let tail: [UInt64]

    /// The key of the first rule of a chain.
    public static let initial = OrderKey(first: 1 << 63, tail: [])

    /// The distance from the last rule of a chain to one that is appended, and from the first to
    /// one put before it.
    static let endStep: UInt64 = 1 << 32

    init(first: UInt64, tail: [UInt64]) {
        self.first = first
        self.tail = tail
    }

    /// How many digits the key has.
    public var digitCount: Int { tail.count + 1 }

    func digit(at index: Int) -> UInt64? {
        if index == 0 { return first }
        return index <= tail.count ? tail[index - 1] : nil
    }
}

extension OrderKey: Comparable {
    /// Orders keys as their rules stand in the chain.
    public static func < (left: OrderKey, right: OrderKey) -> Bool {
        if left.first != right.first { return left.first < right.first }
        if left.tail.isEmpty || right.tail.isEmpty { return left.tail.count < right.tail.count }
        return left.tail.lexicographicallyPrecedes(right.tail)
    }
}

extension OrderKey: CustomStringConvertible {
    /// The digits in hexadecimal, a dot between them.
    public var description: String {
        ([first] + tail).map { String($0, radix: 16) }.joined(separator: ".")
    }
}

// MARK: - Bytes

extension OrderKey {
    /// The digits as big-endian bytes, so that `memcmp` (SQLite's order of BLOBs) orders them as
    /// `<` does.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digitCount * 8)
        for index in 0..<digitCount {
            withUnsafeBytes(of: (digit(at: index) ?? 0).bigEndian) { bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    /// Reads back what ``bytes`` gave; `nil` when it is not the spelling of a key.
    public init?(bytes: [UInt8]) {
        guard let key = bytes.withUnsafeBytes({ OrderKey(buffer: $0) }) else { return nil }
        self = key
    }

    /// Reads a key from memory that SQLite owns; `nil` when it is not the spelling of one.
    init?(buffer: UnsafeRawBufferPointer) {
        let count = buffer.count / 8
        guard buffer.count.isMultiple(of: 8), count >= 1, count <= StoreLimits.orderKeyDigits else {
            return nil
        }
        let digits = (0..<count).lazy.map {
            UInt64(bigEndian: buffer.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self))
        }
        guard digits[count - 1] != 0 else { return nil }
        self.init(first: digits[0], tail: count == 1 ? [] : Array(digits.dropFirst()))
    }
}
