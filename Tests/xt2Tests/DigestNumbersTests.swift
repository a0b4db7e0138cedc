import NetlinkProto
import TestSupport
import Testing

@testable import xt2

@Suite struct DigestNumbersTests {
    /// A dictionary is the oracle; the halves of the digests are few, so that many belong into one slot.
    @Test func itIsADictionary() {
        var generator = SeededGenerator()
        for capacity in [0, 1, 100, 1_000] {
            var numbers = DigestNumbers(capacity: capacity)
            var oracle: [ContentDigest: Int] = [:]
            for _ in 0..<2_000 {
                let digest = ContentDigest(
                    high: UInt64.random(in: 0..<64, using: &generator),
                    low: UInt64.random(in: 0..<16, using: &generator))
                #expect(numbers[digest] == oracle[digest])
                if Int.random(in: 0..<3, using: &generator) == 0 {
                    let number = oracle[digest] ?? oracle.count
                    #expect(numbers.number(of: digest) == number)
                    oracle[digest] = number
                } else if Bool.random(using: &generator) {
                    let number = Int.random(in: 0..<1_000, using: &generator)
                    numbers.set(number, of: digest)
                    oracle[digest] = number
                }
                #expect(numbers.count == oracle.count)
            }
            for (digest, number) in oracle { #expect(numbers[digest] == number) }
        }
    }
}
