/// 128 bits that stand for some bytes: equal bytes have equal digests, and nobody finds two that are different and share one by chance.
///
/// SipHash-2-4 with 128 bits. Its key is no secret here, so that digests of several programs can be compared.
/// - Source: J.-P. Aumasson, D. J. Bernstein, "SipHash: a fast short-input PRF"; its reference code for 128 bits.
public struct ContentDigest: Hashable, Sendable {
    /// The first half.
    public var high: UInt64
    /// The second half.
    public var low: UInt64

    /// A digest that was computed before.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Computes the digest of `bytes`.
    ///
    /// - Parameter key: sets digests of one kind apart from those of another.
    public init(of bytes: RawSpan, key: ContentDigest = ContentDigest(high: 0, low: 0)) {
        var state = SipState(key)
        let whole = bytes.byteCount & ~7
        var offset = 0
        while offset < whole {
            // The bound was just checked, and every bit pattern is an integer.
            state.take(
                UInt64(
                    littleEndian: bytes.unsafeLoadUnaligned(
                        fromByteOffset: offset, as: UInt64.self)))
            offset += 8
        }
        var last = UInt64(truncatingIfNeeded: bytes.byteCount) << 56
        for index in whole..<bytes.byteCount {
            let byte = bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
            last |= UInt64(byte) << UInt64(8 * (index - whole))
        }
        state.take(last)
        (high, low) = state.finish()
    }

    /// Computes the digest of `bytes`.
    public init(of bytes: [UInt8], key: ContentDigest = ContentDigest(high: 0, low: 0)) {
        self.init(of: bytes.span.bytes, key: key)
    }

    /// Computes the digest of a text's UTF-8.
    public init(of text: String, key: ContentDigest = ContentDigest(high: 0, low: 0)) {
        self.init(of: Array(text.utf8), key: key)
    }
}

extension ContentDigest {
    /// Reads an attribute of 16 bytes.
    init(_ attribute: borrowing Attribute) throws(WireError) {
        let bytes = attribute.payload
        guard bytes.byteCount == 16 else {
            throw attribute.fault(.badLength, "\(bytes.byteCount) bytes where 16 belong")
        }
        self.init(
            high: UInt64(
                bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self)),
            low: UInt64(
                bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }

    /// Writes the digest as an attribute of 16 bytes, the first half first.
    func write(_ type: UInt16, to writer: inout MessageWriter) {
        var bytes: [UInt8] = []
        for word in [high, low] {
            withUnsafeBytes(of: word.bigEndian) { bytes.append(contentsOf: $0) }
        }
        writer.attribute(type, bytes: bytes)
    }
}

/// The four words of SipHash.
private struct SipState {
    private var words: (UInt64, UInt64, UInt64, UInt64)

    init(_ key: ContentDigest) {
        // "somepseudorandomlygeneratedbytes"; the second word is marked for 128 bits.
        words = (
            key.high ^ 0x736f_6d65_7073_6575, key.low ^ 0x646f_7261_6e64_6f6d ^ 0xee,
            key.high ^ 0x6c79_6765_6e65_7261, key.low ^ 0x7465_6462_7974_6573
        )
    }

    @inline(__always)
    mutating func take(_ word: UInt64) {
        words.3 ^= word
        round()
        round()
        words.0 ^= word
    }

    mutating func finish() -> (UInt64, UInt64) {
        words.2 ^= 0xee
        let first = mixed()
        words.1 ^= 0xdd
        return (first, mixed())
    }

    private mutating func mixed() -> UInt64 {
        for _ in 0..<4 { round() }
        return words.0 ^ words.1 ^ words.2 ^ words.3
    }

    @inline(__always)
    private mutating func round() {
        words.0 &+= words.1
        words.1 = rotated(words.1, 13) ^ words.0
        words.0 = rotated(words.0, 32)
        words.2 &+= words.3
        words.3 = rotated(words.3, 16) ^ words.2
        words.0 &+= words.3
        words.3 = rotated(words.3, 21) ^ words.0
        words.2 &+= words.1
        words.1 = rotated(words.1, 17) ^ words.2
        words.2 = rotated(words.2, 32)
    }

    @inline(__always)
    private func rotated(_ word: UInt64, _ count: UInt64) -> UInt64 {
        word &<< count | word &>> (64 &- count)
    }
}
