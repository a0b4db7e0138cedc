import CXTables
import Synchronization

/// The extensions of iptables, as libxtables has them: they read and write the structures of the kernel's xt modules.
///
/// The library is opened at run time; nothing of it is linked. Its state is global, so one lock is held around each use,
/// whatever the number of these objects. An extension that gives up, exits or prints is contained: it becomes an
/// ``XTablesError``, or text. Only the command line and tests open it; the daemon, which is root, does not.
/// - Source: iptables `include/xtables.h`, Debian package libxtables-dev.
public final class XTables: Sendable {
    /// There is one library.
    private static let library = Mutex<Void>(())

    private let revisions: Mutex<RevisionCache>

    /// Opens the library.
    ///
    /// The extensions come from the folder that `XTABLES_LIBDIR` names, else from the one that the library was built for.
    /// - Parameter revisions: asks the kernel which revisions of an extension it has.
    /// - Throws: ``XTablesError`` that names Debian's package if it is not installed.
    public init(revisions: @escaping RevisionAnswer) throws(XTablesError) {
        let failure = XTables.library.withLock { _ in cxt_open().map { String(cString: $0) } }
        if let failure {
            throw XTablesError(
                "iptables' extensions need libxtables, which cannot be opened; Debian has it in the package libxtables12"
                    + " (it comes with iptables): \(failure)", status: 1)
        }
        self.revisions = Mutex(RevisionCache(revisions))
    }

    /// Runs `body` with the library to itself, for one family (`NFPROTO_IPV4` or `NFPROTO_IPV6`).
    ///
    /// Must not be called from within `body`.
    public func use<Result, Failure: Error>(
        family: UInt8, _ body: (XTablesSession) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // The lock's closure must not fail in its own way, so the outcome is carried out of it.
        var outcome: Swift.Result<Result, Failure>?
        XTables.library.withLock { _ in
            revisions.withLock { cache in
                let context = Unmanaged.passUnretained(cache).toOpaque()
                cxt_enter(family, answerRevision, context)
                outcome = Swift.Result { () throws(Failure) in try body(XTablesSession()) }
                cxt_leave()
            }
        }
        guard let outcome else { preconditionFailure("the lock runs its closure once") }
        return try outcome.get()
    }
}

/// libxtables asks about a revision.
private let answerRevision: cxt_query = { context, family, isTarget, name, revision in
    guard let context, let name else { return 0 }
    let cache = Unmanaged<RevisionCache>.fromOpaque(context).takeUnretainedValue()
    return cache.answer(
        RevisionQuery(
            family: family, kind: isTarget ? .target : .match, name: String(cString: name),
            revision: revision))
}
