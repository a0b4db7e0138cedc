import Glibc
import NetlinkProto
import Synchronization
import XTables

/// Answers libxtables' question which revisions of its extensions the kernel has, by asking xt2d.
final class CompatRevisions: Sendable {
    private enum State: ~Copyable {
        case unconnected
        case connected(CompatClient)
        case lost
    }

    private let state = Mutex(State.unconnected)

    /// 0 if the kernel has it, else an errno.
    ///
    /// Without a daemon every revision is taken for there: the command itself will say what is the matter.
    @Sendable func answer(_ query: RevisionQuery) -> Int32 {
        state.withLock { state in
            do throws(CompatError) {
                var client: CompatClient
                switch consume state {
                case .connected(let open): client = open
                case .unconnected: client = try CompatClient()
                case .lost:
                    state = .lost
                    return 0
                }
                let errno = try client.revision(
                    CompatMessage(
                        family: Family(rawValue: query.family), name: query.name,
                        revision: UInt32(query.revision), isTarget: query.kind == .target))
                state = .connected(client)
                return [ENOENT, EPROTONOSUPPORT].contains(errno) ? errno : 0
            } catch {
                state = .lost
                return 0
            }
        }
    }
}
