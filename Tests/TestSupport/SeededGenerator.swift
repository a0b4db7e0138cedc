import Foundation

/// Random numbers that a seed repeats, for property tests.
///
/// The seed is printed; `XT2_SEED=N swift test …` runs the same numbers again.
/// - Source: SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators",
///   2014).
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64
    /// What the numbers grew from.
    public let seed: UInt64

    /// Numbers from this seed.
    public init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    /// Numbers from `XT2_SEED`, or from a new seed; prints it beside the name of the test.
    public init(for test: String = #function) {
        let given = ProcessInfo.processInfo.environment["XT2_SEED"].flatMap { UInt64($0) }
        self.init(seed: given ?? UInt64.random(in: 0...UInt64(UInt32.max)))
        print("\(test): XT2_SEED=\(seed)")
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// So many random bytes.
    public mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &self) }
    }

    /// True once in `count` times on average.
    public mutating func oneIn(_ count: Int) -> Bool {
        Int.random(in: 0..<count, using: &self) == 0
    }
}
