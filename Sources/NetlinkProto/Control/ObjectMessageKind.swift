/// What kind of object a change is about.
public struct ObjectMessageKind: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt8
    /// Wraps a number.
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// A table.
    public static let table = ObjectMessageKind(rawValue: 1)
    /// A chain.
    public static let chain = ObjectMessageKind(rawValue: 2)
    /// A rule.
    public static let rule = ObjectMessageKind(rawValue: 3)
    /// A set or map.
    public static let set = ObjectMessageKind(rawValue: 4)
    /// An element of a set.
    public static let element = ObjectMessageKind(rawValue: 5)
    /// A stateful object.
    public static let object = ObjectMessageKind(rawValue: 6)
    /// A flowtable.
    public static let flowtable = ObjectMessageKind(rawValue: 7)

    /// The word of nft.
    public var name: String {
        let names = ["", "table", "chain", "rule", "set", "element", "object", "flowtable"]
        return Int(rawValue) < names.count ? names[Int(rawValue)] : "kind \(rawValue)"
    }
}
