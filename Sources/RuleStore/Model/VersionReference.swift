/// What people call a version: a number, `HEAD`, or a tag, and how many versions before it.
///
/// `12`, `HEAD`, `HEAD~3`, `before-upgrade`, `before-upgrade~`.
public struct VersionReference: Hashable, Sendable {
    /// From where it is counted.
    public enum Base: Hashable, Sendable {
        case number(VersionID)
        case head
        case tag(String)
    }

    /// From where it is counted.
    public var base: Base
    /// How many versions before that.
    public var back: UInt64

    /// Reads a reference; `nil` if the text cannot be one.
    public init?(_ text: String) {
        let parts = text.split(separator: "~", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first.map(String.init), !name.isEmpty else { return nil }
        if parts.count == 2 {
            guard let count = parts[1].isEmpty ? 1 : UInt64(parts[1]), parts[1].first != "+" else {
                return nil
            }
            back = count
        } else {
            back = 0
        }
        if name.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            guard let number = UInt64(name), number <= StoreLimits.number else { return nil }
            base = .number(VersionID(rawValue: number))
        } else if TagName.isHead(name) {
            base = .head
        } else {
            guard TagName.defect(name) == nil else { return nil }
            base = .tag(name)
        }
    }
}

/// The names that versions can be given.
public enum TagName {
    /// The longest, in bytes.
    public static let limitBytes = 128

    /// Says what is wrong with a name; `nil` if it can be given to a version.
    public static func defect(_ name: String) -> String? {
        if name.isEmpty { return "a tag cannot be empty" }
        if name.utf8.count > limitBytes { return "a tag has at most \(limitBytes) bytes" }
        if name.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            return "a tag cannot be a number, because versions are numbered"
        }
        if isHead(name) { return "HEAD is the last version, and cannot be a tag" }
        if let first = name.unicodeScalars.first, "-.+/".unicodeScalars.contains(first) {
            return "a tag cannot begin with '\(first)'"
        }
        if name.hasSuffix(".") || name.hasSuffix("/") || name.contains("..") {
            return "a tag cannot end with '.' or '/', or have '..' in it"
        }
        guard let bad = name.unicodeScalars.first(where: { !isAllowed($0) }) else { return nil }
        let shown = bad.properties.isWhitespace || bad.value < 0x20 ? "blanks" : "'\(bad)'"
        return "a tag cannot have \(shown) in it"
    }

    static func isHead(_ name: String) -> Bool { name.lowercased() == "head" }

    /// Letters and digits of any script, and what file names have; nothing that a shell or `~` could trip over.
    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        "-_./+".unicodeScalars.contains(scalar) || scalar.properties.isAlphabetic
            || scalar.properties.numericType != nil
            || scalar.properties.generalCategory == .nonspacingMark
    }
}

/// A name of a version.
public struct Tag: Hashable, Sendable {
    /// The name.
    public var name: String
    /// The version that has it.
    public var version: VersionID
    /// When it was given.
    public var time: Timestamp
    /// The user who gave it.
    public var uid: UInt32

    /// Makes a tag from all its parts.
    public init(name: String, version: VersionID, time: Timestamp, uid: UInt32) {
        self.name = name
        self.version = version
        self.time = time
        self.uid = uid
    }
}
