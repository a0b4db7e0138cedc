import Glibc
import Synchronization

/// Names of users and groups, as the system's databases have them.
enum UserName {
    /// The name of a user, or its number where it has none.
    ///
    /// Looked up once: each look reads a file or asks a directory server, and the lines of a list have few users.
    static func of(_ uid: UInt32) -> String {
        if let name = known.withLock({ $0[uid] }) { return name }
        let name = nameOrNumber(uid)
        known.withLock { $0[uid] = name }
        return name
    }

    private static let known = Mutex<[UInt32: String]>([:])

    private static func nameOrNumber(_ uid: UInt32) -> String {
        // (uid_t)-1 is nobody's: the process had ended before it could be asked.
        if uid == .max { return "unknown" }
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        return lookUp { buffer in
            guard let start = buffer.baseAddress,
                getpwuid_r(uid, &entry, start, buffer.count, &found) == 0
            else { return nil }
            return found?.pointee.pw_name.map { String(cString: $0) }
        } ?? String(uid)
    }

    /// The name of a group, or its number where it has none.
    static func ofGroup(_ gid: UInt32) -> String {
        var entry = group()
        var found: UnsafeMutablePointer<group>?
        return lookUp { buffer in
            guard let start = buffer.baseAddress,
                getgrgid_r(gid, &entry, start, buffer.count, &found) == 0
            else { return nil }
            return found?.pointee.gr_name.map { String(cString: $0) }
        } ?? String(gid)
    }

    /// The number of the user that is called `name`, or whose number it is.
    static func number(of name: String) -> UInt32? {
        if let number = UInt32(name) { return number }
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        return lookUp { buffer in
            guard let start = buffer.baseAddress,
                getpwnam_r(name, &entry, start, buffer.count, &found) == 0
            else { return nil }
            return found.map { $0.pointee.pw_uid }
        }
    }

    /// The number of the user that is called `name`, or whose number it is.
    ///
    /// - Throws: a usage error if there is none.
    static func requireNumber(of name: String) throws(CommandError) -> UInt32 {
        guard let uid = number(of: name) else {
            throw CommandError(.usage, "there is no user '\(name)'; a uid can be given instead.")
        }
        return uid
    }

    /// Lends `body` room for the strings of one entry; an entry that needs more counts as unknown.
    private static func lookUp<Result>(
        _ body: (UnsafeMutableBufferPointer<CChar>) -> Result?
    ) -> Result? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384, body)
    }
}
