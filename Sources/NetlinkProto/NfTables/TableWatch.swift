/// How xt2 treats what others do to a table that they may change, and how it came to have the table.
///
/// - Shape: one byte: ``Policy`` in the low seven bits, ``isAdopted`` in the highest.
public struct TableWatch: Hashable, Sendable {
    /// What becomes of others' changes.
    public enum Policy: UInt8, Hashable, Sendable, CaseIterable {
        /// Each becomes a version.
        case observed = 1
        /// Each is undone at once.
        case enforced = 2
    }

    /// What becomes of others' changes.
    public var policy: Policy
    /// Whether another program made the table: a rollback to the time before xt2 had it leaves it in the kernel.
    public var isAdopted: Bool

    private static let adoptedBit: UInt8 = 0x80

    /// A policy.
    public init(_ policy: Policy, isAdopted: Bool = false) {
        self.policy = policy
        self.isAdopted = isAdopted
    }

    init(_ attribute: borrowing Attribute) throws(WireError) {
        let number = try attribute.uint8()
        guard let policy = Policy(rawValue: number & ~TableWatch.adoptedBit) else {
            throw attribute.fault(.badValue, "\(number) is no policy of a table")
        }
        self.init(policy, isAdopted: number & TableWatch.adoptedBit != 0)
    }

    /// The byte on the wire.
    public var rawValue: UInt8 {
        policy.rawValue | (isAdopted ? TableWatch.adoptedBit : 0)
    }
}
