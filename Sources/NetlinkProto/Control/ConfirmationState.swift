/// What has come of a version that had to be confirmed.
public struct ConfirmationState: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt8
    /// Wraps a number.
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// It waits.
    public static let open = ConfirmationState(rawValue: 0)
    /// Somebody has confirmed it.
    public static let confirmed = ConfirmationState(rawValue: 1)
    /// It was taken back.
    public static let reverted = ConfirmationState(rawValue: 2)

    /// The name in the schema.
    public var name: String {
        switch self {
        case .open: "open"
        case .confirmed: "confirmed"
        case .reverted: "reverted"
        default: "state \(rawValue)"
        }
    }
}
