import Glibc

/// Users and groups of this host, by name.
///
/// Rules hold numbers: a name is looked up once, when the text is read.
enum Account {
    /// Enough for an entry with a few thousand members.
    private static let bufferBytes = 1 << 18

    /// The number of a user; nil if there is none of this name.
    static func userID(_ name: String) -> UInt32? {
        guard !name.utf8.contains(0) else { return nil }
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: bufferBytes)
        guard getpwnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else {
            return nil
        }
        return entry.pw_uid
    }

    /// The number of a group; nil if there is none of this name.
    static func groupID(_ name: String) -> UInt32? {
        guard !name.utf8.contains(0) else { return nil }
        var entry = group()
        var found: UnsafeMutablePointer<group>?
        var buffer = [CChar](repeating: 0, count: bufferBytes)
        guard getgrnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else {
            return nil
        }
        return entry.gr_gid
    }
}
