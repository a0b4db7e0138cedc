/// The number of a committed ruleset: 1, 2, 3 …; 0 stands for the empty ruleset before the first.
public struct VersionID: RawRepresentable, Hashable, Comparable, Sendable {
    /// The number itself.
    public let rawValue: UInt64

    /// Makes the version number `rawValue`.
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// The empty ruleset that every store begins with; no version row stands for it.
    public static let empty = VersionID(rawValue: 0)

    /// The version that is made on top of this one.
    public var next: VersionID { VersionID(rawValue: rawValue + 1) }

    /// Orders versions by age, the oldest first.
    public static func < (left: VersionID, right: VersionID) -> Bool {
        left.rawValue < right.rawValue
    }
}

extension VersionID: CustomStringConvertible {
    /// The number in decimal.
    public var description: String { String(rawValue) }
}
