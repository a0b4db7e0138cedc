/// Why a change does not fit the ruleset that it was applied to.
public struct RulesetError: Error, Hashable, Sendable {
    /// What is wrong; open, so that a later version may add one.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// The word for it.
        public let rawValue: String

        /// Makes the code `rawValue`.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The object, or its parent, is not there.
        public static let noSuchObject = Code(rawValue: "no such object")
        /// The id, name, place or key is taken.
        public static let exists = Code(rawValue: "exists")
        /// The object is not what the change says it was.
        public static let differs = Code(rawValue: "differs")
        /// The object still has rules, chains, elements … of its own.
        public static let notEmpty = Code(rawValue: "not empty")
        /// The object is against its kind or a limit, or the change alters what cannot be altered.
        public static let malformed = Code(rawValue: "malformed")
    }

    /// What is wrong.
    public let code: Code
    /// The object that the change is about.
    public let object: ObjectID
    /// What was found, naming the object.
    public let message: String

    init(_ code: Code, _ object: StoredObject, _ what: String) {
        self.code = code
        self.object = object.id
        let name = object.name.isEmpty ? "" : " \"\(object.name)\""
        self.message = "\(object.kind)\(name) (id \(object.id)): \(what)"
    }
}

extension RulesetError: CustomStringConvertible {
    /// The message.
    public var description: String { message }
}
