/// What happens to packets that reach the end of a base chain.
public struct ChainPolicy: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt32
    /// Wraps a number.
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// `NF_DROP`.
    public static let drop = ChainPolicy(rawValue: 0)
    /// `NF_ACCEPT`.
    public static let accept = ChainPolicy(rawValue: 1)
}
