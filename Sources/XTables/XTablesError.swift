/// Why libxtables, or one of its extensions, refused something.
public struct XTablesError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The extension's own words, without line ends.
    public var message: String
    /// What iptables would have ended with: 1 another problem, 2 a wrong parameter, 3 a wrong version, 4 no resources.
    public var status: Int32

    /// An error with this text.
    public init(_ message: String, status: Int32 = 2) {
        self.message = message
        self.status = status
    }

    /// The message.
    public var description: String { message }
}
