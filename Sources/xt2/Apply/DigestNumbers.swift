import NetlinkProto

/// Numbers that digests have.
///
/// Why not a dictionary: a digest is as good as a hash and need not be hashed a second time, and each rule of a large file is
/// looked up. Open addressing with linear probing, at most half full.
struct DigestNumbers {
    private var digests: [ContentDigest]
    /// Of the digest in the same slot; below zero, there is none.
    private var numbers: [Int]
    /// How many digests have one.
    private(set) var count = 0
    /// How many bits of a product are no part of the number of a slot.
    private let shift: Int
    // Nobody can choose rules that all belong into one slot.
    private let factor = UInt64.random(in: .min ... .max) | 1

    /// None; with room for so many.
    init(capacity: Int) {
        var bits = 4
        while 1 << bits < capacity * 2 { bits += 1 }
        digests = Array(repeating: ContentDigest(high: 0, low: 0), count: 1 << bits)
        numbers = Array(repeating: -1, count: 1 << bits)
        shift = 64 - bits
    }

    /// The number of a digest, from 0; nil if it has none.
    subscript(digest: ContentDigest) -> Int? {
        let number = numbers[slot(of: digest)]
        return number < 0 ? nil : number
    }

    /// The number of a digest; one that has none gets the next.
    mutating func number(of digest: ContentDigest) -> Int {
        let slot = slot(of: digest)
        if numbers[slot] >= 0 { return numbers[slot] }
        let number = count
        put(digest, number, in: slot)
        return number
    }

    /// Gives a digest a number, from 0, in place of the one that it may have.
    mutating func set(_ number: Int, of digest: ContentDigest) {
        put(digest, number, in: slot(of: digest))
    }

    private mutating func put(_ digest: ContentDigest, _ number: Int, in slot: Int) {
        if numbers[slot] < 0 { count += 1 }
        digests[slot] = digest
        numbers[slot] = number
        if count * 2 > numbers.count { grow() }
    }

    /// Where a digest is, or belongs: the upper bits of a product depend on all of its factors'.
    private func slot(of digest: ContentDigest) -> Int {
        var slot = Int(truncatingIfNeeded: (digest.low &* factor) >> shift)
        while numbers[slot] >= 0 && digests[slot] != digest {
            slot = (slot + 1) & (numbers.count - 1)
        }
        return slot
    }

    private mutating func grow() {
        var larger = DigestNumbers(capacity: numbers.count)
        for (digest, number) in zip(digests, numbers) where number >= 0 {
            larger.set(number, of: digest)
        }
        self = larger
    }
}
