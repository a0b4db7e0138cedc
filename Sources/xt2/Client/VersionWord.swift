import ArgumentParser
import NetlinkProto

/// A version as it is typed: a number, `HEAD`, `HEAD~3`, or a tag.
struct VersionWord: Hashable, ExpressibleByArgument, CustomStringConvertible {
    /// As it was typed.
    var description: String

    /// Takes any word; the daemon knows which of them are versions.
    init?(argument: String) {
        guard !argument.isEmpty else { return nil }
        description = argument
    }

    /// The last version.
    static let head = VersionWord(description: "HEAD")

    private init(description: String) {
        self.description = description
    }

    /// The number, if it is one.
    var number: UInt64? { UInt64(description) }

    /// What the options that take a version say about it.
    static let help = "A version number, HEAD, HEAD~3, or a tag; see 'xt2 log'."
}

extension Client {
    /// The number of a version; asks the daemon unless it is one already.
    ///
    /// - Throws: what the daemon refused: there is no such tag or version.
    mutating func number(of word: VersionWord) throws(CommandError) -> UInt64 {
        if let number = word.number { return number }
        return try resolve(ReferenceMessage(name: word.description))
    }

    /// The number of the version that was the head at a moment.
    mutating func number(at moment: Moment) throws(CommandError) -> UInt64 {
        try resolve(ReferenceMessage(time: moment.microseconds))
    }

    private mutating func resolve(_ reference: ReferenceMessage) throws(CommandError) -> UInt64 {
        let found = try one(.getReference, reference, .newReference, ReferenceMessage.self)
        guard let version = found.version else {
            throw CommandError(
                WireError(.missingAttribute, "no version in the reply to get-reference"))
        }
        return version
    }
}
