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

extension ObjectID: CustomStringConvertible {
    /// The number in decimal.
    public var description: String { String(rawValue) }
}
