/// The lasting number of one object of the ruleset; for a rule, the rule id that users see.
///
/// It is given once and never to another object. An object that a rollback brings back has its old
/// id.
/// - Limits: 1 through 2^63 - 1.
public struct ObjectID: RawRepresentable, Hashable, Comparable, Sendable {
    /// The number itself.
    public let rawValue: UInt64

    /// Makes the object id `rawValue`.
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// The id that a new store gives to its first object.
    public static let first = ObjectID(rawValue: 1)

    /// The id after this one.
    public var next: ObjectID { ObjectID(rawValue: rawValue + 1) }

    /// Orders ids by when they were given, the oldest first.
    public static func < (left: ObjectID, right: ObjectID) -> Bool {
        left.rawValue < right.rawValue
    }
}

extension ObjectID {
    /// Mixes the number itself, several times faster than the hasher for anything would.
    ///
    /// Why that is safe: ids are given out one after the other, so that nobody can choose some that fall together.
    public func _rawHashValue(seed: Int) -> Int {
        Self.mix(rawValue ^ UInt64(truncatingIfNeeded: seed))
    }

    /// A number of which each bit depends on all bits of another.
    ///
    /// - Source: the finaliser of MurmurHash3 for 64 bits.
    static func mix(_ number: UInt64) -> Int {
        var mixed = number
        mixed = (mixed ^ (mixed >> 33)) &* 0xff51_afd7_ed55_8ccd
        mixed = (mixed ^ (mixed >> 33)) &* 0xc4ce_b9fe_1a85_ec53
        return Int(truncatingIfNeeded: mixed ^ (mixed >> 33))
    }
}

extension ObjectID: CustomStringConvertible {
    /// The number in decimal.
    public var description: String { String(rawValue) }
}
