/// A moment: microseconds since 1970-01-01 00:00 UTC.
public struct Timestamp: RawRepresentable, Hashable, Comparable, Sendable {
    /// Microseconds since 1970-01-01 00:00 UTC.
    public let rawValue: Int64

    /// Makes the moment `rawValue` microseconds after 1970-01-01 00:00 UTC.
    public init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// Orders moments, the earliest first.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.rawValue < right.rawValue
    }
}
