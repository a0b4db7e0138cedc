/// Why bytes could not be read as, or written to, a netlink message.
///
/// Thrown by everything in this module that looks at bytes from outside. It never carries the bytes
/// themselves, so it may be logged.
public struct WireError: Error, Hashable, Sendable {
    /// What kind of damage was found; open, so that a later version may add one.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// A few words for people.
        public let rawValue: String
        /// Wraps a name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The bytes end before the structure does.
        public static let truncated = Code(rawValue: "truncated")
        /// A length field is smaller than its own header, or larger than what holds it.
        public static let badLength = Code(rawValue: "bad length")
        /// A value does not fit the field that was to hold it, or has the wrong size.
        public static let badValue = Code(rawValue: "bad value")
        /// Attributes are nested deeper than ``WireLimits/nestingDepth``.
        public static let tooDeep = Code(rawValue: "nested too deep")
        /// A required attribute is not there.
        public static let missingAttribute = Code(rawValue: "missing attribute")
        /// Something is larger than its limit.
        public static let tooLarge = Code(rawValue: "too large")
        /// A typed decoder met something that it does not know.
        public static let unrecognised = Code(rawValue: "unrecognised")
    }

    /// What kind of damage was found.
    public var code: Code
    /// What was expected and what was found, as a sentence part for people.
    public var message: String
    /// Bytes from the start of the message to the attribute at fault, where known.
    public var offset: Int?
    /// Names from the outermost attribute to the one at fault, such as `EXPRESSIONS`, `2`, `DATA`.
    public var path: [String]

    /// Describes one fault; `offset` counts bytes from the start of the message.
    public init(_ code: Code, _ message: String, offset: Int? = nil, path: [String] = []) {
        self.code = code
        self.message = message
        self.offset = offset
        self.path = path
    }

    /// The same error, seen from one attribute further out.
    public func inside(_ name: String) -> WireError {
        WireError(code, message, offset: offset, path: [name] + path)
    }
}

extension WireError: CustomStringConvertible {
    /// The path, the kind of damage, what was found, and where.
    public var description: String {
        var text = path.isEmpty ? "" : path.joined(separator: "/") + ": "
        text += "\(code.rawValue): \(message)"
        if let offset { text += " (at byte \(offset))" }
        return text
    }
}
