import Glibc
import IPTables
import NetlinkProto
import Synchronization
import XTables

/// Which revisions of xt extensions the kernel has, by way of the daemon.
///
/// Why the daemon: the kernel answers only those who may change its rules.
final class KernelRevisions: Sendable {
    private struct Connection: ~Copyable {
        var client: Client?
        var isGone = false
    }

    private let path: SocketPath
    private let connection = Mutex(Connection())

    /// Asks the daemon at `path`, once the first question comes.
    init(_ path: SocketPath) {
        self.path = path
    }

    /// The extensions that the kernel has, for rule text.
    static func extensions(_ path: SocketPath) -> LibraryExtensions {
        let revisions = KernelRevisions(path)
        return LibraryExtensions { revisions.answer($0) }
    }

    /// 0 if the kernel has the revision, else a positive error number; EPERM if there is nobody to ask.
    func answer(_ query: RevisionQuery) -> Int32 {
        connection.withLock { connection in
            guard !connection.isGone else { return EPERM }
            do throws(CommandError) {
                if connection.client == nil { connection.client = try path.open() }
                return try connection.client?.compat(CompatMessage(query)) ?? EPERM
            } catch {
                connection.isGone = true
                return EPERM
            }
        }
    }
}

extension CompatMessage {
    fileprivate init(_ query: RevisionQuery) {
        self.init(
            family: Family(rawValue: query.family), name: query.name,
            revision: UInt32(query.revision), isTarget: query.kind == .target)
    }
}

extension Client {
    /// Asks whether the kernel has a revision of an extension: 0, or why not as a positive error number.
    ///
    /// - Throws: why the daemon's reply cannot be had.
    fileprivate mutating func compat(_ query: CompatMessage) throws(CommandError) -> Int32 {
        var writer = MessageWriter()
        query.write(
            MessageHeader(
                type: .getCompat, flags: [.request, .acknowledge], sequence: takeSequence()),
            to: &writer)
        return try exchange(writer) { _ in }.errno
    }
}
