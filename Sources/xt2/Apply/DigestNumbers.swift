import NetlinkProto

/// Numbers that digests have.
///
/// Why not a dictionary: a digest is as good as a hash and need not be hashed a second time, and there are three look-ups for
/// each rule of a file. Open addressing with linear probing, at most half full.
struct DigestNumbers {
    private var digests: [ContentDigest]
    /// Of the digest in the same slot; below zero, there is none.
    private var numbers: [Int]
    /// How many digests have one.
    private(set) var count = 0
    // Nobody can choose rules that all belong into one slot.
    private let factor = UInt64.random(in: .min ... .max) | 1

    /// None; with room for so many.
    init(capacity: Int) {
        let slots = DigestNumbers.slots(for: capacity)
        digests = Array(repeating: ContentDigest(high: 0, low: 0), count: slots)
        numbers = Array(repeating: -1, count: slots)
    }

    private static func slots(for count: Int) -> Int {
        var slots = 16
        while slots < count * 2 { slots *= 2 }
        return slots
    }

    /// The number of a digest, from 0; nil if it has none.
    subscript(digest: ContentDigest) -> Int? {
        let number = numbers[slot(of: digest)]
        return number < 0 ? nil : number
    }

    /// Gives a digest a number, from 0, in place of the one that it may have.
    mutating func set(_ number: Int, of digest: ContentDigest) {
        if (count + 1) * 2 > numbers.count { grow() }
        put(digest, number)
    }

    private mutating func put(_ digest: ContentDigest, _ number: Int) {
        let slot = slot(of: digest)
        if numbers[slot] < 0 { count += 1 }
        digests[slot] = digest
        numbers[slot] = number
    }

    /// Where a digest is, or belongs.
    private func slot(of digest: ContentDigest) -> Int {
        let mask = numbers.count - 1
        // The upper bits depend on all of the product's.
        var slot = Int(truncatingIfNeeded: (digest.low &* factor) >> 32) & mask
        while numbers[slot] >= 0 && digests[slot] != digest { slot = (slot + 1) & mask }
        return slot
    }

    private mutating func grow() {
        var larger = DigestNumbers(capacity: numbers.count)
        for (digest, number) in zip(digests, numbers) where number >= 0 {
            larger.put(digest, number)
        }
        self = larger
    }
}
