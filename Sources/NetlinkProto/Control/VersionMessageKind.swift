/// How a version came to be.
public struct VersionMessageKind: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt8
    /// Wraps a number.
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// By edits.
    public static let edit = VersionMessageKind(rawValue: 0)
    /// By bringing back an older version's content.
    public static let rollback = VersionMessageKind(rawValue: 1)
    /// By a repair at start.
    public static let recovery = VersionMessageKind(rawValue: 2)
    /// By another program.
    public static let foreign = VersionMessageKind(rawValue: 3)
    /// By taking back a version that nobody confirmed.
    public static let revert = VersionMessageKind(rawValue: 4)

    /// The name in the schema.
    public var name: String {
        switch self {
        case .edit: "edit"
        case .rollback: "rollback"
        case .recovery: "recovery"
        case .foreign: "foreign"
        case .revert: "revert"
        default: "kind \(rawValue)"
        }
    }
}
