/// What a rule says to one xt extension of the kernel.
public struct ExtensionInfo: Hashable, Sendable {
    /// What the kernel calls it, such as `hashlimit` or `TPROXY`.
    public var name: String
    /// Which of the extension's structures this is.
    public var revision: UInt8
    /// The structure, as the kernel takes it.
    public var info: [UInt8]

    /// An extension with its structure.
    public init(name: String, revision: UInt8, info: [UInt8]) {
        self.name = name
        self.revision = revision
        self.info = info
    }
}

/// Whether an extension tests a packet or does something with it.
public enum ExtensionKind: Hashable, Sendable {
    /// `-m NAME`.
    case match
    /// `-j NAME`.
    case target
}
