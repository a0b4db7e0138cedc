import Glibc

/// Somebody to whom a right is given.
enum Principal: Hashable, Sendable {
    /// Whoever can connect.
    case everyone
    /// The user with this uid.
    case user(UInt32)
    /// Whoever has this gid as primary or supplementary group.
    case group(UInt32)

    /// Reads `NAME`, `UID`, `@GROUP`, `@GID` or `*`.
    ///
    /// - Throws: ``AccountError`` if the system knows no such user or group.
    init(_ word: some StringProtocol) throws(AccountError) {
        if word == "*" {
            self = .everyone
        } else if word.hasPrefix("@") {
            self = .group(try Account.gid(of: String(word.dropFirst())))
        } else {
            self = .user(try Account.uid(of: String(word)))
        }
    }
}

/// A user or group that there is not.
struct AccountError: Error {
    let message: String
}

/// Looks users and groups up by name.
enum Account {
    /// The number of a user, given by name or number.
    static func uid(of name: String) throws(AccountError) -> UInt32 {
        if let number = UInt32(name), number != .max { return number }
        guard let entry = getpwnam(name) else {
            throw AccountError(message: "there is no user '\(name)'")
        }
        return entry.pointee.pw_uid
    }

    /// The number of a group, given by name or number.
    static func gid(of name: String) throws(AccountError) -> UInt32 {
        if let number = UInt32(name), number != .max { return number }
        guard let number = gid(named: name) else {
            throw AccountError(message: "there is no group '\(name)'")
        }
        return number
    }

    /// The number of the group with this name; nil if there is none.
    static func gid(named name: String) -> UInt32? {
        getgrnam(name)?.pointee.gr_gid
    }
}
